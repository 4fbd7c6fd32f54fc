"""Where the rows of one family are: in tables of the live periods, in a table of late rows, in sealed files.

A period (an hour of samples, a day of summaries) is its number since the epoch. Its first rows make a table of its own,
which is sealed into the main file, generation 0. Rows that come for it later stand in a late table, which holds any
periods and is sealed into one late file for each; a later generation stands above an earlier one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cloud.telemetry.families import Family

MAIN = 0  # the generation of a period's first file
MOST_OPEN = 26  # periods with tables of their own: a day that the cloud was away, and an hour on each side


@dataclass(slots=True)
class Hot:
    """One table in DuckDB, with the quantities or fields that it has columns for."""

    name: str
    columns: set[str]


@dataclass(slots=True)
class Late(Hot):
    """A table of late rows. `periods` may name one that it has no row of any more."""

    periods: set[int]


@dataclass(frozen=True, slots=True)
class File:
    """One sealed file."""

    path: Path
    bytes: int


@dataclass(frozen=True, slots=True)
class Sources:
    """What has to be read for a span. A later rank stands above an earlier one.

    Of what is ranked only `ranked_periods` are read: a row may have come late meanwhile for a period of `tables` or
    `files`, which would be read beside the row that it replaces.
    """

    tables: tuple[str, ...] = ()  # periods that stand in one place only
    files: tuple[Path, ...] = ()
    ranked_tables: tuple[tuple[int, str], ...] = ()  # periods that stand in several
    ranked_files: tuple[Path, ...] = ()
    ranked_periods: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tables or self.files or self.ranked_tables or self.ranked_files)


@dataclass(slots=True)
class Shelf:
    """Everything of one family. `frozen` are tables that take no more rows and are not sealed yet."""

    family: Family
    columns: set[str] = field(default_factory=set)
    open: dict[int, Hot] = field(default_factory=dict)
    frozen: dict[int, Hot] = field(default_factory=dict)
    late: dict[int, Late] = field(default_factory=dict)
    writing: int | None = None  # the late table that takes rows now
    files: dict[int, dict[int, File]] = field(default_factory=dict)
    newest: int = MAIN  # of the generations that were ever given out

    def span(self, period: int) -> tuple[int, int]:
        """Its seconds, [start, end)."""
        return period * self.family.period_s, (period + 1) * self.family.period_s

    def may_open(self, period: int) -> bool:
        """Nothing is known of a period yet, and there is room for one more table."""
        return not (
            len(self.open) >= MOST_OPEN
            or period in self.files
            or period in self.frozen
            or any(period in late.periods for late in list(self.late.values()))
        )

    def next_generation(self) -> int:
        """Above all that are in a table or in a file, also in one that is just being deleted."""
        files = (generation for files in self.files.values() for generation in files)
        self.newest = max([self.newest, *self.late, *files]) + 1
        return self.newest

    def tables(self) -> Iterator[Hot]:
        """Every table."""
        for tables in (self.open, self.frozen, self.late):
            yield from list(tables.values())

    def periods(self) -> list[int]:
        """Every period that may have rows, in order."""
        late = {period for table in list(self.late.values()) for period in list(table.periods)}
        return sorted(late.union(list(self.open), list(self.frozen), list(self.files)))

    def sources(self, start: int, end: int) -> Sources:
        """Where the rows of [start, end) are."""
        first, last = start // self.family.period_s, -(-end // self.family.period_s)
        late = {n: table for n, table in sorted(self.late.items()) if _inside(table.periods, first, last)}
        return self._sorted(range(first, last), late)

    def _sorted(self, span: range, late: dict[int, Late]) -> Sources:
        several = {period for table in late.values() for period in list(table.periods)}
        several |= {period for period, files in list(self.files.items()) if max(files) > MAIN}
        tables, files = self._places(span)
        return Sources(
            tuple(name for period, name in tables if period not in several),
            tuple(path for period, path in files if period not in several),
            (
                *((MAIN, name) for period, name in tables if period in several),
                *((generation, table.name) for generation, table in late.items()),
            ),
            tuple(path for period, path in files if period in several),
            tuple(sorted(period for period in several if period in span)),
        )

    def _places(self, span: range) -> tuple[list[tuple[int, str]], list[tuple[int, Path]]]:
        """Period and place of the tables of live periods, and of the files."""
        live = {**self.open, **self.frozen}  # in this order: a table is frozen before it is no longer open
        tables = [(period, hot.name) for period, hot in live.items() if period in span]
        known = [(period, files) for period, files in list(self.files.items()) if period in span]
        return tables, [(period, file.path) for period, files in sorted(known) for file in files.values()]


def _inside(periods: Iterable[int], first: int, last: int) -> bool:
    return any(first <= period < last for period in list(periods))
