"""What stands above a luminaire's programme."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.commands import Action, Emergency, Held, LockOut, Override, Refusal, Resume, SelfTest, Unlock
from rules.held import LOCKED_FOR, after, after_failure, at_a_level, in_force, obstacle

NOW = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)
DIMMED = Override(level=40, until=NOW + timedelta(hours=1))
LIGHT = Emergency(until=NOW + timedelta(hours=2))
DARK = LockOut()
ALL = Held(DARK, LIGHT, DIMMED)

ACTIONS = st.sampled_from([DIMMED, LIGHT, DARK, Resume(), Unlock(), SelfTest()])
HOLDINGS = st.builds(
    Held,
    st.sampled_from([None, DARK]),
    st.sampled_from([None, LIGHT]),
    st.sampled_from([None, DIMMED]),
    st.sampled_from([None, Override(level=25, until=NOW + timedelta(seconds=30))]),
)


@pytest.mark.parametrize(
    ("action", "left"),
    [
        (Resume(), Held(lock_out=DARK)),
        (Unlock(), Held(emergency=LIGHT, override=DIMMED)),
        (SelfTest(), ALL),
    ],
)
def test_each_action_ends_its_own_rungs_and_no_other(action: Action, left: Held) -> None:
    assert after(ALL, action) == left


def test_a_lock_out_that_was_not_confirmed_stays_and_nothing_else_does() -> None:
    assert after_failure(Held(override=DIMMED), DARK) == Held(lock_out=DARK, override=DIMMED)
    assert after_failure(Held(override=DIMMED), LIGHT) == Held(override=DIMMED)
    assert after_failure(Held(lock_out=DARK), Unlock()) == Held(lock_out=DARK), "a lamp that may be dark stays so"


@pytest.mark.parametrize(
    ("held", "action", "refusal"),
    [
        (Held(lock_out=DARK), LIGHT, Refusal.LOCKED_OUT),
        (Held(lock_out=DARK), Resume(), Refusal.LOCKED_OUT),
        (Held(lock_out=DARK), DARK, None),
        (Held(lock_out=DARK), Unlock(), None),
        (Held(emergency=LIGHT), DIMMED, Refusal.IN_EMERGENCY),
        (Held(emergency=LIGHT), Resume(), None),
        (Held(emergency=LIGHT), DARK, None),
        (Held(override=DIMMED), SelfTest(), Refusal.HELD_BY_HAND),
        (Held(override=DIMMED), LIGHT, None),
    ],
)
def test_what_would_have_no_effect_is_not_let_through(held: Held, action: Action, refusal: Refusal | None) -> None:
    assert obstacle(held, action) is refusal


def test_a_controller_is_told_the_strongest_with_an_end_by_its_own_clock() -> None:
    assert at_a_level(ALL, NOW) == Override(level=0, until=NOW + LOCKED_FOR)
    assert at_a_level(Held(emergency=LIGHT, override=DIMMED), NOW) == Override(level=100, until=LIGHT.until)
    assert at_a_level(Held(emergency=LIGHT), LIGHT.until) is None
    assert at_a_level(Held(), NOW) is None


@settings(max_examples=100)
@given(HOLDINGS, ACTIONS)
def test_what_is_let_through_is_what_the_light_goes_by_and_survives_no_end(held: Held, action: Action) -> None:
    then = after(held, action)
    told = at_a_level(then, NOW)
    if obstacle(held, action) is None and isinstance(action, Override | Emergency):
        assert told == Override(level=action.level, until=action.until)
    if then.lock_out is not None:
        assert told is not None
        assert told.level == 0
    late = in_force(then, NOW + timedelta(hours=24))
    assert (late.emergency, late.override, late.lock_out) == (None, None, then.lock_out)
