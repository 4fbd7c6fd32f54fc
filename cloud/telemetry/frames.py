"""Tables of one kind as numpy columns, with each point once: the form in which an engine takes them fast."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocols.readings import Table

NOT_READ = 0  # no QARTOD flag has this value
_TIME_BITS = 38  # seconds until the year 9999; 25 bits are left for devices
MOST_DEVICES = 1 << 25

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows of (device number, second). A value without a number is NaN; a quantity that was not read has NOT_READ."""

    devices: Ints
    at: Ints
    values: Mapping[str, NDArray[np.float64]]
    flags: Mapping[str, NDArray[np.uint8]]

    def __len__(self) -> int:
        return len(self.at)

    def part(self, places: Any) -> "Frame":
        """The rows at some places: a slice, a mask, or their numbers."""
        if isinstance(places, slice):  # all of them
            return self
        values = {q: column[places] for q, column in self.values.items()}
        flags = {q: column[places] for q, column in self.flags.items()}
        return Frame(self.devices[places], self.at[places], values, flags)


def by_kind(tables: Sequence[Table]) -> dict[str, list[Table]]:
    """The tables that say anything, together with those of the same kind."""
    kinds: dict[str, list[Table]] = {}
    for table in tables:
        if len(table) and table.quantities:
            kinds.setdefault(table.kind, []).append(table)
    return kinds


def frame(tables: Sequence[Table], numbers: Mapping[str, int]) -> Frame:
    """All rows of some tables of one kind, in order."""
    quantities = dict.fromkeys(q for table in tables for q in table.quantities)
    devices = (numbers[device] for table in tables for device in table.devices)
    rows = sum(map(len, tables))
    return Frame(
        np.fromiter(devices, np.int64, rows),
        np.fromiter(chain.from_iterable(table.at for table in tables), np.int64, rows),
        {q: column_of_values([_column(table, table.values, q, None) for table in tables], rows) for q in quantities},
        {q: column_of_flags([_column(table, table.flags, q, NOT_READ) for table in tables]) for q in quantities},
    )


def column_of_values(parts: Sequence[Sequence[float | None]], rows: int) -> NDArray[np.float64]:
    """Values of several tables, `rows` in all, one after the other; `None` becomes NaN."""
    return np.fromiter(chain.from_iterable(parts), np.float64, rows)


def column_of_flags(parts: Sequence[Sequence[int]]) -> NDArray[np.uint8]:
    """Flags of several tables, one after the other; not to be written to."""
    return np.frombuffer(b"".join(map(bytes, parts)), np.uint8)


def joined(first: Frame, second: Frame) -> Frame:
    """The rows of one frame and then those of another."""
    quantities = dict.fromkeys([*first.values, *second.values])
    return Frame(
        np.concatenate([first.devices, second.devices]),
        np.concatenate([first.at, second.at]),
        {q: np.concatenate([_values(first, q), _values(second, q)]) for q in quantities},
        {q: np.concatenate([_flags(first, q), _flags(second, q)]) for q in quantities},
    )


def folded(rows: Frame) -> Frame:
    """Each point once, sorted by device and time: of what was read twice, the later row counts."""
    keys = (rows.devices << _TIME_BITS) | rows.at
    order = np.argsort(keys, kind="stable")
    if np.all(np.diff(keys[order])):  # nearly always
        return rows.part(order)
    keys, places = np.unique(keys, return_inverse=True)
    winners = {q: _last_read(places, flags, len(keys)) for q, flags in rows.flags.items()}
    return Frame(
        keys >> _TIME_BITS,
        keys & ((1 << _TIME_BITS) - 1),
        {q: np.where(won >= 0, rows.values[q][won], np.nan) for q, won in winners.items()},
        {q: np.where(won >= 0, rows.flags[q][won], NOT_READ).astype(np.uint8) for q, won in winners.items()},
    )


def spans(at: Ints, gap_s: int, most: int) -> Iterator[tuple[int, int]]:
    """The stretches of time that rows lie in, first and last second; one stretch when there would be too many."""
    times = np.unique(at)
    cuts = np.flatnonzero(np.diff(times) > gap_s) + 1
    parts = np.split(times, cuts) if len(cuts) < most else [times]
    return ((int(part[0]), int(part[-1])) for part in parts if len(part))


def _column(table: Table, columns: Sequence[Sequence[Any]], quantity: str, absent: Any) -> Sequence[Any]:
    if quantity in table.quantities:
        return columns[table.quantities.index(quantity)]
    return [absent] * len(table)


def _values(rows: Frame, quantity: str) -> NDArray[np.float64]:
    return rows.values.get(quantity, np.full(len(rows), np.nan))


def _flags(rows: Frame, quantity: str) -> NDArray[np.uint8]:
    return rows.flags.get(quantity, np.full(len(rows), NOT_READ, np.uint8))


def _last_read(places: Ints, flags: NDArray[np.uint8], points: int) -> Ints:
    """For each point the last of its rows in which the quantity was read, or -1."""
    winners = np.full(points, -1, np.int64)
    read = np.flatnonzero(flags)
    np.maximum.at(winners, places[read], read)
    return winners
