"""Energy of lamps, streets, cities and the province by hour, day and month; hours of any device."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from cloud.errors import NotReady, NotThere, Refused, TooLong
from cloud.fleet.fleet import LUMINAIRE, Device
from cloud.fleet.view import View
from cloud.latest.service import units
from cloud.rollups.cursor import GRACE_S
from cloud.rollups.periods import Span, Step, periods
from cloud.rollups.schemas import By, EnergyOut, EnergyRowOut, EventName, HoursOut
from cloud.rollups.topology import METER, Level, Topology
from cloud.rollups.written import hourly
from cloud.telemetry.store import StoreError, Summaries, TelemetryStore
from protocols.clock import DomainClock
from rules.energy import HOUR_S, Event, Grade
from rules.fleet_energy import Ints
from rules.fleet_rollup import Floats
from rules.rollup import STATS

MOST_ROWS = 400_000  # hours that one answer reads
LONGEST = timedelta(days=366)
_USUAL = {Step.HOUR: timedelta(days=1), Step.DAY: timedelta(days=31), Step.MONTH: timedelta(days=365)}
_PROVINCE = "/"  # the id of the whole, which is summed up from its cities
_DEVICES = {By.LAMP: LUMINAIRE, By.METER: METER}  # what counts energy by itself
_OF_DEVICES = ("energy_wh", "energy_q", "energy_events")
_OF_SUMS = ("energy_wh", "energy_estimated_wh", "energy_missing_n", "energy_events", "lamps_n")
_EVENTS: Mapping[Event, EventName] = {
    Event.RESET: "reset",
    Event.SWAP: "swap",
    Event.GAP: "gap",
    Event.DIP: "dip",
}


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of hours as columns: the place of its key, its hour, energy, the estimated part, hours that are missing."""

    keys: Ints
    at: Ints
    energy: Floats
    estimated: Floats
    known: Floats
    events: Ints


