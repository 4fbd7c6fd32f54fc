"""Rows into one table: what it has already is merged with samples, and replaced by a summary's rows."""

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np

from cloud.telemetry import frames
from cloud.telemetry.families import Family, flag
from cloud.telemetry.frames import Frame
from cloud.telemetry.shelves import Hot
from cloud.telemetry.transactions import registered

_SEARCH_GAP_S = 3_600
_MOST_SEARCHES = 16

Columns = dict[str, Any]


def put_samples(db: duckdb.DuckDBPyConnection, of: Family, table: Hot, rows: Frame) -> None:
    """Points that the table has already are merged quantity by quantity."""
    for first, last in frames.spans(rows.at, _SEARCH_GAP_S, _MOST_SEARCHES):
        rows = _merged(db, of, table, rows, first, last)
    flags = {f"{q}_q": column for q, column in rows.flags.items()}
    picked = ", ".join(f'"{q}", nullif({flag(q)}, {frames.NOT_READ})' for q in rows.values)
    with registered(db, number=rows.devices, at=rows.at, **rows.values, **flags):
        _insert(db, of, table, list(rows.values), picked)


def put_rows(db: duckdb.DuckDBPyConnection, of: Family, table: Hot, rows: Columns, fields: Sequence[str]) -> None:
    """Rows that the table has already are replaced as a whole."""
    with registered(db, **rows):
        _delete_same(db, table, int(rows["at"].min()), int(rows["at"].max()))
        _insert(db, of, table, fields, ", ".join(of.columns(fields)))


def _insert(db: duckdb.DuckDBPyConnection, of: Family, table: Hot, names: Sequence[str], picked: str) -> None:
    columns = ", ".join(of.columns(names))
    db.execute(f'INSERT INTO {table.name} (number, "at", {columns}) SELECT number, "at", {picked} FROM incoming')  # noqa: S608


def _merged(db: duckdb.DuckDBPyConnection, of: Family, table: Hot, rows: Frame, first: int, last: int) -> Frame:
    """Points that are stored already are taken out and put under the new ones."""
    names = sorted(of.names(table.columns))
    with registered(db, number=rows.devices, at=rows.at):
        old = db.execute(_same_points(of, table, names), [first, last]).fetchnumpy()
        if not len(old["at"]):
            return rows
        _delete_same(db, table, first, last)
    return frames.folded(frames.joined(_frame(old, names), rows))


def _same_points(of: Family, table: Hot, names: Sequence[str]) -> str:
    """What is stored of the points of `incoming`, between two seconds."""
    columns = ", ".join(['number, "at"', *of.columns(names)])
    return (
        f'SELECT * FROM (SELECT {columns} FROM {table.name} WHERE "at" BETWEEN ? AND ?) '  # noqa: S608
        'SEMI JOIN incoming USING (number, "at")'
    )


def _delete_same(db: duckdb.DuckDBPyConnection, table: Hot, first: int, last: int) -> None:
    db.execute(
        f"DELETE FROM {table.name} t USING incoming i "  # noqa: S608
        'WHERE t.number = i.number AND t."at" = i."at" AND t."at" BETWEEN ? AND ?',
        [first, last],
    )


def _frame(rows: Columns, quantities: Sequence[str]) -> Frame:
    """Stored rows as a frame."""
    return Frame(
        rows["number"].astype(np.int64),
        rows["at"],
        {q: np.ma.filled(rows[q], np.nan) for q in quantities},
        {q: np.ma.filled(rows[f"{q}_q"], frames.NOT_READ) for q in quantities},
    )
