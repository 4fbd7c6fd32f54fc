"""What every telemetry store can do, whichever engine is behind it.

Measurement = kind of device, tag = device, every quantity a float, its QARTOD flag beside it. A point is named by
(kind, device, second): written again, it is merged quantity by quantity, and the later write wins. Times are UTC in
whole seconds, and every span is [start, end).

    StoreError
      StoreAway      cannot write or read now; the same call may work later
      StoreRefused   these data will never be taken
        StorePartly  some of them will not; the rest is stored
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from protocols.readings import LAST_SECOND, Table


class StoreError(Exception):
    """The store did not do what it was asked for."""


class StoreAway(StoreError):
    """Not now."""


class StoreRefused(StoreError):
    """Not ever."""


@dataclass(frozen=True, slots=True)
class RefusedPoint:
    """One point that an engine does not take: `name` is its device's or its key, `text` how it was written."""

    kind: str
    name: str
    at: int
    text: bytes
    why: str


class StorePartly(StoreRefused):
    """All but these points is durable."""

    def __init__(self, points: Sequence[RefusedPoint]) -> None:
        first = points[0]
        super().__init__(f"{len(points)} points refused, the first of {first.name} at {first.at}: {first.why}")
        self.points = points


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an inbox has been stored: every delivery up to and including `position`."""

    inbox: str
    position: int


@dataclass(frozen=True, slots=True)
class Columns:
    """The points of one device in order of time.

    A value of `None` has a flag when the device said that it does not know, and no flag when the quantity was not
    read at that moment. A moment at which nothing of what was asked for was read has no row.
    """

    at: Sequence[int]
    values: Mapping[str, Sequence[float | None]]
    flags: Mapping[str, Sequence[int | None]]


@dataclass(frozen=True, slots=True)
class Stats:
    """One quantity in steps of time. Values that failed their test or are suspect do not count; without any, n is 0."""

    n: Sequence[int]
    min: Sequence[float | None]
    mean: Sequence[float | None]
    max: Sequence[float | None]
    last: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Rollup:
    """Rows of (device, start of the step), in that order; steps are counted from the Unix epoch."""

    devices: Sequence[str]
    at: Sequence[int]
    stats: Mapping[str, Stats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.devices)


@dataclass(frozen=True, slots=True)
class Summaries:
    """Rows of (key, start of the step) that were computed on ingest, in that order: what city-wide questions read.

    `name` is the summary's, such as `luminaire_1h` or `ward_5m`; a key is what is summed up: a device, a segment, a
    ward. A field is a lower-case name; it carries its unit, or its quantity's (`active_power_mean`, `energy_wh`).
    `None` is unknown.
    """

    name: str
    keys: Sequence[str]
    at: Sequence[int]
    fields: Mapping[str, Sequence[float | None]]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class Health:
    """How the store is. `reason` says why it is not well; `version` is the engine's."""

    ok: bool
    bytes: int | None = None
    reason: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What differs between engines.

    `keeps_mark`: data and mark become durable in one step, so a delivery that is repeated after a crash is stored
    exactly once; otherwise it is written again over itself. `drops`: can forget the past when told to; otherwise the
    engine does so by itself. `last_second` is the last moment that a point may have.
    """

    keeps_mark: bool
    drops: bool
    last_second: int = LAST_SECOND


class TelemetryStore(Protocol):
    """One engine. Any call may raise StoreAway."""

    def capabilities(self) -> Capabilities: ...

    async def write(self, tables: Sequence[Table], mark: Mark | None) -> None:
        """Durable when it returns; when it does not, nothing is stored, or a part that is written again over itself.

        Raises StoreRefused for data that can never be stored, and StorePartly where that is some points only.
        """
        ...

    async def mark(self) -> Mark | None:
        """The last mark that is as durable as the data it stands for."""
        ...

    async def raw(self, kind: str, device: str, quantities: Sequence[str], start: int, end: int) -> Columns:
        """One device's points. What was never stored is empty, not an error."""
        ...

    async def raw_many(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int
    ) -> Mapping[str, Columns]:
        """The points of each of some devices, for the price of little more than one."""
        ...

    async def rollup(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int, step_s: int
    ) -> Rollup:
        """Statistics for each device and step; no devices means all of the kind."""
        ...

    async def write_summaries(self, summaries: Sequence[Summaries]) -> None:
        """Durable when it returns; a row of the same name, key and step is replaced as a whole. Raises StoreRefused."""
        ...

    async def summaries(self, name: str, keys: Sequence[str], fields: Sequence[str], start: int, end: int) -> Summaries:
        """Rows of [start, end), sorted by key and step; no keys means all of them."""
        ...

    async def drop_before(self, name: str, time: int) -> None:
        """Forget the points of a kind, or the rows of a summary, before a moment."""
        ...

    async def health(self) -> Health: ...

    async def close(self) -> None: ...
