"""The newest values of every device, in memory, in columns: a tick of a large city moves arrays, not objects.

They go forward in event time only.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloud.fleet.fleet import Device
from protocols.readings import Quality

NEVER = -1  # stands for a moment that there was not; times are seconds since 1970
NOT_READ = 0  # no QARTOD flag has this value

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]
Said = tuple[dict[str, float | None], dict[str, int]]  # values, and the flags that need saying
Part = tuple[str, str]  # an edge, and a kind of device


@dataclass(frozen=True, slots=True)
class Latest:
    """One device. A quantity that the newest reading does not carry keeps the value that it had."""

    kind: str
    at: int  # event time of the newest reading, Unix seconds
    values: Mapping[str, float | None]
    flags: Mapping[str, int] = field(default_factory=dict)  # what is not GOOD and not just missing


@dataclass(frozen=True, slots=True)
class Rows:
    """Readings of one kind with the same quantities; no place stands twice.

    `values[q][row]` is NaN where the device does not know.
    """

    places: Ints
    at: Ints
    quantities: Sequence[str]
    values: Floats
    flags: Flags

    def __len__(self) -> int:
        return len(self.places)


class LatestOfKind:
    """All devices of one kind. A place is an index into `devices`."""

    def __init__(self, kind: str, devices: Sequence[str]) -> None:
        self.kind, self.devices = kind, devices
        self.places: Mapping[str, int] = {device: place for place, device in enumerate(devices)}
        self.at: Ints = np.full(len(devices), NEVER, dtype=np.int64)
        self.revisions: Ints = np.zeros(len(devices), dtype=np.int64)  # grows with each change of a device
        self._values: dict[str, Floats] = {}
        self._flags: dict[str, Flags] = {}

    def take(self, rows: Rows) -> Ints:
        """Move on, and return the places that have moved: the other rows are older than what is known."""
        fresh = np.flatnonzero(rows.at >= self.at[rows.places])
        places = rows.places[fresh]
        self.at[places] = rows.at[fresh]
        self.revisions[places] += 1
        for n, quantity in enumerate(rows.quantities):
            self._make(quantity)
            self._values[quantity][places] = rows.values[n, fresh]
            self._flags[quantity][places] = rows.flags[n, fresh]
        return places

    @property
    def quantities(self) -> Sequence[str]:
        """Everything that was ever read of any of them."""
        return list(self._values)

    def values(self, quantity: str, places: Ints) -> Floats:
        """As they were read; NaN is not known or was never read."""
        column = self._values.get(quantity)
        return np.full(len(places), np.nan) if column is None else column[places]

    def flags(self, quantity: str, places: Ints) -> Flags:
        """Their QARTOD flags, or NOT_READ."""
        column = self._flags.get(quantity)
        return np.full(len(places), NOT_READ, dtype=np.uint8) if column is None else column[places]

    def trusted(self, quantity: str, places: Ints) -> Floats:
        """Those that may enter a rule, a sum or a picture; NaN also for those that cannot be."""
        return np.where(self.flags(quantity, places) < Quality.SUSPECT, self.values(quantity, places), np.nan)

    def says_anything(self, places: Ints) -> NDArray[np.bool_]:
        """Where at least one value is known."""
        known = np.zeros(len(places), dtype=np.bool_)
        for column in self._values.values():
            known |= ~np.isnan(column[places])
        return known

    def latest(self, places: Ints) -> list[Latest | None]:
        """Devices one by one; `None` for those that have never been heard of."""
        quantities = list(self._values)
        shape = len(quantities), len(places)
        values = np.array([self._values[q][places] for q in quantities], dtype=np.float64).reshape(shape).T
        flags = np.array([self._flags[q][places] for q in quantities], dtype=np.uint8).reshape(shape).T
        is_plain = ((flags == Quality.GOOD) & ~np.isnan(values)).all(axis=1)
        return [
            None
            if at == NEVER
            else Latest(self.kind, at, *(_plain if plain else _mixed)(quantities, numbers, flags[n]))
            for n, (at, plain, numbers) in enumerate(
                zip(self.at[places].tolist(), is_plain.tolist(), values.tolist(), strict=True)
            )
        ]

    def _make(self, quantity: str) -> None:
        if quantity not in self._values:
            self._values[quantity] = np.full(len(self.devices), np.nan)
            self._flags[quantity] = np.full(len(self.devices), NOT_READ, dtype=np.uint8)


class LatestValues:
    """By kind, and by device. `parts` are the places of each edge's devices of a kind."""

    def __init__(self, devices: Iterable[Device]) -> None:
        kinds: dict[str, list[str]] = {}
        parts: dict[Part, list[int]] = {}
        for device in devices:
            names = kinds.setdefault(device.kind, [])
            parts.setdefault((device.edge, device.kind), []).append(len(names))
            names.append(device.id)
        self.kinds: Mapping[str, LatestOfKind] = {kind: LatestOfKind(kind, names) for kind, names in kinds.items()}
        self.parts: Mapping[Part, Ints] = {part: np.array(places) for part, places in parts.items()}

    def get(self, device: str) -> Latest | None:
        """What is known of a device; `None` when it has never been heard of."""
        for columns in self.kinds.values():
            if (place := columns.places.get(device)) is not None:
                return columns.latest(np.array([place]))[0]
        return None

    @property
    def newest_at(self) -> int | None:
        """Event time of the newest reading of all, Unix seconds."""
        newest = max((int(columns.at.max()) for columns in self.kinds.values()), default=NEVER)
        return None if newest == NEVER else newest


def known(value: float) -> float | None:
    """A number of a column as a value."""
    return None if math.isnan(value) else value


def _plain(quantities: Sequence[str], numbers: Sequence[float], _flags: Flags) -> Said:
    return dict(zip(quantities, numbers, strict=True)), {}


def _mixed(quantities: Sequence[str], numbers: Sequence[float], flags: Flags) -> Said:
    read = [
        (q, known(number), flag) for q, number, flag in zip(quantities, numbers, flags.tolist(), strict=True) if flag
    ]
    return {q: value for q, value, _ in read}, {q: flag for q, value, flag in read if flag != _expected(value)}


def _expected(value: float | None) -> Quality:
    return Quality.GOOD if value is not None else Quality.MISSING
