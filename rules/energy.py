"""Energy by the hour from a register that counts, or from power where there is no register: a running sum that never
goes back, so that hours add up to days and months without a remainder.

The sum is known at each sample that is believed, and runs straight between two of them. An hour's energy is the
difference of the sum at its two edges, each rounded down to whole watt-hours. Registers are whole watt-hours, power
is whole milliwatts, sums are whole micro-watt-hours: integers, so that no order of arrival changes a result.
`rules/fleet_energy.py` says the same for many devices at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag

HOUR_S = 3600
UWH = 1_000_000  # in a watt-hour
LONGEST_GAP_S = 900  # between two samples; an edge in a longer gap is estimated
SLACK_S = 900  # meters tell their register late: so much more may have been counted between two reads
DIP_LASTS_S = 900  # a lower register that stays for so long is no dip
LARGEST_REGISTER_KWH = 100_000_000


class Event(IntFlag):
    """What happened to a register in an hour."""

    NONE = 0
    RESET = 1  # counts from zero again
    SWAP = 2  # another meter: a jump that the device cannot have taken
    GAP = 4  # an edge of the hour lies in a gap
    DIP = 8  # a lower value that was not believed


class Grade(IntEnum):
    """How an hour's energy is known."""

    MEASURED = 1
    INTERPOLATED = 2
    ESTIMATED = 3
    MISSING = 9