class Energy:
    """Reads the summaries that the roll-ups have written."""

    def __init__(self, clock: DomainClock, topology: Topology, store: TelemetryStore) -> None:
        self._clock, self._topology, self._store = clock, topology, store

    @cached_property
    def _sizes(self) -> Mapping[By, Mapping[str, int]]:
        """How many devices belong to each id."""
        kinds = self._topology.kinds
        single = {by: dict.fromkeys(kinds[kind].ids, 1) if kind in kinds else {} for by, kind in _DEVICES.items()}
        whole = {_PROVINCE: len(self._topology.fleet.lamps)}
        return {**single, **{By(level.name): _members(level) for level in self._topology.levels}, By.PROVINCE: whole}

    async def over_time(
        self, by: By, ids: Sequence[str], start: datetime | None, end: datetime | None, step: Step, view: View
    ) -> EnergyOut:
        """Rows for each id, or for all that are seen. Raises NotThere, TooLong, Refused and NotReady."""
        wanted, read = self._wanted(by, ids, view), len(set(ids)) or len(self._sizes[by])
        until, timezone = end or self._clock.now(), _timezone(view)
        spans = _spans(step, start or until - _USUAL[step], until, timezone)
        if read * (spans[-1][1] - spans[0][0]) // HOUR_S > MOST_ROWS:
            raise TooLong("ask for fewer ids or a shorter time")
        found = await self._read(by, ids, spans)
        rows = self._rows(by, wanted, spans, _table(by, found, self._places(by, wanted)))
        return EnergyOut(by=by, step=step, timezone=timezone.key, rows=rows)

    async def hours(
        self, device_id: str, quantities: Sequence[str], start: datetime | None, end: datetime | None
    ) -> HoursOut:
        """A device's hours that begin in [start, end). Raises NotThere, TooLong, Refused and NotReady."""
        device = self._device(device_id)
        until = end or self._clock.now()
        since = start or until - _USUAL[Step.DAY]
        _check(since, until)
        fields = [f"{quantity}_{stat}" for quantity in quantities for stat in STATS]
        found = await self._ask(
            hourly(device.kind), [device.id], fields, (int(since.timestamp()), int(until.timestamp()))
        )
        columns = {q: {stat: list(found.fields[f"{q}_{stat}"]) for stat in STATS} for q in quantities}
        return HoursOut(id=device.id, kind=device.kind, at=list(found.at), quantities=columns, units=units(quantities))

    def _wanted(self, by: By, ids: Sequence[str], view: View) -> Sequence[str]:
        known = self._seen(by, view)
        for name in ids:
            if name not in known:
                raise NotThere(f"there is no {by.value} {name}")
        return sorted(set(ids)) if ids else sorted(known)

    def _seen(self, by: By, view: View) -> Collection[str]:
        """A sum is for who may see every lamp in it."""
        if view.is_whole:
            return self._sizes[by]
        if by in _DEVICES:
            return {name for name in self._sizes[by] if view.sees(name)}
        if by is By.PROVINCE:
            return ()
        level = self._topology.level(by.value)
        hidden = set(level.members.owners[~view.mask[level.members.lamps]].tolist())
        return {name for n, name in enumerate(level.ids) if n not in hidden}

    def _places(self, by: By, wanted: Sequence[str]) -> Mapping[str, int]:
        """In which place of what is wanted each key counts. A city that has gone counts nowhere."""
        if by is By.PROVINCE:
            return dict.fromkeys(self._topology.fleet.sites if wanted else (), 0)
        return {name: n for n, name in enumerate(wanted)}

    async def _read(self, by: By, ids: Sequence[str], spans: Sequence[Span]) -> Summaries:
        name, fields = (_DEVICES[by], _OF_DEVICES) if by in _DEVICES else (by.value, _OF_SUMS)
        if by is By.PROVINCE:
            name, ids = By.CITY.value, ()
        return await self._ask(hourly(name), ids, fields, (spans[0][0], spans[-1][1]))

    async def _ask(self, name: str, keys: Sequence[str], fields: Sequence[str], span: Span) -> Summaries:
        try:
            return await self._store.summaries(name, keys, fields, *span)
        except StoreError as error:
            raise NotReady("the telemetry store does not answer") from error

    def _rows(self, by: By, ids: Sequence[str], spans: Sequence[Span], table: _Table) -> list[EnergyRowOut]:
        """All periods of all ids; what has not been closed yet is not missing."""
        over = (self._clock.seconds() - GRACE_S) // HOUR_S * HOUR_S
        hours = [max(0, min(end, over) - start) // HOUR_S for start, end in spans]
        cells = _summed(table, [start for start, _ in spans], len(ids))
        periods_of_all = ((name, span, hour) for name in ids for span, hour in zip(spans, hours, strict=True))
        return [
            _row(name, span, hour * self._sizes[by][name], *cell)
            for (name, span, hour), cell in zip(periods_of_all, cells, strict=True)
        ]

    def _device(self, device_id: str) -> Device:
        device = self._topology.fleet.devices.get(device_id)
        if device is None:
            raise NotThere(f"there is no device {device_id}")
        return device


def _timezone(view: View) -> ZoneInfo:
    """By whose days is counted: the first city's that is seen."""
    return ZoneInfo(view.first.timezone)


def _spans(step: Step, start: datetime, end: datetime, timezone: ZoneInfo) -> list[Span]:
    _check(start, end)
    return periods(step, start, end, timezone)


def _check(start: datetime, end: datetime) -> None:
    if start >= end:
        raise Refused("`from` must be before `to`")
    if end - start > LONGEST:
        raise TooLong(f"ask for at most {LONGEST.days} days at once")


def _table(by: By, found: Summaries, places: Mapping[str, int]) -> _Table:
    rows = [row for row, key in enumerate(found.keys) if key in places]
    fields = {name: np.array([column[row] for row in rows], np.float64) for name, column in found.fields.items()}
    energy = np.nan_to_num(fields["energy_wh"])
    if by in _DEVICES:
        known = ~np.isnan(fields["energy_wh"])
        estimated = np.where(fields["energy_q"] >= Grade.ESTIMATED, energy, 0.0)
    else:
        known = fields["lamps_n"] - fields["energy_missing_n"]
        estimated = np.nan_to_num(fields["energy_estimated_wh"])
    return _Table(
        np.array([places[found.keys[row]] for row in rows], np.int64),
        np.array([found.at[row] for row in rows], np.int64),
        energy,
        estimated,
        known.astype(np.float64),
        np.nan_to_num(fields["energy_events"]).astype(np.int64),
    )


def _members(level: Level) -> Mapping[str, int]:
    counts = np.bincount(level.members.owners, minlength=level.members.count)
    return dict(zip(level.ids, counts.tolist(), strict=True))


def _summed(table: _Table, starts: Sequence[int], ids: int) -> Iterator[tuple[float, float, float, int]]:
    """Energy, its estimated part, hours that are known and events for each id and each period."""
    place = table.keys * len(starts) + np.searchsorted(starts, table.at, "right") - 1
    count = ids * len(starts)
    columns = (np.bincount(place, column, count).tolist() for column in (table.energy, table.estimated, table.known))
    events = np.zeros(count, np.int64)
    np.bitwise_or.at(events, place, table.events)
    return zip(*columns, events.tolist(), strict=True)


def _row(
    name: str, span: Span, hours: int, energy: float, estimated: float, known_hours: float, events: int
) -> EnergyRowOut:
    """Watt-hours are whole numbers, so sums are exact; a share is told to the thousandth."""
    known = round(known_hours)
    expected = max(hours, known)
    sound = known / expected * (1 - estimated / energy if energy else 1.0) if expected else None
    return EnergyRowOut(
        id=name,
        start=datetime.fromtimestamp(span[0], UTC),
        end=datetime.fromtimestamp(span[1], UTC),
        energy_kwh=energy / 1000 if known else None,
        estimated_kwh=estimated / 1000,
        device_hours=expected,
        missing_hours=expected - known,
        measured_share=None if sound is None else round(sound, 3),
        events=[word for event, word in _EVENTS.items() if events & event],
    )
