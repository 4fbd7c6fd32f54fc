"""What InfluxDB answers to InfluxQL, as the columns that a store gives.

An answer is a list of series: the value of the tag by which was grouped, names of columns, and rows that begin with
a time in seconds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cloud.telemetry.influx_ql import CALLS
from cloud.telemetry.store import Columns, Rollup, Stats, StoreAway, Summaries
from protocols.line_protocol import UNKNOWN, point, untag

_NO_STATS = (0, None, None, None, None)


class Failed(StoreAway):
    """The engine's own words for why there is no answer."""


class NotJson(StoreAway):
    """A number in the answer that JSON does not have, such as the mean of two that are too large."""


@dataclass(frozen=True, slots=True)
class Series:
    """`name` is the device or key, "" when there was no grouping."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def parse(body: bytes) -> list[Series]:
    """The series of one statement, which may come in several pieces. Raises StoreAway."""
    found: list[Series] = []
    cut = False
    for document in _documents(body):
        for result in document.get("results", ()):
            _check(result)
            found += [_series(one) for one in result.get("series", ())]
            cut = bool(result.get("partial"))
    if cut:
        raise StoreAway("the answer was cut off: set max-row-limit to 0")
    return found


def raw(found: Sequence[Series], quantities: Sequence[str]) -> Columns:
    """One device's points."""
    at: list[int] = []
    points: dict[str, list[tuple[float | None, int | None]]] = {q: [] for q in quantities}
    for series in found:
        at += [row[0] for row in series.rows]
        for q in quantities:
            values, codes = _column(series, q), _column(series, f"{q}_q")
            points[q] += [point(_number(value), stored) for value, stored in zip(values, codes, strict=True)]
    return Columns(
        at,
        {q: [value for value, _ in column] for q, column in points.items()},
        {q: [flag for _, flag in column] for q, column in points.items()},
    )


def rollup(found: Mapping[str, Iterable[Series]]) -> Rollup:
    """The answers for several quantities, put side by side."""
    tables = {quantity: dict(_steps(series)) for quantity, series in found.items()}
    keys = sorted({key for table in tables.values() for key in table})
    stats = {quantity: _stats([table.get(key, _NO_STATS) for key in keys]) for quantity, table in tables.items()}
    return Rollup([device for device, _ in keys], [at for _, at in keys], stats)


def summaries(name: str, found: Iterable[Series], fields: Sequence[str]) -> Summaries:
    """Rows sorted by key and step, without the numbers that their row has declared unknown."""
    rows = sorted((row for series in found for row in _summary_rows(series, fields)), key=lambda row: row[:2])
    columns = {field: [row[2][n] for row in rows] for n, field in enumerate(fields)}
    return Summaries(name, [row[0] for row in rows], [row[1] for row in rows], columns)


def names(found: Iterable[Series], column: str) -> list[str]:
    """One column of what SHOW answers."""
    return [text for series in found for text in _column(series, column)]


def _documents(body: bytes) -> Iterator[dict[str, Any]]:
    for line in body.splitlines():
        try:
            yield orjson.loads(line) if line else {}
        except orjson.JSONDecodeError as error:
            raise NotJson(f"no JSON: {line[:200].decode(errors='replace')}") from error


def _check(result: Mapping[str, Any]) -> None:
    if "error" in result:
        raise Failed(str(result["error"]))


def _series(one: Mapping[str, Any]) -> Series:
    return Series(untag(next(iter(one.get("tags", {}).values()), "")), one["columns"], one.get("values", ()))


def _column(series: Series, name: str) -> list[Any]:
    if name not in series.columns:
        return [None] * len(series.rows)
    place = series.columns.index(name)
    return [row[place] for row in series.rows]


def _number(value: float | None) -> float | None:
    """JSON does not say whether 230 is whole."""
    return None if value is None else float(value)


def _steps(found: Iterable[Series]) -> Iterator[tuple[tuple[str, int], Sequence[Any]]]:
    for series in found:
        columns = [_column(series, call) for call in CALLS]
        for row, values in zip(series.rows, zip(*columns, strict=True), strict=True):
            yield (series.name, row[0]), values


def _stats(rows: Sequence[Sequence[Any]]) -> Stats:
    n, *rest = zip(*rows, strict=True) if rows else ((),) * len(_NO_STATS)
    return Stats([int(count) for count in n], *([_number(value) for value in column] for column in rest))


def _summary_rows(series: Series, fields: Sequence[str]) -> Iterator[tuple[str, int, list[float | None]]]:
    columns = [_column(series, field) for field in fields]
    for n, unknown in enumerate(_column(series, UNKNOWN)):
        void = (unknown or "").split(",")
        numbers = (None if f in void else _number(column[n]) for f, column in zip(fields, columns, strict=True))
        yield series.name, series.rows[n][0], list(numbers)
