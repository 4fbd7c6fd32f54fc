"""The tables of the DuckDB store: one wide table for each kind, a number for each device, one mark.

    samples."{kind}"   device INTEGER, "at" BIGINT, "{quantity}" DOUBLE, "{quantity}_q" UTINYINT, …
    summaries."{name}" "key" INTEGER, "at" BIGINT, "{field}" DOUBLE, …
    own.devices        number, name          (of devices and keys; a number is found four times as fast as a name)
    own.mark           inbox, position

A point stands once. Rows come in order of arrival, so DuckDB's zone maps on `at` keep a look at the last day from
reading the year.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import duckdb
import numpy as np

from cloud.telemetry import duckdb_sql as sql
from cloud.telemetry import frames
from cloud.telemetry.frames import Frame
from cloud.telemetry.store import Columns, Mark, Rollup, Stats, StoreRefused, Summaries
from protocols.quantities import QUANTITIES
from protocols.readings import Table

MOST_KINDS = 64  # a rogue edge must not make a table for every row
_SEARCH_GAP_S = 3_600
_MOST_SEARCHES = 16

Numpy = dict[str, Any]


class Tables:
    """Everything that is done with one open connection, in one thread."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._db = connection
        for statement in sql.SCHEMA:
            connection.execute(statement)
        self._remember()

    def write(self, tables: Sequence[Table], mark: Mark | None) -> None:
        """Data and mark in one transaction."""
        with self._transaction():
            for kind, group in frames.by_kind(tables).items():
                self._write_kind(kind.lower(), group)
            if mark is not None:
                self._db.execute("DELETE FROM own.mark")
                self._db.execute("INSERT INTO own.mark VALUES (?, ?)", [mark.inbox, mark.position])

    def mark(self) -> Mark | None:
        row = self._db.execute("SELECT inbox, position FROM own.mark").fetchone()
        return Mark(*row) if row else None

    def raw(self, kind: str, device: str, quantities: Sequence[str], start: int, end: int) -> Columns:
        """The columns that exist are read; the others were never stored."""
        there = self._there(kind, quantities)
        if not there or device not in self._numbers:
            return Columns([], {q: [] for q in quantities}, {q: [] for q in quantities})
        rows = self._db.execute(sql.raw(kind, there), [self._numbers[device], start, end]).fetchnumpy()
        nothing: list[None] = [None] * len(rows["at"])
        return Columns(
            rows["at"].tolist(),
            {q: rows[q].tolist() if q in there else nothing for q in quantities},
            {q: rows[f"{q}_q"].tolist() if q in there else nothing for q in quantities},
        )

    def rollup(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int, step_s: int
    ) -> Rollup:
        there = self._there(kind, quantities)
        numbers = [self._numbers[device] for device in devices if device in self._numbers]
        if not there or (devices and not numbers):
            return Rollup([], [], {q: _no_stats(0) for q in quantities})
        parameters = [step_s, step_s, start, end, numbers, numbers]
        rows = self._db.execute(sql.rollup(kind, there), parameters).fetchnumpy()
        stats = {q: _stats(rows, q) if q in there else _no_stats(len(rows["name"])) for q in quantities}
        return Rollup(rows["name"].tolist(), rows["slot"].tolist(), stats)

    def series(self, kind: str) -> list[str]:
        if kind.lower() not in self._columns:
            return []
        return [row[0] for row in self._db.execute(sql.series(kind)).fetchall()]

    def write_summaries(self, summaries: Sequence[Summaries]) -> None:
        """All of them in one transaction."""
        with self._transaction():
            for one in summaries:
                if len(one):
                    self._write_summary(one)

    def summaries(self, name: str, keys: Sequence[str], fields: Sequence[str], start: int, end: int) -> Summaries:
        there = [f for f in fields if sql.summary_field(f) and f in self._fields.get(name.lower(), ())]
        numbers = [self._numbers[key] for key in keys if key in self._numbers]
        if name.lower() not in self._fields or (keys and not numbers):
            return Summaries(name, [], [], {f: [] for f in fields})
        found = self._db.execute(sql.rows(name, there), [start, end, numbers, numbers]).fetchnumpy()
        nothing: list[None] = [None] * len(found["at"])
        columns = {f: found[f].tolist() if f in there else nothing for f in fields}
        return Summaries(name, found["name"].tolist(), found["at"].tolist(), columns)

    def drop_before(self, name: str, time: int) -> None:
        if name.lower() in self._columns:
            self._db.execute(sql.drop_before(name), [time])
        if name.lower() in self._fields:
            self._db.execute(sql.drop_rows_before(name), [time])

    def _write_summary(self, one: Summaries) -> None:
        self._widen_summary(one.name, one.fields)
        self._number(one.keys)
        rows = _once(one, self._numbers)
        with self._registered(**rows):
            self._db.execute(sql.delete_same_rows(one.name), [int(rows["at"].min()), int(rows["at"].max())])
            self._db.execute(sql.insert_rows(one.name, list(one.fields)))

    def _widen_summary(self, name: str, fields: Iterable[str]) -> None:
        known = self._fields.get(name.lower())
        if known is None:
            self._db.execute(sql.create_summary(name))
            known = self._fields[name.lower()] = []
        for field in fields:
            if field not in known:
                self._db.execute(sql.widen_summary(name, field))
                known.append(field)

    def _write_kind(self, kind: str, tables: Sequence[Table]) -> None:
        self._number(device for table in tables for device in table.devices)
        rows = frames.folded(frames.frame(tables, self._numbers))
        self._widen(kind, rows.values)
        for first, last in frames.spans(rows.at, _SEARCH_GAP_S, _MOST_SEARCHES):
            rows = self._merged(kind, rows, first, last)
        flags = {f"{q}_q": column for q, column in rows.flags.items()}
        with self._registered(device=rows.devices, at=rows.at, **rows.values, **flags):
            self._db.execute(sql.insert(kind, list(rows.values), frames.NOT_READ))

    def _merged(self, kind: str, rows: Frame, first: int, last: int) -> Frame:
        """Points that are stored already are taken out and put under the new ones."""
        with self._registered(device=rows.devices, at=rows.at):
            old = self._db.execute(sql.same_points(kind), [first, last]).fetchnumpy()
            if not len(old["at"]):
                return rows
            self._db.execute(sql.delete_same_points(kind), [first, last])
        return frames.folded(frames.joined(_frame(old, self._columns[kind]), rows))

    def _number(self, devices: Iterable[str]) -> None:
        """Give each new device a number."""
        new = sorted(set(devices) - self._numbers.keys())
        if not new:
            return
        first = len(self._numbers) + 1
        if first + len(new) > frames.MOST_DEVICES:
            raise StoreRefused(f"more than {frames.MOST_DEVICES} devices")
        numbers = range(first, first + len(new))
        with self._registered(number=np.array(numbers), name=np.array(new, dtype=object)):
            self._db.execute("INSERT INTO own.devices SELECT number, name FROM incoming")
        self._numbers.update(zip(new, numbers, strict=True))

    def _widen(self, kind: str, quantities: Iterable[str]) -> None:
        """Make the table, and a pair of columns for each quantity that is new to it."""
        if kind not in self._columns:
            if len(self._columns) >= MOST_KINDS:
                raise StoreRefused(f"a new kind {kind!r}, but there are {MOST_KINDS} already")
            self._db.execute(sql.create(kind))
            self._columns[kind] = []
        for quantity in quantities:
            if quantity not in self._columns[kind]:
                for statement in sql.widen(kind, quantity):
                    self._db.execute(statement)
                self._columns[kind].append(quantity)

    def _there(self, kind: str, quantities: Sequence[str]) -> list[str]:
        """Those quantities that the kind has columns for. Raises StoreRefused for one that is in no dictionary."""
        asked = {q: sql.column(q) for q in quantities}
        return [q for q in asked if q in self._columns.get(kind.lower(), ())]

    @contextmanager
    def _registered(self, **columns: Any) -> Iterator[None]:
        self._db.register("incoming", columns)
        try:
            yield
        finally:
            self._db.unregister("incoming")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):  # a commit that failed has rolled back by itself
                self._db.execute("ROLLBACK")
            with suppress(duckdb.Error):
                self._remember()
            raise

    def _remember(self) -> None:
        """What the file has, for names and numbers that are asked for all the time."""
        self._numbers: dict[str, int] = dict(self._db.execute("SELECT name, number FROM own.devices").fetchall())
        self._columns: dict[str, list[str]] = {}
        for kind, column in self._db.execute(sql.COLUMNS).fetchall():
            self._columns.setdefault(kind, []).extend([column] if column in QUANTITIES else [])
        self._fields: dict[str, list[str]] = {}
        for name, field in self._db.execute(sql.SUMMARY_FIELDS).fetchall():
            self._fields.setdefault(name, []).extend([] if field in ("key", "at") else [field])


