"""One word for each lamp on the map."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.lamp_state import LampState, displayed, is_as_planned, reached

STALE = 900.0
OK = 8 + 1  # comms ok, on

levels = st.none() | st.floats(0, 100)
some_values = st.none() | st.fixed_dictionaries(
    {}, optional={"actual_level": levels, "status_bits": st.none() | st.integers(0, 63), "active_power": levels}
)


def lamp(
    level: float | None, planned: float | None = None, fault: bool = False, plan_age: float = math.inf
) -> LampState:
    return displayed({"actual_level": level, "status_bits": OK}, 10, planned, fault, STALE, plan_age)


def test_the_numbers_are_those_of_the_live_map() -> None:
    assert {state.name.lower(): int(state) for state in LampState} == {
        "unknown": 0,
        "off": 1,
        "on": 2,
        "dimmed": 3,
        "fault": 4,
        "no_contact": 5,
        "warning": 6,
    }


@pytest.mark.parametrize(
    ("level", "state"),
    [
        (0, LampState.OFF),
        (0.5, LampState.OFF),
        (1, LampState.DIMMED),
        (50, LampState.DIMMED),
        (94.5, LampState.DIMMED),
        (95, LampState.ON),
        (100, LampState.ON),
        (None, LampState.UNKNOWN),
    ],
)
def test_off_dimmed_and_on_are_told_by_the_level(level: float | None, state: LampState) -> None:
    assert lamp(level) is state
    assert lamp(level, planned=level) is state


def test_a_lamp_that_was_never_read_is_unknown() -> None:
    assert displayed(None, None, 100, True, STALE) is LampState.UNKNOWN


def test_a_lamp_that_was_not_read_for_long_has_no_contact() -> None:
    assert displayed({"actual_level": 100}, STALE, 100, False, STALE) is LampState.ON
    assert displayed({"actual_level": 100}, STALE + 1, 100, True, STALE) is LampState.NO_CONTACT


def test_a_lamp_whose_node_does_not_answer_has_no_contact() -> None:
    assert displayed({"actual_level": None, "status_bits": None}, 10, 100, False, STALE) is LampState.NO_CONTACT
    assert displayed({"actual_level": 100, "status_bits": 1}, 10, 100, False, STALE) is LampState.NO_CONTACT


def test_a_lamp_with_an_open_fault_shows_it_lit_or_not() -> None:
    assert lamp(100, planned=100, fault=True) is LampState.FAULT
    assert lamp(0, planned=100, fault=True) is LampState.FAULT


@pytest.mark.parametrize(
    ("level", "planned", "state"),
    [
        (100, 0, LampState.WARNING),  # burns by day
        (5, 0, LampState.WARNING),
        (0.5, 0, LampState.OFF),
        (0, 100, LampState.WARNING),  # dark by night
        (0, 5, LampState.WARNING),
        (60, 50, LampState.DIMMED),
        (60.5, 50, LampState.WARNING),
        (39.5, 50, LampState.WARNING),
        (100, None, LampState.ON),
        (None, 100, LampState.UNKNOWN),
    ],
)
def test_a_lamp_that_differs_from_its_plan_is_a_warning(
    level: float | None, planned: float | None, state: LampState
) -> None:
    assert lamp(level, planned) is state


def test_a_lamp_has_a_minute_to_follow_its_plan() -> None:
    assert lamp(0, planned=100, plan_age=69) is LampState.OFF  # read 10 s ago, 59 s after the change
    assert lamp(0, planned=100, plan_age=70) is LampState.WARNING


def test_a_level_that_was_read_before_the_plan_changed_is_no_warning() -> None:
    old = {"actual_level": 0.0, "status_bits": float(OK)}
    assert displayed(old, 300, 100, False, STALE, plan_age_s=200) is LampState.OFF


@given(some_values, st.none() | st.floats(0, 10_000), levels, st.booleans(), st.floats(0, 10_000))
def test_every_lamp_has_one_word(
    values: dict[str, float | None] | None, age: float | None, planned: float | None, fault: bool, plan_age: float
) -> None:
    state = displayed(values, age, planned, fault, STALE, plan_age)
    if values is None or age is None:
        assert state is LampState.UNKNOWN
    elif age > STALE:
        assert state is LampState.NO_CONTACT
    elif state not in (LampState.NO_CONTACT, LampState.FAULT):
        assert not fault


@given(st.floats(0, 100), st.floats(0, 100))
def test_as_planned_needs_both_to_be_lit_or_both_dark(level: float, planned: float) -> None:
    if is_as_planned(level, planned):
        assert (level >= 1) == (planned >= 1)
        assert abs(level - planned) <= 10


def test_what_is_not_known_is_neither_as_planned_nor_not() -> None:
    assert is_as_planned(None, 50) is None
    assert is_as_planned(50, None) is None


@pytest.mark.parametrize(
    ("actual", "commanded", "is_there"),
    [
        (80, 80, True),
        (79.5, 80, True),
        (79.4, 80, False),
        (0.5, 1, True),
        (101, 100, True),
        (0, 0, True),
        (0.4, 0, False),
        (math.nan, 0, False),
    ],
)
def test_a_command_is_confirmed_at_the_last_step_of_its_fade_but_off_only_at_nought(
    actual: float, commanded: float, is_there: bool
) -> None:
    assert reached(actual, commanded) is is_there
