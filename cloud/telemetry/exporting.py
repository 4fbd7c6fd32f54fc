"""A part of the past as one file that any tool reads: CSV or Parquet, a row for each device and moment.

It is laid down in slices, one period each, so that nobody waits long for the store meanwhile.
"""

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb

from cloud.telemetry import merging
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.families import Part
from cloud.telemetry.shelves import Shelf

_FOLDER = "exports"


class Format(StrEnum):
    """A file's."""

    CSV = "csv"
    PARQUET = "parquet"


_OPTIONS = {
    Format.CSV: "FORMAT csv, HEADER false",
    Format.PARQUET: "FORMAT parquet, COMPRESSION zstd",
}
_MOMENT = {
    Format.CSV: "strftime(make_timestamp(\"at\" * 1000000), '%Y-%m-%dT%H:%M:%SZ')",
    Format.PARQUET: 'to_timestamp("at")',
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is exported: a kind's samples or a summary's rows in [start, end); no devices means all of them."""

    name: str
    devices: Sequence[str]
    start: int
    end: int
    format: Format


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is done: the slices in order, each a span of seconds, and a folder of its own for their files."""

    wish: Wish
    names: Sequence[str]
    header: Sequence[str]
    spans: Sequence[tuple[int, int]]
    folder: Path

    def part(self, n: int) -> Path:
        """Where a slice is written."""
        return self.folder / f"{n}.{self.wish.format}"

    @property
    def whole(self) -> Path:
        """Where all slices are joined."""
        return self.folder / f"whole.{self.wish.format}"


class Exporter:
    """Works with the cursor that reads. What the last run did not finish is deleted."""

    def __init__(self, db: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
        self._db, self._catalogue = db, catalogue
        shutil.rmtree(catalogue.root / _FOLDER, ignore_errors=True)

    def plan(self, wish: Wish) -> Plan:
        """What is there of what is wished for."""
        folder = self._catalogue.root / _FOLDER / uuid.uuid4().hex
        folder.mkdir(parents=True)
        shelf = self._shelf(wish.name)
        names = sorted(shelf.columns) if shelf else []
        columns = [column.strip('"') for column in shelf.family.columns(names)] if shelf else []
        return Plan(wish, names, ["device", "at", *columns], _spans(shelf, wish) if shelf else [], folder)

    def lay_down(self, plan: Plan, n: int) -> None:
        """One slice as a file."""
        wish, shelf = plan.wish, self._shelf(plan.wish.name)
        assert shelf is not None  # noqa: S101 - it has a slice; for mypy
        start, end = plan.spans[n]
        numbers = [self._catalogue.numbers.get(device, 0) for device in wish.devices]
        rows = merging.rows(shelf, shelf.sources(start, end), plan.names, merging.span(start, end, numbers))
        columns = ", ".join(shelf.family.columns(plan.names))
        query = (
            f'SELECT name AS device, {_MOMENT[wish.format]} AS "at", {columns} FROM ({rows}) '  # noqa: S608
            'JOIN own.numbers USING (number) ORDER BY name, "at"'
        )
        self._db.execute(f"COPY ({query}) TO {merging.literal(plan.part(n))} ({_OPTIONS[wish.format]})")

    def join(self, plan: Plan) -> None:
        """All slices as one file, in their order."""
        parts = ", ".join(merging.literal(plan.part(n)) for n in range(len(plan.spans)))
        every = f"FROM read_parquet([{parts}])" if parts else "SELECT NULL::VARCHAR AS device LIMIT 0"
        self._db.execute(f"COPY ({every}) TO {merging.literal(plan.whole)} ({_OPTIONS[plan.wish.format]})")

    def _shelf(self, name: str) -> Shelf | None:
        return next(filter(None, (self._catalogue.known(part, name) for part in Part)), None)


def _spans(shelf: Shelf, wish: Wish) -> list[tuple[int, int]]:
    clipped = ((max(start, wish.start), min(end, wish.end)) for start, end in map(shelf.span, shelf.periods()))
    return [(start, end) for start, end in clipped if start < end]
