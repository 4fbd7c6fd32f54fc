"""What the embedded store has: shelves, their tables and files, and a number for each device or key.

    shapes."samples.luminaire"           no rows; every column that the family has ever had
    hot."samples.luminaire.h498184"      the rows of one live hour
    hot."samples.luminaire.late3"        rows that came for hours that had been sealed
    own.numbers                          number, name     (a number is found four times as fast as a name)
    own.mark                             inbox, position
    own.tally                            samples in each sealed file

A table, a column or a number is committed before the first row that needs it: a write that fails leaves at most an
empty table behind. Dropping a table is what makes its sealed file count: until then the file is nothing.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from cloud.telemetry import frames, sealed
from cloud.telemetry.families import Family, Part, family
from cloud.telemetry.merging import literal, shape
from cloud.telemetry.shelves import MAIN, Hot, Late, Shelf
from cloud.telemetry.store import StoreRefused
from cloud.telemetry.takeover import take_over
from cloud.telemetry.transactions import registered

MOST_KINDS = 64  # a rogue edge must not make a table for every row
_SCHEMAS = ("own", "shapes", "hot")
_TABLES = (
    "CREATE TABLE IF NOT EXISTS own.mark (inbox VARCHAR NOT NULL, position BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS own.numbers (number INTEGER NOT NULL, name VARCHAR NOT NULL)",
    "CREATE TABLE IF NOT EXISTS own.tally (family VARCHAR, period BIGINT, generation INTEGER, samples BIGINT)",
)
_COLUMNS = (
    "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = ? "  # quicker than information_schema
    "ORDER BY table_name, column_index"
)
_HOT = re.compile(r"(samples|summaries)\.([^.]+)\.(h|late)(\d+)")


class Catalogue:
    """Changes are made by the thread that writes, or with its lock. A file that `is_new` is not asked what it has:
    DuckDB's first list of its tables takes as long as opening it."""

    def __init__(self, db: duckdb.DuckDBPyConnection, root: Path, *, is_new: bool = False) -> None:
        self._db, self.root = db, root
        for schema in _SCHEMAS:
            db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        if not is_new:
            take_over(db)
        for statement in _TABLES:
            db.execute(statement)
        self.shelves: dict[Family, Shelf] = {}
        if not is_new:
            self._remember_shapes()
            self._remember_tables()
        self._remember_files()
        self.numbers: dict[str, int] = self._remember_numbers()

    def known(self, part: Part, name: str) -> Shelf | None:
        """A shelf that has been written to."""
        return self.shelves.get(Family(part, name.lower()))

    def shelf(self, part: Part, name: str) -> Shelf:
        """The shelf of a kind or a summary; a new one is made. Raises StoreRefused."""
        of = family(part, name)
        if of not in self.shelves:
            kinds = sum(other.part is Part.SAMPLES for other in self.shelves)
            if part is Part.SAMPLES and kinds >= MOST_KINDS:
                raise StoreRefused(f"a new kind {name!r}, but there are {MOST_KINDS} already")
            self._db.execute(f'CREATE TABLE {shape(of)} (number INTEGER NOT NULL, "at" BIGINT NOT NULL)')
            self.shelves[of] = Shelf(of)
        return self.shelves[of]

    def widen(self, shelf: Shelf, names: Iterable[str]) -> None:
        """Columns for quantities or fields that are new to a shelf. Raises StoreRefused."""
        self._widen(shape(shelf.family), shelf.family, shelf.columns, names)

    def widen_table(self, of: Family, table: Hot, names: Iterable[str]) -> None:
        """Columns for quantities or fields that are new to a table."""
        self._widen(table.name, of, table.columns, names)

    def number(self, names: Iterable[str]) -> None:
        """Give each new device or key a number. Raises StoreRefused."""
        new = sorted(set(names) - self.numbers.keys())
        if not new:
            return
        first = len(self.numbers) + 1
        if first + len(new) > frames.MOST_DEVICES:
            raise StoreRefused(f"more than {frames.MOST_DEVICES} devices")
        numbers = range(first, first + len(new))
        with registered(self._db, number=np.array(numbers), name=np.array(new, dtype=object)):
            self._db.execute("INSERT INTO own.numbers SELECT number, name FROM incoming")
        self.numbers.update(zip(new, numbers, strict=True))

    def bytes(self) -> int:
        """How much the sealed files take."""
        periods = [files for shelf in list(self.shelves.values()) for files in list(shelf.files.values())]
        return sum(file.bytes for files in periods for file in list(files.values()))

    def homes(self, shelf: Shelf, at: NDArray[np.int64]) -> list[tuple[Hot, Any]]:
        """The tables that take rows at these seconds, each with the places of its rows."""
        periods = at // shelf.family.period_s
        homes = {int(period): self._home(shelf, int(period)) for period in np.unique(periods)}
        if len(homes) == 1:
            return [(hot, slice(None)) for hot in homes.values()]
        tables = {hot.name: hot for hot in homes.values()}
        own = {name: [period for period, hot in homes.items() if hot.name == name] for name in tables}
        return [(hot, np.isin(periods, own[name])) for name, hot in tables.items()]

    def _home(self, shelf: Shelf, period: int) -> Hot:
        """The table that takes a period's rows now; it is made when there is none."""
        if period in shelf.open:
            return shelf.open[period]
        if shelf.may_open(period):
            shelf.open[period] = Hot(self._make(shelf, f"h{period}"), set(shelf.columns))
            return shelf.open[period]
        late = self._late(shelf)
        late.periods.add(period)
        return late

    def _late(self, shelf: Shelf) -> Late:
        if shelf.writing is None:
            generation = shelf.next_generation()
            shelf.late[generation] = Late(self._make(shelf, f"late{generation}"), set(shelf.columns), set())
            shelf.writing = generation
        return shelf.late[shelf.writing]

    def _make(self, shelf: Shelf, suffix: str) -> str:
        name = f'hot."{shelf.family}.{suffix}"'
        self._db.execute(f"CREATE TABLE {name} AS FROM {shape(shelf.family)} LIMIT 0")
        return name

    def _widen(self, table: str, of: Family, there: set[str], names: Iterable[str]) -> None:
        new = [name for name in names if name not in there]
        for column in [column for name in new for column in of.typed(name)]:
            self._db.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}")
        there.update(new)

    def _remember_shapes(self) -> None:
        for table, columns in self._columns("shapes").items():
            part, _, name = table.partition(".")
            of = Family(Part(part), name)
            self.shelves[of] = Shelf(of, set(of.whole_names(columns)))

    def _remember_tables(self) -> None:
        for table, columns in self._columns("hot").items():
            match = _HOT.fullmatch(table)
            if match is not None:
                shelf = self.shelves[Family(Part(match[1]), match[2])]
                self._remember_table(shelf, f'hot."{table}"', match[3] == "late", int(match[4]), columns)

    def _remember_table(self, shelf: Shelf, name: str, late: bool, number: int, columns: Iterable[str]) -> None:
        names = set(shelf.family.whole_names(columns))
        if not late:
            shelf.open[number] = Hot(name, names)
            return
        rows = self._db.execute(f'SELECT DISTINCT "at" // {shelf.family.period_s} FROM {name}').fetchall()  # noqa: S608
        shelf.late[number] = Late(name, names, {row[0] for row in rows})
        shelf.writing = max(shelf.late)

    def _remember_files(self) -> None:
        """A file whose table is still there was not finished: the table has it all."""
        sealed.forget_unfinished(self.root)
        lost: dict[Family, list[Path]] = {}
        for of, period, generation, file in sealed.found(self.root):
            shelf = self.shelves.setdefault(of, Shelf(of))
            if period in shelf.open if generation == MAIN else generation in shelf.late:
                file.path.unlink()
                continue
            shelf.files.setdefault(period, {})[generation] = file
            if not shelf.columns:
                lost.setdefault(of, []).append(file.path)
        for of, paths in lost.items():
            self._learn_shape(self.shelves[of], paths)

    def _learn_shape(self, shelf: Shelf, paths: Sequence[Path]) -> None:
        """The database was lost, its files were not."""
        listed = ", ".join(literal(path) for path in paths)
        described = self._db.execute(f"DESCRIBE FROM read_parquet([{listed}], union_by_name = true)").fetchall()
        self._db.execute(
            f'CREATE TABLE IF NOT EXISTS {shape(shelf.family)} (number INTEGER NOT NULL, "at" BIGINT NOT NULL)'
        )
        self.widen(shelf, sorted(shelf.family.names(row[0] for row in described)))

    def _remember_numbers(self) -> dict[str, int]:
        saved = self.root / sealed.NUMBERS
        if saved.exists() and not self._db.execute("SELECT 1 FROM own.numbers LIMIT 1").fetchall():
            self._db.execute(f"INSERT INTO own.numbers SELECT number, name FROM read_parquet({literal(saved)})")  # noqa: S608
        return dict(self._db.execute("SELECT name, number FROM own.numbers").fetchall())

    def _columns(self, schema: str) -> dict[str, list[str]]:
        columns: dict[str, list[str]] = {}
        for table, column in self._db.execute(_COLUMNS, [schema]).fetchall():
            columns.setdefault(table, []).append(column)
        return columns
