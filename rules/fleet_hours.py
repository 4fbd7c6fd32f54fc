"""The open hours of all devices of one kind: statistics and energy while samples come in, in order of time.

Two hours are open: one that is over but waits for its stragglers, and the one that runs. What comes out of order, or
for an hour that was closed, is not counted here: its device's hours are named for recomputation from what is stored, so
that the result does not depend on the order of arrival.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.energy import HOUR_S, LARGEST_REGISTER_KWH
from rules.fleet_energy import NONE, Bools, Ints
from rules.fleet_meters import OPEN, OpenMeters, Samples, Span
from rules.fleet_rollup import Floats, Sums, Tallies, add, grouped, tally
from rules.rollup import STATS, STEP_DECIMALS

STEP_S = 300
STEPS = HOUR_S // STEP_S
POWER, REGISTER = "active_power", "active_energy"
_FAR_S = 86_400  # ahead: an hour that no clock of a device should name
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows sorted by device and then by time, each point once. A value that may not enter a sum is NaN."""

    devices: Ints
    at: Ints
    values: Mapping[str, Floats]

    def only(self, rows: Bools) -> "Rows":
        return Rows(self.devices[rows], self.at[rows], {q: column[rows] for q, column in self.values.items()})


@dataclass(frozen=True, slots=True)
class Dirty:
    """For each device the hours to be recomputed; from `first` (later than all when there are none) to `last`.

    `position` is the delivery that must have been stored before, `since` and `latest` are when it began and when it was
    last told, in the stream's time.
    """

    first: Ints
    last: Ints
    position: Ints
    since: Ints
    latest: Ints

    @classmethod
    def none(cls, count: int) -> "Dirty":
        return cls(np.full(count, _NEVER), *(np.zeros(count, np.int64) for _ in range(4)))

    def mark(self, span: Span, position: int, now: int) -> None:
        """More to recompute; a device may be named more than once."""
        new = span.devices[self.first[span.devices] == _NEVER]
        self.since[new], self.last[new] = now, 0
        np.minimum.at(self.first, span.devices, span.first)
        np.maximum.at(self.last, span.devices, span.last)
        self.position[span.devices], self.latest[span.devices] = position, now

    def follow(self, hour: int) -> None:
        """What was written of an hour went on from hours that are still to be made again: it is, too."""
        waiting = self.first <= hour
        self.last[waiting] = np.maximum(self.last[waiting], hour)

    def clear(self, device: int, upto: int) -> None:
        """The hours before `upto` have been recomputed; later ones may be left."""
        self.first[device] = upto if self.last[device] >= upto else _NEVER

    def due(self, before: int, position: int, settled: int, overdue: int) -> Ints:
        """Devices with such hours before a moment that are stored, and not told lately or waiting for long."""
        ready: Bools = (self.first < before) & (self.position <= position)
        return np.flatnonzero(ready & ((self.latest <= settled) | (self.since <= overdue)))


@dataclass(frozen=True, slots=True)
class Closed:
    """One hour as it is written: the devices that have a row, and a column for each field; NaN is unknown."""

    at: int
    devices: Ints
    fields: Mapping[str, Floats]

    def without(self, devices: Sequence[int]) -> "Closed":
        """The other rows."""
        others = ~np.isin(self.devices, devices)
        return Closed(self.at, self.devices[others], {name: column[others] for name, column in self.fields.items()})


