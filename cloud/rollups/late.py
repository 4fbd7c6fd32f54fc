"""Hours that late readings have changed, made again from what is stored."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cloud.fleet.fleet import LUMINAIRE
from cloud.rollups import written
from cloud.rollups.state import State
from cloud.rollups.topology import COUNTING, Kind, Topology
from cloud.rollups.touched import Touched
from cloud.telemetry.store import Columns, Rollup, Summaries, TelemetryStore
from rules.energy import HOUR_S, Counted
from rules.fleet_hours import POWER, STEP_S, STEPS
from rules.fleet_meters import Span
from rules.fleet_rollup import Floats
from rules.fleet_sums import LampHour
from rules.revision import CARRIED, Fields, Plan, Readings, Revised, Stored, counted_of, is_gone, plan, revise
from rules.rollup import STEP_DECIMALS

_TOGETHER = 50  # devices
_DEVICE_HOURS = 100  # in one read: a long outage of many must not fill the memory
_SETTLED_S = 120  # without more late readings, in the stream's time
_LONGEST_WAIT_S = 1_800
_LOOK_BACK_S = 26 * HOUR_S  # for the last row before: nearly always enough
_LOOK_FURTHER_S = (31 * 24 * HOUR_S, 5 * 366 * 24 * HOUR_S)

log = logging.getLogger(__name__)

Told = dict[str, dict[int, Counted | None]]  # by device and hour


@dataclass(frozen=True, slots=True)
class _One:
    """One device and the hours to be made again."""

    kind: Kind
    number: int
    first: int
    last: int

    @property
    def name(self) -> str:
        return self.kind.ids[self.number]


@dataclass(frozen=True, slots=True)
class _Try:
    """One device's hours from its readings up to a moment."""

    one: _One
    begin: Plan
    end: int


