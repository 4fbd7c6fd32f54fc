"""What is counted for a hundred thousand devices at once is what is counted for one."""

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from protocols.readings import Quality
from rules.energy import HOUR_S, Counted, Hour, Sample, hours, power_mw, register_wh
from rules.fleet_energy import Ints
from rules.fleet_hours import POWER, REGISTER, STEP_S, Closed, OpenHours, Rows
from rules.fleet_rollup import usable
from rules.rollup import STATS, STEP_DECIMALS, fixed_sum, is_usable, mean, stats

MOST_MW = 150_000
END = 6  # hours
DEVICES = 3

Point = tuple[int, int, float | None, float | None]  # device, second, register in kWh, power in W

TIMES = st.lists(st.integers(0, END * HOUR_S - 1), max_size=40, unique=True)
JUMPS = st.one_of(st.integers(0, 30), st.integers(0, 30), st.sampled_from([-2000, -50, -1, 100_000]))
POWERS = st.one_of(st.none(), st.floats(-5, 150).map(lambda watts: round(watts, 1)))


@st.composite
def told(draw: st.DrawFn) -> list[Point]:
    """What some devices say, in order of time."""
    found: list[Point] = []
    for device in range(DEVICES):
        register, has_register = draw(st.integers(0, 5000)), draw(st.booleans())
        for at in sorted(draw(TIMES)):
            register = max(0, register + draw(JUMPS))
            says = has_register and draw(st.integers(0, 3)) > 0
            found.append((device, at, register / 1000 if says else None, draw(POWERS)))
    return sorted(found, key=lambda point: (point[1], point[0]))


def rows(points: Sequence[Point]) -> Rows:
    """As they come from a frame: sorted by device and time."""
    ordered = sorted(points)
    values = {
        REGISTER: np.array([point[2] for point in ordered], np.float64),
        POWER: np.array([point[3] for point in ordered], np.float64),
    }
    devices: Ints = np.array([point[0] for point in ordered], np.int64)
    return Rows(devices, np.array([point[1] for point in ordered], np.int64), values)


def walked(points: Sequence[Point], together: int) -> tuple[list[Closed], OpenHours]:
    """All hours closed one after the other, each once its successor is half over."""
    open_hours = OpenHours([MOST_MW] * DEVICES, 0, counts=True, steps=True)
    closed = []
    for hour in range(END):
        until = (hour + 1) * HOUR_S + HOUR_S // 2
        now = [point for point in points if until - HOUR_S <= point[1] < until or (hour == 0 and point[1] < until)]
        for first in range(0, len(now), together):
            assert open_hours.take(rows(now[first : first + together]), first, until) == 0
        closed.append(open_hours.close())
        open_hours.forget()
    return closed, open_hours


def samples(points: Sequence[Point], device: int) -> list[Sample]:
    return [Sample(p[1], register_wh(p[2]), power_mw(p[3])) for p in points if p[0] == device]


def field(closed: Closed, device: int, name: str) -> float | None:
    """One field of one row; NaN as None."""
    [row] = np.flatnonzero(closed.devices == device)
    value = float(closed.fields[name][row])
    return None if np.isnan(value) else value


def as_hour(closed: Closed, device: int) -> dict[str, float | None]:
    return {name: field(closed, device, name) for name in closed.fields if name.startswith("energy")}


def expected(hour: Hour) -> dict[str, float | None]:
    return {
        "energy_wh": hour.energy,
        "energy_sum_wh": hour.sum,
        "energy_register_kwh": None if hour.register is None else hour.register / 1000,
        "energy_q": float(hour.grade),
        "energy_events": float(hour.events),
        **carried(hour.after),
    }


def carried(after: Counted | None) -> Mapping[str, float | None]:
    if after is None:
        return dict.fromkeys(
            (
                "energy_last_at",
                "energy_last_register_wh",
                "energy_last_power_w",
                "energy_last_total_wh",
                "energy_dip_at",
            )
        )
    return {
        "energy_last_at": after.at,
        "energy_last_register_wh": after.register,
        "energy_last_power_w": after.power / 1000,
        "energy_last_total_wh": after.total / 1_000_000,
        "energy_dip_at": after.dip_at,
    }


@given(told(), st.integers(1, 50))
def test_energy_of_many_devices_is_that_of_each(points: list[Point], together: int) -> None:
    """But for hours that are named for recomputation, because a gap goes over more than one edge."""
    closed, open_hours = walked(points, together)
    for device in range(DEVICES):
        truth = hours(None, samples(points, device), MOST_MW, 0, END * HOUR_S)
        dirty = range(int(open_hours.dirty.first[device]), int(open_hours.dirty.last[device]) + 1)
        for hour, one in zip(truth, closed, strict=True):
            if device in one.devices and hour.at not in dirty:
                assert as_hour(one, device) == expected(hour)
            elif hour.at not in dirty:
                assert hour.energy is None


@given(told(), st.integers(1, 50))
def test_statistics_of_many_devices_are_those_of_each(points: list[Point], together: int) -> None:
    closed, _ = walked(points, together)
    for one in closed:
        inside = [point for point in points if one.at <= point[1] < one.at + HOUR_S]
        assert one.devices.tolist() == sorted({point[0] for point in inside})
        for device in one.devices.tolist():
            powers = [p[3] for p in inside if p[0] == device and p[3] is not None]
            truth = stats(POWER, powers)
            if f"{POWER}_n" in one.fields:
                assert [field(one, device, f"{POWER}_{name}") for name in STATS] == [
                    getattr(truth, name) or (None if name == "n" else getattr(truth, name)) for name in STATS
                ]