class OpenHours:
    """`counts` says whether devices of the kind count energy, `steps` whether their power is kept in 5-minute steps."""

    def __init__(self, most_mw: Sequence[int], first: int, *, counts: bool, steps: bool) -> None:
        count = len(most_mw)
        self.most_mw = np.array(most_mw, np.int64)
        self.first = first
        self.last_at = np.full(count, NONE, np.int64)
        self.heard = np.zeros((OPEN, count), np.bool_)
        self.tallies: dict[str, Tallies] = {}
        self.meters = OpenMeters(count, first) if counts else None
        self.power = Sums.empty(OPEN * STEPS * count) if steps else None
        self.dirty = Dirty.none(count)

    def __len__(self) -> int:
        return len(self.most_mw)

    @property
    def end(self) -> int:
        """Nothing behind this moment is taken yet."""
        return self.first + OPEN * HOUR_S

    @property
    def is_empty(self) -> bool:
        """Has nobody been heard in the open hours?"""
        return not self.heard.any()

    def take(self, rows: Rows, position: int, now: int) -> int:
        """Count what comes in order; returns how many rows did not. `position` is the delivery's, `now` its time."""
        for quantity in rows.values:
            self.know(quantity)
        fits = (rows.at > self.last_at[rows.devices]) & (rows.at >= self.first) & (rows.at < self.end)
        late = rows.only(~fits)
        self._mark(late, position, now)
        self._count(rows.only(fits) if len(late.at) else rows, position, now)
        return len(late.at)

    def close(self) -> Closed:
        """The earlier open hour, which stays until it is forgotten."""
        count = len(self)
        columns: dict[str, Floats] = {}
        for quantity in sorted(self.tallies):
            stats = self.tallies[quantity].stats(quantity)
            columns |= {f"{quantity}_{name}": stats[name][:count] for name in STATS}
        if self.meters is not None:
            columns |= self.meters.close()
        devices = np.flatnonzero(self.heard[0])
        return Closed(self.first, devices, {name: column[devices] for name, column in columns.items()})

    def forget(self) -> None:
        """The earlier open hour has been written down."""
        self.dirty.follow(self.first)
        count = len(self)
        for tallies in self.tallies.values():
            for kept, empty in ((tallies.sums.n, 0), (tallies.sums.sum, 0)):
                _move(kept, count, empty)
            for column in (tallies.min, tallies.max, tallies.last):
                _move(column, count, np.nan)
        if self.power is not None:
            _move(self.power.n, STEPS * count, 0)
            _move(self.power.sum, STEPS * count, 0)
        if self.meters is not None:
            self.meters.forget()
        self.heard[0], self.heard[1] = self.heard[1], False
        self.first += HOUR_S

    def skip_to(self, first: int) -> None:
        """Go on with a later hour; nobody has been heard in the open ones."""
        for _ in range(min(OPEN, (first - self.first) // HOUR_S)):
            self.forget()
        self.first = first
        if self.meters is not None:
            self.meters.first = first

    def powers(self) -> Floats:
        """Mean power of each device in each 5-minute step of the open hours, W: a row for each step; NaN is unknown."""
        assert self.power is not None  # noqa: S101 - asked of lamps only; for mypy
        return self.power.means(POWER, STEP_DECIMALS).reshape(OPEN * STEPS, len(self))

    def know(self, quantity: str) -> None:
        """Keep statistics of a quantity."""
        if quantity not in self.tallies:
            self.tallies[quantity] = Tallies.empty(OPEN * len(self))

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Everything that is kept, by name: rows of as many columns as there are devices. Writing into it is restoring;
        quantities have to be known before."""
        named: dict[str, object] = {"last_at": self.last_at, "heard": self.heard, "dirty": self.dirty}
        named |= {"meters": self.meters, "power": self.power}
        named |= {f"tallies.{quantity}": tallies for quantity, tallies in self.tallies.items()}
        for name, kept in named.items():
            for path, array in _arrays(name, kept):
                yield path, array.reshape(-1, len(self))

    def _mark(self, late: Rows, position: int, now: int) -> None:
        hours = late.at // HOUR_S * HOUR_S
        near = hours < now + _FAR_S
        self.dirty.mark(Span(late.devices[near], hours[near], hours[near]), position, now)

    def _count(self, rows: Rows, position: int, now: int) -> None:
        if not len(rows.at):
            return
        self.last_at[rows.devices] = rows.at  # of a device named twice, numpy keeps the last
        slots = (rows.at - self.first) // HOUR_S
        self.heard[slots, rows.devices] = True
        for quantity, values in rows.values.items():
            tally(self.tallies[quantity], grouped(slots * len(self) + rows.devices, values), quantity)
        if self.power is not None and POWER in rows.values:
            steps = (rows.at - self.first) // STEP_S
            add(self.power, grouped(steps * len(self) + rows.devices, rows.values[POWER]), POWER)
        if self.meters is not None:
            for span in self.meters.take(samples(rows), self.most_mw):
                self.dirty.mark(span, position, now)


def samples(rows: Rows) -> Samples:
    """Registers and powers as whole numbers."""
    return Samples(rows.devices, rows.at, _whole(rows, REGISTER, LARGEST_REGISTER_KWH), _whole(rows, POWER, np.inf))


def _whole(rows: Rows, quantity: str, largest: float) -> Ints:
    """Thousandths; what is below zero counts as nothing."""
    values = rows.values.get(quantity)
    if values is None:
        return np.full(len(rows.at), NONE, np.int64)
    there = values <= largest
    return np.where(there, np.maximum(np.rint(np.where(there, values, 0) * 1000), 0), NONE).astype(np.int64)


def _arrays(name: str, kept: object) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays in a part, by their path."""
    if isinstance(kept, np.ndarray):
        yield name, kept
    elif is_dataclass(kept):
        for field in fields(kept):
            yield from _arrays(f"{name}.{field.name}", getattr(kept, field.name))
    elif isinstance(kept, OpenMeters):
        for part, value in vars(kept).items():
            yield from _arrays(f"{name}.{part}", value)


def _move(kept: NDArray[np.generic], count: int, empty: float) -> None:
    """The later half becomes the earlier one."""
    kept[:count] = kept[count:]
    kept[count:] = empty
