"""What numpy decides for a city is what the plain rule decides for each lamp."""

from dataclasses import asdict, replace
from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from protocols.inventory import LuminaireType
from rules import fleet_lamp_out, lamp_out
from rules.alarms import Event
from rules.expected_power import expected_power
from rules.fleet_expected_power import Curves
from rules.fleet_lamp_out import NEVER, Observations, States
from rules.fleet_lamp_state import Seen, displayed
from rules.lamp_out import Change, Observation, State
from rules.lamp_state import displayed as displayed_alone

RULE = lamp_out.library()["lamp_out"]
HASTY = RULE.model_copy(update={"hold": timedelta(seconds=0), "min_samples": 1, "clear_after": timedelta(seconds=0)})

percents = st.sampled_from([0.0, 0.5, 1.0, 9.5, 10.0, 50.0, 94.9, 95.0, 100.0]) | st.floats(0, 100)
watts = st.sampled_from([0.0, 0.4, 8.0, 8.2, 20.0, 41.0]) | st.floats(-1e6, 1e6)
rising = st.lists(percents, min_size=2, max_size=6, unique=True).map(sorted)


@st.composite
def curves(draw: st.DrawFn) -> list[tuple[float, float]]:
    levels = draw(rising)
    return [(level, draw(st.floats(0, 1000))) for level in levels]


def floats(values: list[float | None]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


@given(st.lists(curves(), min_size=1, max_size=4), st.lists(st.tuples(st.integers(0, 3), percents), max_size=20))
def test_expected_powers_are_those_of_each_lamp(
    known: list[list[tuple[float, float]]], lamps: list[tuple[int, float]]
) -> None:
    types = [kind % len(known) for kind, _ in lamps]
    found = Curves(known).expected(np.array(types, dtype=np.int64), floats([level for _, level in lamps]))
    alone = [expected_power(known[kind], level) for kind, (_, level) in zip(types, lamps, strict=True)]
    assert found.tolist() == alone


def test_at_a_level_that_nobody_knows_no_power_is_expected() -> None:
    assert np.isnan(Curves([((0, 1), (100, 100))]).expected(np.array([0]), floats([None]))).all()


observations = st.builds(
    Observation,
    at=st.integers(0, 40).map(lambda minutes: minutes * 60),
    level=st.none() | percents,
    active_power=st.none() | watts,
    voltage=st.none() | st.sampled_from([0.0, 49.9, 50.0, 230.0]),
    expected_power=st.none() | st.sampled_from([0.0, 4.0, 41.0]),
    warm_up_s=st.sampled_from([0.0, 60.0, 180.0]),
)


def columns(seen: list[Observation]) -> Observations:
    return Observations(
        np.array([o.at for o in seen], dtype=np.int64),
        floats([o.level for o in seen]),
        floats([o.active_power for o in seen]),
        floats([o.voltage for o in seen]),
        floats([o.expected_power for o in seen]),
        floats([o.warm_up_s for o in seen]),
    )


def alone(states: States, lamp: int) -> State:
    """One lamp's state in the plain rule's form."""
    plain = {name: column[lamp].item() for name, column in asdict(states).items()}
    moments = {name: None if plain[name] == NEVER else plain[name] for name in ("at", "lit_since", "counted_at")}
    return State(**{**plain, **moments})


@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(observations, min_size=n, max_size=n), max_size=25)),
    st.sampled_from([RULE, HASTY]),
)
def test_lamps_that_are_out_are_found_as_one_after_the_other(
    rounds: list[list[Observation]], rule: lamp_out.LampOut
) -> None:
    lamps = len(rounds[0]) if rounds else 0
    states, plain = fleet_lamp_out.new(lamps), [State()] * lamps
    for seen in rounds:
        states, changes = fleet_lamp_out.step(states, columns(seen), rule)
        stepped = [lamp_out.step(state, observation, rule) for state, observation in zip(plain, seen, strict=True)]
        plain = [state for state, _ in stepped]
        assert [alone(states, lamp) for lamp in range(lamps)] == plain
        assert changes.tolist() == [_number(change) for _, change in stepped]
        assert all(change is None or change.at == o.at for (_, change), o in zip(stepped, seen, strict=True))


def _number(change: Change | None) -> int:
    if change is None:
        return fleet_lamp_out.NO_CHANGE
    return fleet_lamp_out.RAISED if change.event is Event.RAISED else fleet_lamp_out.RETURNED


@given(st.lists(observations, min_size=1, max_size=10))
def test_a_healthy_lamp_keeps_its_state_while_its_neighbour_fails(seen: list[Observation]) -> None:
    states = fleet_lamp_out.new(2)
    well = replace(seen[0], at=0, level=100.0, active_power=41.0, voltage=230.0, expected_power=41.0, warm_up_s=0.0)
    for n, observation in enumerate(sorted(seen, key=lambda o: o.at)):
        states, changes = fleet_lamp_out.step(states, columns([observation, replace(well, at=n)]), RULE)
        assert changes[1] == fleet_lamp_out.NO_CHANGE


types = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "actual_level": st.none() | percents,
        "status_bits": st.none() | st.integers(0, 63).map(float) | st.floats(-1e18, 1e18),
        "active_power": st.none() | watts,
    },
)
ages = st.sampled_from([0.0, 59.0, 60.0, 900.0, 901.0]) | st.floats(-100, 10_000)


@given(st.lists(st.tuples(types, ages, st.none() | percents, st.booleans(), ages), max_size=20))
def test_the_map_shows_of_a_city_what_it_shows_of_each_lamp(
    lamps: list[tuple[dict[str, float | None] | None, float, float | None, bool, float]],
) -> None:
    stale_after_s = 900.0
    heard = [values or {} for values, *_ in lamps]
    seen = Seen(
        floats([None if values is None else age for values, age, *_ in lamps]),
        floats([values.get("actual_level") for values in heard]),
        floats([values.get("status_bits") for values in heard]),
        np.array([any(value is not None for value in values.values()) for values in heard], dtype=np.bool_),
    )
    found = displayed(
        seen,
        floats([planned for _, _, planned, _, _ in lamps]),
        np.array([fault for _, _, _, fault, _ in lamps], dtype=np.bool_),
        stale_after_s,
        floats([plan_age for *_, plan_age in lamps]),
    )
    assert found.tolist() == [
        displayed_alone(values, age, planned, fault, stale_after_s, plan_age)
        for values, age, planned, fault, plan_age in lamps
    ]


def test_the_states_of_some_lamps_can_be_taken_out_and_put_back() -> None:
    states = fleet_lamp_out.new(3)
    some = np.array([2, 0])
    dead = replace(Observation(0, 100.0, 0.0, 230.0, 41.0), at=60)
    stepped, _ = fleet_lamp_out.step(states.of(some), columns([dead, dead]), RULE)
    states.put(some, stepped)
    assert [alone(states, lamp).samples for lamp in range(3)] == [1, 0, 1]


def test_a_type_names_its_curve() -> None:
    led = LuminaireType(id="led", rated_power_w=41, expected_power=((0.5, 4), (100, 41)))
    assert Curves([led.expected_power]).expected(np.array([0]), floats([100.0])).tolist() == [41.0]
