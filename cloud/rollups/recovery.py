"""Going on after a restart: what was closed before is left as it is, and what is not known is made again from what is
stored."""

from collections.abc import Mapping, Sequence

import numpy as np

from cloud.rollups.late import ends
from cloud.rollups.state import State
from cloud.rollups.topology import Kind, Topology
from cloud.telemetry.store import TelemetryStore
from rules.energy import HOUR_S, Counted
from rules.fleet_energy import NONE, Counters, Ints
from rules.fleet_hours import Closed, OpenHours
from rules.fleet_meters import OPEN, OpenMeters, Span

_LOOK_BACK_S = 26 * HOUR_S

Newest = dict[int, tuple[int, Counted | None]]  # by a device's number: its last hour and what was counted then


def doubt(state: State) -> None:
    """Readings of another inbox may be missing in what is open: make it again from what is stored. Positions of that
    inbox mean nothing here."""
    state.position = state.closed_at = 0
    for hours in state.kinds.values():
        hours.dirty.position[:] = 0
        heard = np.flatnonzero(hours.last_at >= hours.first)
        _again(hours, heard, np.full(len(heard), hours.first), state)


async def adopt(state: State, topology: Topology, store: TelemetryStore, now: int) -> None:
    """Go on from the last rows of each device, so that its sum goes on too; all that came after them is made again.
    Raises StoreError."""
    state.skip_to(now // HOUR_S * HOUR_S - HOUR_S)
    for name, hours in state.kinds.items():
        newest = await _newest(topology.kinds[name], store, state.first)
        everyone: Ints = np.arange(len(hours))
        since = np.full(len(hours), state.first - _LOOK_BACK_S)
        for number, (at, _) in newest.items():
            since[number] = at + HOUR_S
        if hours.meters is not None:
            _go_on(hours.meters, {number: counted for number, (_, counted) in newest.items() if counted})
        _again(hours, everyone, since, state)


async def _newest(kind: Kind, store: TelemetryStore, first: int) -> Newest:
    told = await ends(store, kind, [], first - _LOOK_BACK_S, first + OPEN * HOUR_S)
    return {kind.numbers[device]: (at, counted) for device, at, counted in told if device in kind.numbers}


async def keep_corrected(
    state: State, topology: Topology, store: TelemetryStore, closed: Mapping[str, Closed]
) -> dict[str, Closed]:
    """An hour that is closed once more, because what was saved is older: a row that was made again meanwhile must not
    be undone by one that knows less. It is made again anyway. Raises StoreError."""
    return {name: await _keep_of_kind(state, topology.kinds[name], store, one) for name, one in closed.items()}


async def _keep_of_kind(state: State, kind: Kind, store: TelemetryStore, closed: Closed) -> Closed:
    hours = state.kinds[kind.name]
    if hours.meters is None or not len(closed.devices):
        return closed
    counted = hours.meters.after()
    told = await ends(store, kind, [], closed.at, closed.at + HOUR_S)
    stored = {kind.numbers[device]: one for device, _, one in told if device in kind.numbers}
    odd = [number for number, one in stored.items() if one != counted.one(number)]
    _mark(hours, odd, closed.at, state)
    return closed.without(odd)


def _mark(hours: OpenHours, numbers: Sequence[int], at: int, state: State) -> None:
    index = np.array(numbers, np.int64)
    there = np.full(len(index), at)
    hours.dirty.mark(Span(index, there, there), state.position, state.now)


def _go_on(meters: OpenMeters, counted: dict[int, Counted]) -> None:
    if not counted:
        return
    told = [(c.at, _or_none(c.register), c.power, c.total, _or_none(c.dip_at)) for c in counted.values()]
    counters, numbers = Counters(*np.array(told, np.int64).T), np.array(list(counted), np.int64)
    meters.counters.put(numbers, counters)
    meters.sealed.put(numbers, counters)


def _or_none(value: int | None) -> int:
    return NONE if value is None else value


def _again(hours: OpenHours, numbers: Ints, since: Ints, state: State) -> None:
    """From an hour of each device until the last that is open."""
    last = hours.first + (OPEN - 1) * HOUR_S
    hours.dirty.mark(Span(numbers, np.minimum(since, last), np.full(len(numbers), last)), 0, state.now)
