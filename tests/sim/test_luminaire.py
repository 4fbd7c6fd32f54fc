"""The physics of a luminaire: however often it is looked at, it has lived the same life."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.luminaire import SILENCE_S, STANDBY_W, PowerCurve, Reason
from firmware_sim.sky import DARK_BELOW, Sky
from tests.sim.lamps import EVENING, HALONG, LED_100, NOON, lamp, unix

HOUR = 3600.0


def test_a_lamp_burns_what_its_curve_says() -> None:
    lit = lamp(NOON, programme=50.0, level=50.0)
    lit.advance(NOON + 600)

    assert lit.power == pytest.approx(52.0)
    assert lit.state.energy_wh == pytest.approx(52.0 / 6)


def test_a_lamp_fades_in_two_seconds_and_counts_one_switching_on() -> None:
    lit = lamp(NOON, programme=100.0)
    lit.advance(NOON + 1)
    assert lit.state.level == pytest.approx(50)
    assert lit.fading
    lit.advance(NOON + 2)
    assert (lit.state.level, lit.fading, lit.state.switch_ons) == (100, False, 1)


@pytest.mark.parametrize(("programme", "level"), [(1.0, 3.0), (3.0, 3.0), (50.0, 50.0), (0.0, 0.0)])
def test_a_lamp_goes_no_deeper_than_its_gear_while_it_is_lit(programme: float, level: float) -> None:
    deep = lamp(NOON, programme=programme, level=100.0)
    deep.lowest = 3.0
    deep.advance(NOON + 10)
    assert deep.target(NOON + 10)[0] == programme
    assert (deep.state.level, deep.fading) == (level, False)


def test_an_override_outlives_neither_its_end_nor_a_look_that_comes_late() -> None:
    held = lamp(NOON, programme=0.0)
    held.set_override(100.0, int(NOON) + 60, NOON)
    held.advance(NOON + 30)
    assert (held.state.level, held.target(NOON + 59.9)) == (100, (100, Reason.OVERRIDE))

    late = copy.deepcopy(held)
    late.advance(NOON + 300)

    assert late.target(NOON + 60) == (0, Reason.PROGRAMME)
    assert late.state.level == 0
    assert late.state.lit_s == pytest.approx(62)  # one minute and the fade


def test_an_override_without_an_end_is_impossible() -> None:
    held = lamp(NOON, programme=0.0)
    held.set_override(100.0, 0, NOON)

    assert held.target(NOON) == (0, Reason.PROGRAMME)


def test_a_controller_that_hears_nothing_for_15_minutes_follows_its_photocell() -> None:
    by_day, by_night = lamp(NOON, programme=80.0, level=80.0), lamp(EVENING, programme=30.0, level=30.0)

    assert by_day.target(NOON + SILENCE_S - 1) == (80, Reason.PROGRAMME)
    assert by_day.target(NOON + SILENCE_S) == (0, Reason.PHOTOCELL)
    assert by_night.target(EVENING + SILENCE_S) == (100, Reason.PHOTOCELL)


def test_a_lamp_that_was_never_told_anything_burns_at_night_and_not_by_day() -> None:
    fresh = lamp(NOON)
    for hour in range(1, 24):
        fresh.segment.hear(NOON + hour * HOUR)
    fresh.advance(NOON + 24 * HOUR)

    assert fresh.state.lit_s == pytest.approx(12.5 * HOUR, abs=0.2 * HOUR)
    assert fresh.state.switch_ons == 1


def test_what_happened_in_a_silence_is_not_forgotten_when_the_edge_is_heard_again() -> None:
    left = lamp(EVENING, programme=0.0)
    left.segment.hear(EVENING + 2 * HOUR)
    left.advance(EVENING + 2 * HOUR)

    assert left.state.energy_wh == pytest.approx(100 * 1.75 + STANDBY_W / 4, rel=0.01)
    assert left.target(EVENING + 2 * HOUR) == (0, Reason.PROGRAMME)


def test_an_override_is_kept_in_the_silence_until_it_ends() -> None:
    held = lamp(EVENING, programme=0.0)
    held.set_override(10.0, int(EVENING + HOUR), EVENING)

    assert held.target(EVENING + HOUR - 1) == (10, Reason.OVERRIDE)
    assert held.target(EVENING + HOUR) == (100, Reason.PHOTOCELL)


def test_a_lamp_that_is_out_takes_standby_power_while_its_level_says_on() -> None:
    dead = lamp(NOON, programme=100.0, level=100.0)
    dead.set_faults(NOON, out=True, stuck_on=False, silent=False)
    dead.advance(NOON + 600)

    assert (dead.state.level, dead.power) == (100, STANDBY_W)
    assert dead.state.energy_wh == pytest.approx(STANDBY_W / 6)


def test_a_lamp_that_is_stuck_burns_at_full_whatever_it_is_told() -> None:
    stuck = lamp(NOON, programme=0.0)
    stuck.set_faults(NOON, out=False, stuck_on=True, silent=False)
    stuck.advance(NOON + HOUR)

    assert (stuck.target(NOON)[0], stuck.state.level) == (0, 100)
    assert stuck.power == pytest.approx(100)


def test_a_lost_phase_takes_the_light_and_counts_when_it_comes_back() -> None:
    lit = lamp(NOON, programme=100.0, level=100.0)
    lit.segment.switch_supply(False, NOON)
    lit.segment.switch_supply(True, NOON + 600)

    assert lit.state.energy_wh == 0
    assert lit.state.lit_s == 0
    assert (lit.state.level, lit.state.supply_losses) == (0, 1)
    lit.advance(NOON + 610)
    assert (lit.state.level, lit.state.switch_ons) == (100, 1)


def test_a_gear_warms_up_slowly_towards_its_power() -> None:
    lit = lamp(NOON, programme=100.0, level=100.0)
    warmth = []
    for _ in range(3):
        lit.segment.hear(lit.state.at + 600)
        lit.advance(lit.state.at + 600)
        warmth.append(lit.state.warmth)

    assert 0 < warmth[0] < warmth[1] < warmth[2] < 25


def test_the_curve_and_the_area_under_it_belong_together() -> None:
    curve = PowerCurve(LED_100)
    steps = [n / 100 for n in range(10_001)]
    summed = sum(curve.power(level) * 0.01 for level in steps[1:])

    assert [curve.power(level) for level in (0, 25, 62.5, 100)] == pytest.approx([STANDBY_W, 28, 64, 100])
    assert curve.area(100) == pytest.approx(summed, rel=1e-3)


LEVELS = st.one_of(st.none(), st.integers(0, 200).map(lambda steps: steps / 2))
SPANS = st.floats(0.01, 5000)


@settings(max_examples=100, deadline=None)
@given(
    programme=LEVELS,
    override=LEVELS,
    lasting=st.integers(-10, 9000),
    start=st.sampled_from([NOON, EVENING, unix("2026-11-21T10:20"), unix("2026-11-21T22:40")]),
    spans=st.lists(SPANS, min_size=1, max_size=20),
)
def test_many_looks_and_one_look_see_the_same_life(
    programme: float | None, override: float | None, lasting: int, start: float, spans: list[float]
) -> None:
    often, once = lamp(start, programme), lamp(start, programme)
    for one in (often, once):
        one.set_override(override, int(start) + lasting, start)
    for span in spans:
        before = often.state.energy_wh
        often.advance(often.state.at + span)
        assert often.state.energy_wh >= before
    once.advance(often.state.at)

    assert once.state.energy_wh == pytest.approx(often.state.energy_wh, abs=1e-6)
    assert once.state.lit_s == pytest.approx(often.state.lit_s, abs=1e-6)
    assert once.state.level == pytest.approx(often.state.level, abs=1e-6)
    assert once.state.switch_ons == often.state.switch_ons
    assert once.state.warmth == pytest.approx(often.state.warmth, abs=0.1)


def test_it_is_dark_when_the_sun_is_below_the_horizon() -> None:
    sky = Sky(HALONG)
    start = unix("2026-06-21T00:00")
    changes = list(sky.changes(start, start + 24 * HOUR))

    assert [sky.dark(at) for at in (NOON, EVENING)] == [False, True]
    assert len(changes) == 2
    assert all(abs(sky.sun_elevation(at) - DARK_BELOW) < 0.01 for at in changes)
    assert [sky.dark(at) for at in changes] == [True, False]
    assert [sky.dark(at - 2) for at in changes] == [False, True]
