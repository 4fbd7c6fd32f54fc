"""Hours add up, a register that misbehaves is flagged, and nothing that is not known is made up."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.energy import HOUR_S, UWH, Counted, Event, Grade, Hour, Sample, hours, power_mw, register_wh

MOST_MW = 150_000  # of a lamp of 100 W


def at_minutes(registers: dict[float, int]) -> list[Sample]:
    """Registers in Wh by the minute."""
    return [Sample(round(minute * 60), register) for minute, register in registers.items()]


def rising(first: int, last: int, per_minute: int = 1, start: int = 1000) -> dict[float, int]:
    """A register each minute from one minute to another, both inside."""
    return {minute: start + (minute - first) * per_minute for minute in range(first, last + 1)}


def count(registers: dict[float, int], end: int, before: Counted | None = None) -> list[Hour]:
    return hours(before, at_minutes(registers), MOST_MW, 0, end * HOUR_S)


def told(hour: Hour) -> tuple[int | None, Grade, Event]:
    return hour.energy, hour.grade, hour.events


def test_an_hour_between_two_readings_at_its_edges_is_measured() -> None:
    [hour] = count(rising(0, 60), 1)
    assert hour == Hour(0, 60, 60, 1000, Grade.MEASURED, Event.NONE, Counted(3540, 1059, 0, 59 * UWH))


def test_an_edge_between_two_readings_is_interpolated() -> None:
    """10 Wh in ten minutes, three of them before the edge."""
    first, second = count({0: 1000, 57: 1057, 67: 1067, 127: 1127}, 2)
    assert told(first) == (60, Grade.INTERPOLATED, Event.NONE)
    assert (second.register, second.sum) == (1060, 120)


@pytest.mark.parametrize(("gap_s", "grade"), [(899, Grade.INTERPOLATED), (900, Grade.ESTIMATED)])
def test_an_edge_in_a_gap_of_a_quarter_of_an_hour_is_estimated(gap_s: int, grade: Grade) -> None:
    samples = [Sample(0, 1000), Sample(3500, 1050), Sample(3500 + gap_s, 1060)]
    [hour] = hours(None, samples, MOST_MW, 0, HOUR_S)
    assert hour.grade is grade
    assert (Event.GAP in hour.events) is (grade is Grade.ESTIMATED)


def test_what_a_register_counted_in_a_gap_is_spread_over_its_hours_and_the_total_stays_exact() -> None:
    """Silent from 00:30 to 03:30; 180 Wh."""
    told_hours = count({0: 1000, 30: 1030, 210: 1210, 240: 1240}, 4)
    assert [told(hour) for hour in told_hours] == [(60, Grade.ESTIMATED, Event.GAP)] * 4
    assert told_hours[-1].sum == 240
    assert [hour.register for hour in told_hours] == [1000, 1060, 1120, 1180]


def test_a_register_that_starts_again_is_counted_from_zero() -> None:
    registers = rising(0, 29) | rising(30, 60, start=2)
    [hour] = count(registers, 1)
    assert told(hour) == (29 + 2 + 30, Grade.ESTIMATED, Event.RESET)


def test_a_jump_that_the_lamp_cannot_have_taken_is_another_meter_and_counts_nothing() -> None:
    """150 W for a minute and the slack of a quarter of an hour are 40 Wh."""
    registers = rising(0, 29) | rising(30, 60, start=500_000)
    [hour] = count(registers, 1)
    assert told(hour) == (29 + 30, Grade.ESTIMATED, Event.SWAP)
    [steep] = count(rising(0, 29) | rising(30, 60, start=1029 + 40), 1)
    assert told(steep) == (29 + 40 + 30, Grade.MEASURED, Event.NONE)


def test_another_meter_with_a_lower_register_that_is_not_near_zero_is_no_reset() -> None:
    [hour] = count(rising(0, 29) | rising(30, 60, start=700), 1)
    assert told(hour) == (29 + 30, Grade.ESTIMATED, Event.SWAP)


def test_a_small_dip_is_not_believed() -> None:
    registers = rising(0, 60)
    registers[20] = registers[21] = 990
    [hour] = count(registers, 1)
    assert told(hour) == (60, Grade.MEASURED, Event.DIP)


def test_a_dip_that_stays_is_another_meter() -> None:
    registers = rising(0, 19) | rising(20, 60, start=950)
    [hour] = count(registers, 1)
    assert hour.energy == 19 + (60 - 35)  # believed after a quarter of an hour
    assert hour.events == Event.DIP | Event.SWAP


def test_a_meter_swapped_in_a_long_gap_leaves_hours_of_which_nobody_knows() -> None:
    told_hours = count({0: 1000, 30: 1030, 210: 9_000_000, 240: 9_000_030}, 4)
    assert [hour.energy for hour in told_hours] == [30, None, None, 30]
    assert [hour.grade for hour in told_hours] == [Grade.ESTIMATED, Grade.MISSING, Grade.MISSING, Grade.ESTIMATED]
    assert told_hours[3].events == Event.SWAP | Event.GAP
    assert [hour.sum for hour in told_hours] == [30, 30, 30, 60]


def test_the_last_hour_is_not_known_before_something_is_told_after_it() -> None:
    [hour] = count(rising(0, 59), 1)
    assert (hour.energy, hour.sum, hour.grade) == (None, 59, Grade.MISSING)


def test_what_was_used_before_the_first_reading_is_not_known() -> None:
    silent, first, second = count(rising(90, 180), 3)
    assert (silent.energy, silent.sum, silent.after) == (None, None, None)
    assert told(first) == (30, Grade.ESTIMATED, Event.NONE)
    assert first.register is None
    assert told(second) == (60, Grade.MEASURED, Event.NONE)


def test_the_next_hours_go_on_where_the_last_ended() -> None:
    registers = rising(0, 180)
    whole = count(registers, 3)
    later = [sample for sample in at_minutes(registers) if sample.at >= HOUR_S]
    assert hours(whole[0].after, later, MOST_MW, HOUR_S, 3 * HOUR_S) == whole[1:]


def test_without_a_register_power_is_summed_up_and_the_hour_is_estimated() -> None:
    samples = [Sample(minute * 60, None, 60_000) for minute in range(61)]
    [hour] = hours(None, samples, MOST_MW, 0, HOUR_S)
    assert told(hour) == (60, Grade.ESTIMATED, Event.NONE)
    assert hour.register is None


def test_power_is_not_carried_over_a_gap() -> None:
    minutes = [*range(31), *range(50, 61)]
    samples = [Sample(minute * 60, None, 60_000) for minute in minutes]
    [hour] = hours(None, samples, MOST_MW, 0, HOUR_S)
    assert hour.energy == 30 + 10


def test_once_there_is_a_register_power_no_longer_counts() -> None:
    powers = [Sample(minute * 60, None, 60_000) for minute in range(30)]
    registers = [Sample(minute * 60, 1000 + minute, 60_000) for minute in range(30, 61)]
    [hour] = hours(None, [*powers, *registers], MOST_MW, 0, HOUR_S)
    assert hour.energy == 30 + 30
    assert hour.after is not None
    assert hour.after.register == 1059


def test_what_a_meter_says_is_taken_in_whole_units_or_not_at_all() -> None:
    assert register_wh(1203.412) == 1_203_412
    assert (register_wh(None), register_wh(-0.5), register_wh(1e9), register_wh(float("nan"))) == (None,) * 4
    assert (power_mw(118.4), power_mw(-3.0), power_mw(None)) == (118_400, 0, None)


TIMES = st.lists(st.integers(0, 30 * HOUR_S), min_size=2, max_size=60, unique=True).map(sorted)
JUMPS = st.one_of(st.integers(0, 30), st.integers(0, 30), st.sampled_from([-2000, -50, -1, 100_000]))
POWERS = st.one_of(st.none(), st.integers(0, 100_000))
SAYS = st.sampled_from([False, True, True])


@st.composite
def registers(draw: st.DrawFn) -> list[Sample]:
    """Any register, also one that jumps, dips and starts again."""
    register, found = draw(st.integers(0, 5000)), []
    for at in draw(TIMES):
        register = max(0, register + draw(JUMPS))
        power = draw(POWERS)
        found.append(Sample(at, register if draw(SAYS) else None, power))
    return found


@given(registers())
def test_hours_add_up_to_every_longer_time_exactly(samples: list[Sample]) -> None:
    told_hours = hours(None, samples, MOST_MW, 0, 31 * HOUR_S)
    known = [hour for hour in told_hours if hour.sum is not None]
    total = 0
    for hour in known:
        total += hour.energy or 0
        assert hour.energy is None or hour.energy >= 0
        if hour.energy is not None:
            assert hour.sum == total
    sums = [hour.sum for hour in known if hour.sum is not None]
    assert all(before <= after for before, after in pairwise(sums))


@given(registers(), st.integers(1, 30))
def test_the_result_does_not_depend_on_where_it_was_begun_again(samples: list[Sample], cut: int) -> None:
    whole = hours(None, samples, MOST_MW, 0, 31 * HOUR_S)
    later = [sample for sample in samples if sample.at >= cut * HOUR_S]
    again = hours(whole[cut - 1].after, later, MOST_MW, cut * HOUR_S, 31 * HOUR_S)
    assert again == whole[cut:]