@dataclass(frozen=True, slots=True)
class Sample:
    """A register in Wh and a power in mW, each `None` when it was not told or is not believed."""

    at: int
    register: int | None
    power: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """The last sample that was believed, and `total`: what was counted until then, in micro-watt-hours.

    Without a register it counts by power. `dip_at` is when the register was first seen lower than before.
    """

    at: int
    register: int | None
    power: int
    total: int
    dip_at: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One sample further. `known` is false when nobody knows what was used since the last one."""

    after: Counted
    used: int = 0  # micro-watt-hours
    events: Event = Event.NONE
    believed: bool = True
    known: bool = True


@dataclass(frozen=True, slots=True)
class Edge:
    """The sum at an hour's edge. `unknown_until` is the end of a stretch around it in which nobody knows the use."""

    total: int
    grade: Grade
    events: Event = Event.NONE
    register: int | None = None
    unknown_until: int | None = None


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour. `energy` and `sum` are whole Wh, `register` is that of its first edge in Wh; `after` ends it."""

    at: int
    energy: int | None
    sum: int | None
    register: int | None
    grade: Grade
    events: Event
    after: Counted | None


def register_wh(kwh: float | None) -> int | None:
    """A register in whole watt-hours; `None` for one that cannot be."""
    return round(kwh * 1000) if kwh is not None and 0 <= kwh <= LARGEST_REGISTER_KWH else None


def power_mw(watts: float | None) -> int | None:
    """A power in whole milliwatts; what is fed back counts as nothing."""
    return None if watts is None else max(0, round(watts * 1000))


def step(before: Counted | None, sample: Sample, most_mw: int) -> Step:
    """Count one sample with a register or a power, later than `before`, of a device that takes `most_mw` at most."""
    if before is None:
        return Step(Counted(sample.at, sample.register, _power(sample), 0))
    if before.register is None:
        return _by_power(before, sample)
    if sample.register is None:
        return Step(before, believed=False)
    return _by_register(before, before.register, sample.at, sample.register, most_mw)


def _by_register(before: Counted, was: int, at: int, register: int, most_mw: int) -> Step:
    most = _energy(most_mw, at - before.at + SLACK_S)
    if register >= was:
        return _counted(before, at, register, (register - was) * UWH, most, Event.NONE)
    if register * 10 < was * 9:  # Home Assistant, recorder/statistics: below 0.9 of the last it began again at zero
        return _counted(before, at, register, register * UWH, most, Event.RESET)
    if before.dip_at is None or at - before.dip_at < DIP_LASTS_S:
        return Step(replace(before, dip_at=before.dip_at or at), events=Event.DIP, believed=False)
    return _swapped(before, at, register)


def _counted(before: Counted, at: int, register: int, used: int, most: int, events: Event) -> Step:
    if used > most:
        return _swapped(before, at, register)
    return Step(Counted(at, register, 0, before.total + used), used, events)


def _swapped(before: Counted, at: int, register: int) -> Step:
    return Step(Counted(at, register, 0, before.total), events=Event.SWAP, known=False)


def _by_power(before: Counted, sample: Sample) -> Step:
    """The trapezoid between two powers that are not too far apart. A register, once told, is believed from then on."""
    gap = sample.at - before.at
    known = sample.power is not None and gap < LONGEST_GAP_S
    used = _energy(before.power + (sample.power or 0), gap) // 2 if known else 0
    return Step(Counted(sample.at, sample.register, _power(sample), before.total + used), used, known=known)


def _power(sample: Sample) -> int:
    """What the next trapezoid begins with: nothing once there is a register."""
    return 0 if sample.register is not None else sample.power or 0


def _energy(milliwatts: int, seconds: int) -> int:
    """Micro-watt-hours."""
    return milliwatts * seconds * 5 // 18


def edges(before: Counted | None, last: Step) -> Iterator[tuple[int, Edge]]:
    """The hour edges behind the last believed sample, up to and including this one, each with the sum there.

    The first sample of all opens its own hour: what was used before it is not known.
    """
    at, register = last.after.at, last.after.register
    first = at // HOUR_S * HOUR_S
    if before is None:
        yield first, Edge(0, _grade(register, 0 if first == at else LONGEST_GAP_S), register=_at(first, last))
        return
    for edge in range((before.at // HOUR_S + 1) * HOUR_S, first + 1, HOUR_S):
        yield edge, _edge(before, last, edge)


def _edge(before: Counted, last: Step, edge: int) -> Edge:
    gap, part = last.after.at - before.at, edge - before.at
    total = before.total + last.used * part // gap
    until = None if last.known else last.after.at
    if part == gap:
        return Edge(total, _grade(before.register, 0), register=last.after.register, unknown_until=until)
    event = Event.GAP if gap >= LONGEST_GAP_S else Event.NONE
    grade = Grade.ESTIMATED if last.events else _grade(before.register, gap)
    return Edge(total, grade, event, _between(before, last, part, gap), until)


def _at(edge: int, last: Step) -> int | None:
    return last.after.register if last.after.at == edge else None


def _between(before: Counted, last: Step, part: int, gap: int) -> int | None:
    """The register at an edge; nobody knows it where another one began to count."""
    if before.register is None or last.after.register is None or last.events:
        return None
    return before.register + (last.after.register - before.register) * part // gap


def _grade(register: int | None, gap: int) -> Grade:
    """How the sum at an edge is known; a `gap` of 0 means that a sample stands there."""
    if register is None or gap >= LONGEST_GAP_S:
        return Grade.ESTIMATED
    return Grade.INTERPOLATED if gap else Grade.MEASURED


def hours(before: Counted | None, samples: Iterable[Sample], most_mw: int, start: int, end: int) -> list[Hour]:
    """The hours of [start, end) in order. `before` is what was counted until `start`; `samples` are those since then in
    order of time, and go on behind `end` until the first that is believed: without it the last hour is not known."""
    walk = _Walk(before, start)
    for sample in samples:
        if sample.register is not None or sample.power is not None:
            walk.take(sample, most_mw)
    walk.pass_edges(end)
    return [walk.hour(at) for at in range(start, end, HOUR_S)]


class _Walk:
    """Along the samples of one device: the sums at edges, what happened in hours, and what stood at their ends."""

    def __init__(self, before: Counted | None, start: int) -> None:
        self._counted, self._end = before, start + HOUR_S
        self._edges: dict[int, Edge] = {}
        self._events: dict[int, Event] = {}
        self._ends: dict[int, Counted | None] = {}

    def take(self, sample: Sample, most_mw: int) -> None:
        self.pass_edges(sample.at)
        last = step(self._counted, sample, most_mw)
        hour = sample.at // HOUR_S * HOUR_S
        self._events[hour] = self._events.get(hour, Event.NONE) | last.events
        if last.believed:
            self._edges.update(edges(self._counted, last))
        self._counted = last.after

    def pass_edges(self, at: int) -> None:
        """What was counted stands at every edge up to a moment."""
        while self._end <= at:
            self._ends[self._end] = self._counted
            self._end += HOUR_S

    def hour(self, at: int) -> Hour:
        first, last = self._edges.get(at), self._edges.get(at + HOUR_S)
        events = self._events.get(at, Event.NONE) | _events(first) | _events(last)
        after = self._ends[at + HOUR_S]
        energy = _used(first, last, at + HOUR_S)
        return Hour(
            at,
            energy,
            None if after is None else (last.total if last else after.total) // UWH,
            first.register if first else None,
            Grade.MISSING if energy is None else _worst(first, last, events),
            events,
            after,
        )


def _events(edge: Edge | None) -> Event:
    return edge.events if edge else Event.NONE


def _used(first: Edge | None, last: Edge | None, end: int) -> int | None:
    """Whole Wh between two edges, unless nobody knows what was used there."""
    if first is None or last is None or (first.unknown_until is not None and end <= first.unknown_until):
        return None
    return last.total // UWH - first.total // UWH


def _worst(first: Edge | None, last: Edge | None, events: Event) -> Grade:
    grades = [edge.grade for edge in (first, last) if edge]
    return max([*grades, Grade.ESTIMATED] if events & (Event.RESET | Event.SWAP) else grades)
