"""The way into the embedded store: samples with their mark, and summaries, each write one transaction."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import numpy as np

from cloud.telemetry import frames, hot
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.families import Family, Part
from cloud.telemetry.frames import Frame
from cloud.telemetry.shelves import Hot
from cloud.telemetry.store import Mark, Summaries
from cloud.telemetry.transactions import transaction
from protocols.readings import Table


class Writer:
    """Works in one thread. What a write needs of tables and columns is made before its transaction."""

    def __init__(self, db: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
        self._db, self._catalogue = db, catalogue

    def write(self, tables: Sequence[Table], mark: Mark | None) -> None:
        """Data and mark together. Raises StoreRefused."""
        loads = [load for kind, group in frames.by_kind(tables).items() for load in self._samples(kind, group)]
        with transaction(self._db):
            for family, table, rows in loads:
                hot.put_samples(self._db, family, table, rows)
            if mark is not None:
                self._db.execute("DELETE FROM own.mark")
                self._db.execute("INSERT INTO own.mark VALUES (?, ?)", [mark.inbox, mark.position])

    def mark(self) -> Mark | None:
        rows = self._db.execute("SELECT inbox, position FROM own.mark").fetchall()
        return Mark(*rows[0]) if rows else None

    def write_summaries(self, summaries: Sequence[Summaries]) -> None:
        """All of them together. Raises StoreRefused."""
        loads = [load for one in summaries if len(one) for load in self._rows(one)]
        with transaction(self._db):
            for family, table, rows, fields in loads:
                hot.put_rows(self._db, family, table, rows, fields)

    def _samples(self, kind: str, tables: Sequence[Table]) -> Iterator[tuple[Family, Hot, Frame]]:
        shelf = self._catalogue.shelf(Part.SAMPLES, kind)
        self._catalogue.number(device for table in tables for device in table.devices)
        rows = frames.folded(frames.frame(tables, self._catalogue.numbers))
        self._catalogue.widen(shelf, rows.values)
        for table, places in self._catalogue.homes(shelf, rows.at):
            self._catalogue.widen_table(shelf.family, table, rows.values)
            yield shelf.family, table, rows.part(places)

    def _rows(self, one: Summaries) -> Iterator[tuple[Family, Hot, dict[str, Any], list[str]]]:
        shelf, fields = self._catalogue.shelf(Part.SUMMARIES, one.name), list(one.fields)
        self._catalogue.widen(shelf, fields)
        self._catalogue.number(one.keys)
        rows = _once(one, [self._catalogue.numbers[key] for key in one.keys])
        for table, places in self._catalogue.homes(shelf, rows["at"]):
            self._catalogue.widen_table(shelf.family, table, fields)
            yield shelf.family, table, {name: column[places] for name, column in rows.items()}, fields


def _once(one: Summaries, numbers: Sequence[int]) -> dict[str, Any]:
    """A summary's rows as columns; of rows with the same key and step, the last."""
    places = {key: row for row, key in enumerate(zip(numbers, one.at, strict=True))}
    last = np.fromiter(places.values(), np.int64, len(places))
    values = {name: np.array(column, np.float64)[last] for name, column in one.fields.items()}
    rows = {"number": np.array(numbers, np.int32)[last], "at": np.array(one.at, np.int64)[last]}
    return rows | {name: np.ma.masked_invalid(column) for name, column in values.items()}
