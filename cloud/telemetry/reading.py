"""The way out of the embedded store: live tables and sealed files asked as one."""

from collections.abc import Sequence
from typing import Any

import duckdb

from cloud.telemetry import merging
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.families import Part, family, flag
from cloud.telemetry.shelves import Shelf
from cloud.telemetry.store import Columns, Rollup, Stats, Summaries
from protocols.readings import Quality

_STATS = ("n", "min", "mean", "max", "last")

Numpy = dict[str, Any]


class Reader:
    """Works in a thread of its own, with a cursor of its own. Nothing is sealed meanwhile."""

    def __init__(self, db: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
        self.db, self._catalogue = db, catalogue

    def raw(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int
    ) -> dict[str, Columns]:
        """The columns that exist are read; the others were never stored."""
        shelf, there = self._there(Part.SAMPLES, kind, quantities)
        numbers = self._numbers(devices)
        if shelf is None or not there or not numbers:
            return {device: _no_points(quantities) for device in devices}
        points = merging.rows(shelf, shelf.sources(start, end), there, merging.span(start, end, numbers))
        read = " OR ".join(f"{flag(q)} IS NOT NULL" for q in there)
        rows = self.db.execute(f'SELECT * FROM ({points}) WHERE {read} ORDER BY number, "at"').fetchnumpy()  # noqa: S608
        known = self._catalogue.numbers
        return {device: _points(rows, known.get(device), quantities, there) for device in devices}

    def rollup(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int, step_s: int
    ) -> Rollup:
        shelf, there = self._there(Part.SAMPLES, kind, quantities)
        numbers = self._numbers(devices)
        if shelf is None or not there or (devices and not numbers):
            return Rollup([], [], {q: _no_stats(0) for q in quantities})
        points = merging.rows(shelf, shelf.sources(start, end), there, merging.span(start, end, numbers))
        rows = self.db.execute(_rollup(points, there, step_s)).fetchnumpy()
        stats = {q: _stats(rows, q) if q in there else _no_stats(len(rows["name"])) for q in quantities}
        return Rollup(rows["name"].tolist(), rows["slot"].tolist(), stats)

    def summaries(self, name: str, keys: Sequence[str], fields: Sequence[str], start: int, end: int) -> Summaries:
        shelf, there = self._there(Part.SUMMARIES, name, fields)
        numbers = self._numbers(keys)
        if shelf is None or (keys and not numbers):
            return Summaries(name, [], [], {field: [] for field in fields})
        rows = merging.rows(shelf, shelf.sources(start, end), there, merging.span(start, end, numbers))
        named = f'SELECT name, rows.* FROM ({rows}) AS rows JOIN own.numbers USING (number) ORDER BY name, "at"'  # noqa: S608
        found = self.db.execute(named).fetchnumpy()
        nothing: list[None] = [None] * len(found["at"])
        columns = {field: found[field].tolist() if field in there else nothing for field in fields}
        return Summaries(name, found["name"].tolist(), found["at"].tolist(), columns)

    def _there(self, part: Part, name: str, asked: Sequence[str]) -> tuple[Shelf | None, list[str]]:
        """Those of the quantities or fields that a shelf has columns for. Raises StoreRefused for what is no name."""
        columns = {one: family(part, name).column(one) for one in asked}
        shelf = self._catalogue.known(part, name)
        return shelf, [one for one in columns if shelf is not None and one in shelf.columns]

    def _numbers(self, names: Sequence[str]) -> list[int]:
        return [self._catalogue.numbers[name] for name in names if name in self._catalogue.numbers]


def _points(rows: Numpy, number: int | None, quantities: Sequence[str], there: Sequence[str]) -> Columns:
    """The rows of one device, which are neighbours."""
    if number is None:
        return _no_points(quantities)
    own = slice(*rows["number"].searchsorted([number, number + 1]))
    at = rows["at"][own].tolist()
    nothing: list[None] = [None] * len(at)
    return Columns(
        at,
        {q: rows[q][own].tolist() if q in there else nothing for q in quantities},
        {q: rows[f"{q}_q"][own].tolist() if q in there else nothing for q in quantities},
    )


def _no_points(quantities: Sequence[str]) -> Columns:
    return Columns([], {q: [] for q in quantities}, {q: [] for q in quantities})


def _rollup(points: str, quantities: Sequence[str], step_s: int) -> str:
    slot = f'("at" // {int(step_s)}) * {int(step_s)}'
    stats = ", ".join(map(_aggregates, quantities))
    counted = " OR ".join(map(_counts, quantities))
    return (
        f"SELECT any_value(name) AS name, {slot} AS slot, {stats} "  # noqa: S608
        f"FROM ({points}) JOIN own.numbers USING (number) WHERE {counted} GROUP BY number, slot ORDER BY name, slot"
    )


def _counts(quantity: str) -> str:
    return f'("{quantity}" IS NOT NULL AND {flag(quantity)} < {int(Quality.SUSPECT)})'


def _aggregates(quantity: str) -> str:
    value = f'"{quantity}"'
    calls = ("count(*)", f"min({value})", f"avg({value})", f"max({value})", f'arg_max({value}, "at")')
    return ", ".join(
        f'{call} FILTER (WHERE {_counts(quantity)}) AS "{quantity}_{stat}"'
        for call, stat in zip(calls, _STATS, strict=True)
    )


def _stats(rows: Numpy, quantity: str) -> Stats:
    n, *rest = (rows[f"{quantity}_{stat}"] for stat in _STATS)
    return Stats(n.tolist(), *(_finite(column) for column in rest))


def _finite(column: Any) -> list[float | None]:
    return [value if value is None or abs(value) < float("inf") else None for value in column.tolist()]


def _no_stats(rows: int) -> Stats:
    nothing = [None] * rows
    return Stats([0] * rows, nothing, nothing, nothing, nothing)