@dataclass(slots=True)
class Late:
    """`revised` and `gone` count devices whose hours were made again, or could not be."""

    state: State
    topology: Topology
    store: TelemetryStore
    touched: Touched
    revised: int = 0
    gone: int = 0

    async def some(self, stored: int) -> bool:
        """Make some hours again, as far as their readings are stored up to a position. Was there anything to do?
        Raises StoreError."""
        if stored < self.state.closed_at:
            return False
        for name, kind in self.topology.kinds.items():
            due = self._due(name, stored)
            if due:
                await self._revise([self._one(kind, number) for number in due[:_TOGETHER]])
                return True
        return False

    async def sums(self) -> None:
        """Make the sums of all touched hours again from the rows of their lamps. Raises StoreError."""
        for hour in self.touched.hours():
            await self.store.write_summaries(await self._sums_of(hour))
            await asyncio.to_thread(self.touched.done, hour)

    def _due(self, kind: str, stored: int) -> list[int]:
        hours, now = self.state.kinds[kind], self.state.now
        due: list[int] = hours.dirty.due(hours.first, stored, now - _SETTLED_S, now - _LONGEST_WAIT_S).tolist()
        return due

    def _one(self, kind: Kind, number: int) -> _One:
        hours = self.state.kinds[kind.name]
        first, last = int(hours.dirty.first[number]), int(hours.dirty.last[number])
        return _One(kind, number, first, min(last, hours.first - HOUR_S))

    async def _revise(self, ones: Sequence[_One]) -> None:
        """Only when the rows are written, a device's hours are no longer dirty."""
        kind, rows = ones[0].kind, []
        told = await self._told(kind, [one.name for one in ones], min(one.first for one in ones))
        found: list[tuple[_One, Counted | None]] = []
        again = await self._again(ones, told)
        for one in ones:
            if (revised := again[one.name]) is not None:
                rows += [(one.name, at, fields) for at, fields in revised.rows.items()]
                found.append((one, _truth(revised, told[one.name])))
        if kind.name == LUMINAIRE:
            await asyncio.to_thread(self.touched.add, [at for _, at, _ in rows])
        for part in _parts(written.hourly(kind.name), rows):
            await self.store.write_summaries([part])
        self._clear(ones)
        for one, truth in found:
            self._reconcile(one, truth)
        self.revised += len(found)
        self.gone += len(ones) - len(found)

    async def _told(self, kind: Kind, names: Sequence[str], first: int) -> Told:
        """What was counted at the ends of the hours since a day before."""
        rows = await self._rows(kind, names, first - _LOOK_BACK_S, self.state.first)
        return {name: rows[name] for name in names}

    async def _rows(self, kind: Kind, names: Sequence[str], start: int, end: int) -> Told:
        told: Told = defaultdict(dict)
        for device, at, counted in await ends(self.store, kind, names, start, end):
            told[device][at] = counted
        return told

    async def _again(self, ones: Sequence[_One], told: Told) -> dict[str, Revised | None]:
        """Each device's rows, as far as they change; `None` when its readings are no longer there."""
        upto, found = self.state.first, dict[str, Revised | None]()
        tries = [_Try(one, await self._plan(one, told), min(one.last + 2 * HOUR_S, upto)) for one in ones]
        while tries:
            unsettled = []
            async for once, readings in self._readings(tries):
                revised = found[once.one.name] = _revised(once, readings, told[once.one.name])
                if revised is not None and not revised.settled and once.end < upto:
                    unsettled.append(replace(once, end=upto))
            tries = unsettled
        return found

    async def _plan(self, one: _One, told: Told) -> Plan:
        """Look back as far as needed for the row before."""
        stored = told[one.name]
        for back in _LOOK_FURTHER_S:
            begin = plan(one.first, stored)
            if begin.before is not None or one.kind.name not in COUNTING:
                return begin
            older = await self._rows(one.kind, [one.name], begin.start - back, self.state.first)
            stored.update(older[one.name])
        return plan(one.first, stored)

    async def _readings(self, tries: Sequence[_Try]) -> AsyncIterator[tuple[_Try, Readings]]:
        """With two hours more, in which what ends the last one may stand. The same spans are read together."""
        for start, end in dict.fromkeys((once.begin.start, once.end) for once in tries):
            alike = [once for once in tries if (once.begin.start, once.end) == (start, end)]
            until = end + 2 * HOUR_S
            step = max(1, _DEVICE_HOURS * HOUR_S // (until - start))
            for first in range(0, len(alike), step):
                some = alike[first : first + step]
                read = await self._read([once.one for once in some], start, until)
                for once in some:
                    one = read[once.one.name]
                    yield once, await asyncio.to_thread(Readings.usable, one.at, one.values, one.flags)

    async def _read(self, ones: Sequence[_One], start: int, end: int) -> Mapping[str, Columns]:
        kind = ones[0].kind.name
        quantities = sorted(self.state.kinds[kind].tallies)
        return await self.store.raw_many(kind, [one.name for one in ones], quantities, start, end)

    def _clear(self, ones: Iterable[_One]) -> None:
        for one in ones:
            hours = self.state.kinds[one.kind.name]
            hours.dirty.clear(one.number, hours.first)

    def _reconcile(self, one: _One, truth: Counted | None) -> None:
        """What is counted in the open hours went on from what has changed now."""
        hours = self.state.kinds[one.kind.name]
        if hours.meters is None:
            return
        sealed = hours.meters.sealed.one(one.number)
        if truth is not None and sealed is not None and _place(truth) == _place(sealed):
            hours.meters.shift(one.number, truth.total - sealed.total)
        elif truth != sealed:
            here = np.array([one.number], np.int64), *(np.array([hours.first], np.int64) for _ in range(2))
            hours.dirty.mark(Span(*here), self.state.position, self.state.now)

    async def _sums_of(self, hour: int) -> list[Summaries]:
        """Everything that the rows of an hour's lamps add up to."""
        kind = self.topology.kinds[LUMINAIRE]
        rows = await self.store.summaries(written.hourly(LUMINAIRE), [], written.LAMP_FIELDS, hour, hour + HOUR_S)
        steps = await self.store.rollup(LUMINAIRE, [], [POWER], hour, hour + HOUR_S, STEP_S)
        return await asyncio.to_thread(self._summed, kind, hour, rows, steps)

    def _summed(self, kind: Kind, hour: int, rows: Summaries, steps: Rollup) -> list[Summaries]:
        powers = written.steps_of(hour, _powers(kind, hour, steps))
        sums = written.sums_of_hour(self.topology, hour, _lamp_hour(kind, rows))
        return [*sums, *written.sums_of_steps(self.topology, powers)]


async def ends(
    store: TelemetryStore, kind: Kind, names: Sequence[str], start: int, end: int
) -> list[tuple[str, int, Counted | None]]:
    """What stored rows say was counted at the ends of their hours: device and hour. No names means all."""
    rows = await store.summaries(written.hourly(kind.name), names, CARRIED, start, end)
    return [
        (device, at, counted_of({field: rows.fields[field][row] for field in CARRIED}))
        for row, (device, at) in enumerate(zip(rows.keys, rows.at, strict=True))
    ]


def _revised(once: _Try, readings: Readings, stored: Stored) -> Revised | None:
    one, begin = once.one, once.begin
    if is_gone(readings, stored, begin.start, once.end):
        log.warning("%s: readings for %s came too late: its older ones are gone", one.name, one.first)
        return None
    most = one.kind.most_mw[one.number]
    return revise(begin, one.last, once.end, readings, stored, most, counts=one.kind.name in COUNTING)


def _truth(revised: Revised, stored: Stored) -> Counted | None:
    """What was counted when the last closed hour ended, by what is stored now."""
    newest = {**stored, **{at: counted_of(row) for at, row in revised.rows.items() if CARRIED[0] in row}}
    return newest[max(newest)] if newest else None


def _place(counted: Counted) -> tuple[object, ...]:
    return counted.at, counted.register, counted.power, counted.dip_at


def _parts(name: str, rows: Sequence[tuple[str, int, Fields]]) -> Iterable[Summaries]:
    """The latest hours first: what is made again after a crash goes on until it meets what was written before."""
    latest_first = sorted(rows, key=lambda row: -row[1])
    for first in range(0, len(rows), written.ROWS):
        part = sorted(latest_first[first : first + written.ROWS], key=lambda row: row[:2])
        fields = sorted({field for _, _, row in part for field in row})
        columns = {field: [row.get(field) for _, _, row in part] for field in fields}
        yield Summaries(name, [row[0] for row in part], [row[1] for row in part], columns)


def _lamp_hour(kind: Kind, rows: Summaries) -> LampHour:
    ours = [(row, kind.numbers[key]) for row, key in enumerate(rows.keys) if key in kind.numbers]
    columns = {field: _column([rows.fields[field][row] for row, _ in ours]) for field in written.LAMP_FIELDS}
    return LampHour.of(len(kind.ids), np.array([number for _, number in ours], np.int64), columns)


def _column(values: Sequence[float | None]) -> Floats:
    return np.array(values, np.float64)


def _powers(kind: Kind, hour: int, steps: Rollup) -> Floats:
    """The mean power of every lamp in each step of an hour."""
    found, scale = np.full((STEPS, len(kind.ids)), np.nan), 10.0**STEP_DECIMALS
    for device, at, mean in zip(steps.devices, steps.at, steps.stats[POWER].mean, strict=True):
        if mean is not None and device in kind.numbers:
            found[(at - hour) // STEP_S, kind.numbers[device]] = round(mean * scale) / scale
    return found
