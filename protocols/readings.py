"""What was measured, by which device, when, and how far it can be trusted."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z, the last that datetime can hold


class Quality(IntEnum):
    """The QARTOD flags (IOOS, Manual for the Use of Real-Time Data Quality Control)."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


_GOOD, _MISSING = int(Quality.GOOD), int(Quality.MISSING)


@dataclass(frozen=True, slots=True)
class Reading:
    """One device at one moment.

    `at` is UTC in whole seconds. A value of `None` means that the device said it does not know; a quantity that was
    not read is absent. `flags` holds only what is not GOOD, or not MISSING where there is no value.
    """

    device: str
    kind: str  # the measurement of the store: luminaire, meter, water_station, air_station
    at: int
    values: Mapping[str, float | None]
    flags: Mapping[str, Quality] = field(default_factory=dict)

    def flag(self, quantity: str) -> Quality:
        """The quality of one value; a value of `None` is MISSING unless something worse was said."""
        return self.flags.get(quantity, _expected(self.values[quantity]))


@dataclass(frozen=True, slots=True)
class Table:
    """Readings of one kind with the same quantities, in columns: the form that travels and is stored.

    `values[c][r]` and `flags[c][r]` belong to `quantities[c]` of `devices[r]` at `at[r]`.
    """

    kind: str
    quantities: tuple[str, ...]
    devices: Sequence[str]
    at: Sequence[int]
    values: Sequence[Sequence[float | None]]
    flags: Sequence[Sequence[int]]

    def __len__(self) -> int:
        return len(self.devices)

    def where(self, wanted: Callable[[str], bool]) -> "Table":
        """Only the rows whose device is wanted."""
        rows = [row for row, device in enumerate(self.devices) if wanted(device)]
        return Table(
            self.kind,
            self.quantities,
            [self.devices[row] for row in rows],
            [self.at[row] for row in rows],
            [[column[row] for row in rows] for column in self.values],
            [[column[row] for row in rows] for column in self.flags],
        )

    def part(self, rows: slice) -> "Table":
        """Some neighbouring rows."""
        return Table(
            self.kind,
            self.quantities,
            self.devices[rows],
            self.at[rows],
            [column[rows] for column in self.values],
            [column[rows] for column in self.flags],
        )

    def readings(self) -> Iterator[Reading]:
        """The rows as single readings, in order."""
        for row, (device, at) in enumerate(zip(self.devices, self.at, strict=True)):
            values = {q: self.values[c][row] for c, q in enumerate(self.quantities)}
            flags = {
                q: Quality(self.flags[c][row])
                for c, q in enumerate(self.quantities)
                if self.flags[c][row] != _expected(self.values[c][row])
            }
            yield Reading(device, self.kind, at, values, flags)


def _expected(value: float | None) -> Quality:
    """The flag that needs no saying."""
    return Quality.GOOD if value is not None else Quality.MISSING


def tables(readings: Iterable[Reading]) -> list[Table]:
    """Group readings into tables by kind and set of quantities; the order inside a table is that of the readings."""
    groups: dict[tuple[str, tuple[str, ...]], list[Reading]] = {}
    ordered: dict[tuple[str, ...], tuple[str, ...]] = {}  # what is told in one order is sorted once
    for reading in readings:
        told = tuple(reading.values)
        if (quantities := ordered.get(told)) is None:
            quantities = ordered[told] = tuple(sorted(told))
        groups.setdefault((reading.kind, quantities), []).append(reading)
    return [_table(kind, quantities, rows) for (kind, quantities), rows in groups.items()]


def _table(kind: str, quantities: tuple[str, ...], rows: Sequence[Reading]) -> Table:
    values = [[row.values[q] for row in rows] for q in quantities]
    return Table(
        kind,
        quantities,
        [row.device for row in rows],
        [row.at for row in rows],
        values,
        _flags(rows, quantities, values),
    )


def _flags(
    rows: Sequence[Reading], quantities: tuple[str, ...], values: Sequence[Sequence[float | None]]
) -> list[list[int]]:
    """Mostly there is nothing to say."""
    if any(row.flags for row in rows):
        return [[int(row.flag(q)) for row in rows] for q in quantities]
    return [_flags_of_column(column) for column in values]


def _flags_of_column(column: Sequence[float | None]) -> list[int]:
    if None not in column:
        return [_GOOD] * len(column)
    return [_GOOD if value is not None else _MISSING for value in column]
