"""What is measured changes the light, holds for a while, and is forgotten when nothing is measured any more."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.inventory import Name
from protocols.light import Adaptation, Sense
from protocols.readings import Quality, Reading
from rules.adaptive import InForce, State, in_force, measured, settled, share, step

RAIN = Adaptation(
    id="rain",
    name=Name(vi="Mưa", en="Rain"),
    source="W1",
    quantity="rain_rate",
    limit=2,
    clear=1,
    hold_s=600,
    ramp_s=30,
    level=90,
)
FOG = RAIN.model_copy(update={"id": "fog", "sense": Sense.BELOW, "limit": 200.0, "clear": 400.0})
BRIEF = RAIN.model_copy(update={"hold_s": 0})
START = datetime(2026, 2, 10, 15, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def after(adaptation: Adaptation, *said: tuple[float, float | None]) -> State:
    state = State()
    for seconds, value in said:
        state = step(adaptation, state, value, at(seconds))
    return state


@pytest.mark.parametrize(
    ("adaptation", "said", "expected"),
    [
        (RAIN, [(0, 2.0)], {0: 0, 60: 0}),  # at the limit is not past it
        (RAIN, [(0, 2.1)], {0: 0, 15: 0.5, 30: 1, 599: 1, 600: 1, 615: 0.5, 630: 0, 9000: 0}),
        (RAIN, [(0, 2.1), (300, 1.5)], {899: 1, 915: 0.5, 930: 0}),  # still past clear: held from here
        (RAIN, [(0, 2.1), (300, 0.5)], {599: 1, 615: 0.5}),  # clear: held from when it was last past it
        (RAIN, [(0, 2.1), (300, None), (500, None)], {599: 1, 615: 0.5}),  # unknown neither ends it nor holds it
        (RAIN, [(0, None), (10, 1.5)], {60: 0}),  # nor begins it, nor does what is only past clear
        (RAIN, [(0, 2.1), (620, 2.1)], {620: 1 / 3, 640: 1}),  # again, on the way down
        (RAIN, [(60, 2.1), (0, 0.0)], {90: 1}),  # what comes late is the past
        (FOG, [(0, 200.0)], {60: 0}),
        (FOG, [(0, 150.0), (300, 450.0)], {300: 1, 615: 0.5}),
        (BRIEF, [(0, 2.1), (45, 0.5)], {44: 1, 60: 0.5, 75: 0}),  # no hold: until the reading that is clear
        (BRIEF, [(0, 2.1)], {59: 1, 75: 0.5}),  # or until the source has been silent for a report
        (RAIN.model_copy(update={"ramp_s": 0}), [(0, 2.1)], {0: 1, 599: 1, 600: 0}),
    ],
)
def test_how_far_it_is_in_force(
    adaptation: Adaptation, said: list[tuple[float, float | None]], expected: dict[float, float]
) -> None:
    state = after(adaptation, *said)
    found = {seconds: share(adaptation, state, at(seconds)) for seconds in expected}
    assert found == pytest.approx(expected, abs=1e-9)


def test_only_what_changes_the_light_is_told() -> None:
    states = {"rain": after(RAIN, (0, 2.1)), "fog": after(FOG, (0, 1000.0))}
    assert in_force((RAIN, FOG), states, at(40)) == (InForce(RAIN, 1.0),)
    assert in_force((RAIN, FOG), states, at(700)) == ()
    assert in_force((RAIN, FOG), {}, at(40)) == ()


@pytest.mark.parametrize(
    ("values", "flags", "expected"),
    [
        ({"rain_rate": 3.0}, {}, 3.0),
        ({"rain_rate": 3.0}, {"rain_rate": Quality.SUSPECT}, None),
        ({"rain_rate": None}, {}, None),
        ({"temperature": 3.0}, {}, None),
    ],
)
def test_a_doubtful_value_is_not_known(
    values: dict[str, float | None], flags: dict[str, Quality], expected: float | None
) -> None:
    assert measured(RAIN, Reading("W1", "air_station", 0, values, flags)) == expected


values = st.none() | st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0])
moments = st.lists(st.integers(0, 3000), max_size=12, unique=True).map(sorted)
said = moments.flatmap(lambda some: st.tuples(*(st.tuples(st.just(when), values) for when in some)))


@given(st.sampled_from([RAIN, FOG, BRIEF]), said, st.integers(0, 5000))
def test_it_is_a_share_ends_by_itself_and_goes_no_faster_than_its_ramp(
    adaptation: Adaptation, said: tuple[tuple[float, float | None], ...], seconds: int
) -> None:
    state = after(adaptation, *said)
    last = max((when for when, _ in said), default=0)
    asked = last + seconds
    now, next_second = (share(adaptation, state, at(asked + more)) for more in (0, 1))
    assert 0 <= now <= 1
    assert abs(next_second - now) <= 1 / adaptation.ramp_s + 1e-9
    assert share(adaptation, settled(adaptation, state, at(asked)), at(asked)) == pytest.approx(now)
    assert share(adaptation, state, at(last + max(adaptation.hold_s, 60) + adaptation.ramp_s)) == 0