def _once(one: Summaries, numbers: Mapping[str, int]) -> Numpy:
    """A summary's rows as columns; of rows with the same key and step, the last."""
    places = {(key, at): row for row, (key, at) in enumerate(zip(one.keys, one.at, strict=True))}
    last = sorted(places.values())
    keys = np.array([numbers[one.keys[row]] for row in last], np.int32)
    at = np.array([one.at[row] for row in last], np.int64)
    fields = {f: np.array([column[row] for row in last], np.float64) for f, column in one.fields.items()}
    return {"key": keys, "at": at, **{f: np.ma.masked_invalid(column) for f, column in fields.items()}}


def _stats(rows: Numpy, quantity: str) -> Stats:
    n, *rest = (rows[f"{quantity}_{stat}"] for stat in sql.STATS)
    return Stats(n.tolist(), *(_finite(column) for column in rest))


def _finite(column: Any) -> list[float | None]:
    return [value if value is None or abs(value) < float("inf") else None for value in column.tolist()]


def _no_stats(rows: int) -> Stats:
    nothing = [None] * rows
    return Stats([0] * rows, nothing, nothing, nothing, nothing)


def _frame(rows: Numpy, quantities: Sequence[str]) -> Frame:
    """Stored rows as a frame."""
    return Frame(
        rows["device"].astype(np.int64),
        rows["at"],
        {q: np.ma.filled(rows[q], np.nan) for q in quantities},
        {q: np.ma.filled(rows[f"{q}_q"], frames.NOT_READ) for q in quantities},
    )
