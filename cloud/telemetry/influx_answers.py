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
    """`name` is the device or key, "" when there was no grouping. Every column is as long as `time`."""

    name: str
    columns: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.columns["time"])


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
    values: dict[str, list[float | None]] = {quantity: [] for quantity in quantities}
    flags: dict[str, list[int | None]] = {quantity: [] for quantity in quantities}
    for series in found:
        at += _column(series, "time")
        for quantity in quantities:
            stored, codes = _numbers(series, quantity), _column(series, f"{quantity}_q")
            said = [point(value, code) for value, code in zip(stored, codes, strict=True)]
            values[quantity] += [value for value, _ in said]
            flags[quantity] += [flag for _, flag in said]
    return Columns(at, values, flags)


def rollup(found: Mapping[str, Iterable[Series]]) -> Rollup:
    """The answers for several quantities, put side by side."""
    tables = {quantity: dict(_steps(series)) for quantity, series in found.items()}
    keys = sorted({key for table in tables.values() for key in table})
    stats = {quantity: _stats([table.get(key, _NO_STATS) for key in keys]) for quantity, table in tables.items()}
    return Rollup([device for device, _ in keys], [at for _, at in keys], stats)


def summaries(name: str, found: Iterable[Series], fields: Sequence[str]) -> Summaries:
    """Rows sorted by key and step, without the numbers that their row has declared unknown."""
    keys: list[str] = []
    at: list[int] = []
    columns: dict[str, list[float | None]] = {field: [] for field in fields}
    for series in sorted(found, key=lambda one: one.name):  # its rows are in order of time already
        keys += [series.name] * len(series)
        at += _column(series, "time")
        void = _column(series, UNKNOWN)
        for field in fields:
            columns[field] += _known(field, _numbers(series, field), void)
    return Summaries(name, keys, at, columns)


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
    rows = one.get("values") or ()
    columns = zip(*rows, strict=True) if rows else ((),) * len(one["columns"])
    name = untag(next(iter(one.get("tags", {}).values()), ""))
    return Series(name, dict(zip(one["columns"], columns, strict=True)))


def _column(series: Series, name: str) -> Sequence[Any]:
    """What was asked for and is nowhere is not always in the answer."""
    return series.columns.get(name) or [None] * len(series)


def _numbers(series: Series, name: str) -> list[float | None]:
    """JSON does not say whether 230 is whole."""
    return [None if value is None else float(value) for value in _column(series, name)]


def _known(field: str, numbers: Sequence[float | None], void: Sequence[str | None]) -> Sequence[float | None]:
    """Without those whose row names the field among the unknown ones; nearly no row names any."""
    if not any(void):
        return numbers
    return [None if field in (names or "").split(",") else v for names, v in zip(void, numbers, strict=True)]


def _steps(found: Iterable[Series]) -> Iterator[tuple[tuple[str, int], Sequence[Any]]]:
    for series in found:
        at, columns = _column(series, "time"), [_numbers(series, call) for call in CALLS]
        yield from zip(((series.name, moment) for moment in at), zip(*columns, strict=True), strict=True)


def _stats(rows: Sequence[Sequence[Any]]) -> Stats:
    n, *rest = zip(*rows, strict=True) if rows else ((),) * len(_NO_STATS)
    return Stats([int(count) for count in n], *map(list, rest))
