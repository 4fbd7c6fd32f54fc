"""The hours of one device once more from all its readings, after some of them came late.

What has to change is found by what was counted: a late reading lies between two others, so all hours from the one
before it to the one after it are made again, and further ones until what was counted at an hour's end is what it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.energy import HOUR_S, UWH, Counted, Hour, Sample, hours, power_mw, register_wh
from rules.rollup import STATS, is_usable, stats

POWER, REGISTER = "active_power", "active_energy"

Fields = dict[str, float | None]
Stored = Mapping[int, Counted | None]  # what was counted at the end of each hour that has a row


@dataclass(frozen=True, slots=True)
class Readings:
    """The usable values of one device in order of time, `None` where there is none."""

    at: Sequence[int]
    values: Mapping[str, Sequence[float | None]]

    @classmethod
    def usable(
        cls, at: Sequence[int], values: Mapping[str, Sequence[float | None]], flags: Mapping[str, Sequence[int | None]]
    ) -> "Readings":
        """What of stored values may enter a sum."""
        judged = {
            q: [value if is_usable(q, value, flag) else None for value, flag in zip(column, flags[q], strict=True)]
            for q, column in values.items()
        }
        return cls(at, judged)


@dataclass(frozen=True, slots=True)
class Plan:
    """Begin with the hour `start`, before which this was counted."""

    start: int
    before: Counted | None


@dataclass(frozen=True, slots=True)
class Revised:
    """New rows by the start of their hour. `settled`: further hours stay as they are; `after` is what was counted at
    the end of the last hour that was looked at."""

    rows: Mapping[int, Fields]
    settled: bool
    after: Counted | None


def plan(first: int, stored: Stored) -> Plan:
    """Where to begin so that `first` and what hangs on it come out right."""
    counted = before(first, stored)
    start = first if counted is None else min(first, counted.at // HOUR_S * HOUR_S)
    return Plan(start, before(start, stored))


def before(hour: int, stored: Stored) -> Counted | None:
    """What was counted when an hour began."""
    earlier = [at for at in stored if at < hour]
    return stored[max(earlier)] if earlier else None


def is_gone(readings: Readings, stored: Stored, start: int, end: int) -> bool:
    """Were readings of [start, end) forgotten that were counted once? Then their rows can no longer be made again."""
    there = {at // HOUR_S * HOUR_S for at in readings.at}
    needed = {counted.at // HOUR_S * HOUR_S for counted in stored.values() if counted is not None}
    return any(start <= hour < end and hour not in there for hour in needed)


def revise(
    beginning: Plan, last: int, end: int, readings: Readings, stored: Stored, most_mw: int, *, counts: bool
) -> Revised:
    """The rows from the beginning until `last`, and further until nothing changes, but not behind `end`.

    `readings` go on behind `end`, as far as there are any. `counts`: does the device count energy?
    """
    rows: dict[int, Fields] = {}
    after = beginning.before
    inside = _by_hour(readings)
    counted = _counted(beginning, end, readings, most_mw) if counts else {}
    for at in range(beginning.start, end, HOUR_S):
        hour, places = counted.get(at), inside.get(at, range(0))
        after = hour.after if hour else None
        if len(places) or (hour and (hour.energy is not None or at in stored)):  # a row is taken back by an empty one
            rows[at] = {**_stats(readings, places), **(energy_fields(hour) if hour else {})}
        if at >= last and after == before(at + HOUR_S, stored):
            return Revised(rows, not counts or _goes_on(readings, at + HOUR_S), after)
    return Revised(rows, False, after)


def energy_fields(hour: Hour) -> Fields:
    """As they stand in a summary."""
    return {
        "energy_wh": hour.energy,
        "energy_sum_wh": hour.sum,
        "energy_register_kwh": None if hour.register is None else hour.register / 1000,
        "energy_q": float(hour.grade),
        "energy_events": float(hour.events),
        **_carried(hour.after),
    }


CARRIED = (
    "energy_last_at",
    "energy_last_register_wh",
    "energy_last_power_w",
    "energy_last_total_wh",
    "energy_dip_at",
)


def _carried(after: Counted | None) -> Fields:
    if after is None:
        return dict.fromkeys(CARRIED)
    told = (after.at, after.register, after.power / 1000, after.total / UWH, after.dip_at)
    return {name: None if value is None else float(value) for name, value in zip(CARRIED, told, strict=True)}


def counted_of(row: Mapping[str, float | None]) -> Counted | None:
    """What stood at the end of an hour, from the fields of its row."""
    at, register, power, total, dip_at = (row[name] for name in CARRIED)
    if at is None or power is None or total is None:
        return None
    return Counted(int(at), _whole(register), round(power * 1000), round(total * UWH), _whole(dip_at))


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _counted(beginning: Plan, end: int, readings: Readings, most_mw: int) -> dict[int, Hour]:
    found = hours(beginning.before, _samples(readings), most_mw, beginning.start, end)
    return {hour.at: hour for hour in found}


def _samples(readings: Readings) -> Iterator[Sample]:
    nothing: list[None] = [None] * len(readings.at)
    registers, powers = (readings.values.get(q, nothing) for q in (REGISTER, POWER))
    for at, register, power in zip(readings.at, registers, powers, strict=True):
        yield Sample(at, register_wh(register), power_mw(power))


def _by_hour(readings: Readings) -> dict[int, range]:
    """The places of each hour's readings."""
    places: dict[int, range] = {}
    for place, at in enumerate(readings.at):
        hour = at // HOUR_S * HOUR_S
        places[hour] = range(places[hour].start if hour in places else place, place + 1)
    return places


def _stats(readings: Readings, places: range) -> Fields:
    fields: Fields = {}
    for quantity, column in readings.values.items():
        found = stats(quantity, [value for value in column[places.start : places.stop] if value is not None])
        told = (found.n or None, found.min, found.mean, found.max, found.last)
        fields |= {f"{quantity}_{name}": value for name, value in zip(STATS, told, strict=True)}
    return fields


def _goes_on(readings: Readings, end: int) -> bool:
    """Is there a reading behind an hour that tells its last edge?"""
    return any(
        sample.at >= end for sample in _samples(readings) if sample.register is not None or sample.power is not None
    )