@given(st.lists(st.floats(0, 150), min_size=1, max_size=40))
def test_a_mean_that_is_kept_for_ever_has_no_more_than_four_decimals(powers: list[float]) -> None:
    points: list[Point] = [(0, 60 * n, None, power) for n, power in enumerate(powers)]
    open_hours = OpenHours([MOST_MW] * DEVICES, 0, counts=True, steps=False)
    open_hours.take(rows(points), 1, HOUR_S)
    told_mean = field(open_hours.close(), 0, f"{POWER}_mean")
    assert told_mean is not None
    assert told_mean == round(told_mean, 4)
    assert abs(told_mean - sum(powers) / len(powers)) <= 0.5001e-4


@given(told())
def test_the_power_of_each_five_minutes_is_kept(points: list[Point]) -> None:
    open_hours = OpenHours([MOST_MW] * DEVICES, 0, counts=True, steps=True)
    early = [point for point in points if point[1] < open_hours.end]
    open_hours.take(rows(early), 1, 0)
    found = open_hours.powers()
    for step in range(len(found)):
        for device in range(DEVICES):
            powers = [p[3] for p in early if p[0] == device and p[1] // STEP_S == step and p[3] is not None]
            truth = mean(fixed_sum(POWER, powers), len(powers), POWER, STEP_DECIMALS) if powers else None
            assert (None if np.isnan(found[step][device]) else found[step][device]) == truth


def test_what_comes_out_of_order_is_named_for_recomputation_and_not_counted() -> None:
    open_hours = OpenHours([MOST_MW] * DEVICES, 0, counts=True, steps=False)
    open_hours.take(rows([(0, 100, 1.0, None), (1, 200, 1.0, None)]), 7, 300)
    assert open_hours.take(rows([(0, 100, 1.0, None), (0, 99, 1.0, None), (1, 201, 1.001, None)]), 8, 301) == 2
    assert open_hours.dirty.due(HOUR_S, 8, 301, 0).tolist() == [0]
    assert open_hours.dirty.due(HOUR_S, 7, 301, 0).tolist() == []  # not stored yet
    assert open_hours.dirty.due(0, 8, 301, 0).tolist() == []  # not closed yet
    assert field(open_hours.close(), 1, f"{REGISTER}_n") == 2
    assert field(open_hours.close(), 0, f"{REGISTER}_n") == 1


def test_a_device_that_still_sends_late_data_is_waited_for_but_not_for_ever() -> None:
    open_hours = OpenHours([MOST_MW] * DEVICES, HOUR_S, counts=True, steps=False)
    open_hours.take(rows([(0, 10, 1.0, None)]), 1, 4000)
    open_hours.take(rows([(0, 20, 1.0, None)]), 2, 5000)
    due = open_hours.dirty.due
    assert due(HOUR_S, 2, 4999, 3999).tolist() == []
    assert due(HOUR_S, 2, 5000, 3999).tolist() == [0]
    assert due(HOUR_S, 2, 4999, 4000).tolist() == [0]


def test_a_register_that_returns_after_an_hour_was_closed_has_that_hour_recomputed() -> None:
    open_hours = OpenHours([MOST_MW] * DEVICES, 0, counts=True, steps=False)
    open_hours.take(rows([(0, 1800, 1.0, None)]), 1, 1800)
    open_hours.forget()
    open_hours.take(rows([(0, 3 * 1800, 1.06, None)]), 2, 6000)
    dirty = open_hours.dirty
    assert (dirty.first[0], dirty.last[0], dirty.position[0]) == (0, 0, 2)


def test_what_was_lost_before_the_open_hours_moves_all_later_sums() -> None:
    open_hours = OpenHours([MOST_MW] * DEVICES, 0, counts=True, steps=False)
    points: list[Point] = [(0, minute * 60, 1 + minute / 1000, None) for minute in range(61)]
    open_hours.take(rows(points), 1, 4000)
    before = as_hour(open_hours.close(), 0)
    assert open_hours.meters is not None
    open_hours.meters.shift(0, 5_000_000)
    after = as_hour(open_hours.close(), 0)
    assert after["energy_wh"] == before["energy_wh"] == 60
    assert (before["energy_sum_wh"], after["energy_sum_wh"]) == (60, 65)


def test_an_empty_city_goes_on_with_any_later_hour() -> None:
    open_hours = OpenHours([MOST_MW] * DEVICES, 0, counts=True, steps=True)
    open_hours.take(rows([(0, 1800, 1.0, 10.0)]), 1, 1800)
    open_hours.forget()
    open_hours.forget()
    assert open_hours.is_empty
    open_hours.skip_to(9 * HOUR_S)
    open_hours.take(rows([(0, 9 * HOUR_S, 1.06, 10.0)]), 2, 9 * HOUR_S)
    assert (open_hours.dirty.first[0], open_hours.dirty.last[0]) == (0, 8 * HOUR_S)


def test_no_value_that_is_suspect_or_cannot_be_enters_a_sum() -> None:
    assert is_usable("voltage", 230.1, Quality.GOOD)
    assert is_usable("voltage", 230.1, Quality.NOT_EVALUATED)
    for value, flag in (
        (230.1, 3),
        (230.1, 4),
        (None, 9),
        (None, 1),
        (301.0, 1),
        (float("nan"), 1),
        (1e300, 1),
        (1.0, None),
    ):
        assert not is_usable("voltage", value, flag)


@given(st.floats(), st.sampled_from([0, *Quality]))
def test_a_column_is_judged_as_its_values_are(value: float, flag: int) -> None:
    [found] = usable("voltage", np.array([value]), np.array([flag], np.uint8)).tolist()
    assert (found == value) is is_usable("voltage", value, flag or None)
