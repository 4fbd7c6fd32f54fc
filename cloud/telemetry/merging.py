"""SQL that reads tables and sealed files as one: each row once, the later write on top.

Most periods stand in one place and are just read. Where a period stands in several, samples are merged quantity by
quantity and a summary's rows as a whole. In sealed files the flag of a good value is left out.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from cloud.telemetry.families import Family, flag
from cloud.telemetry.shelves import MAIN, Shelf, Sources
from protocols.readings import Quality

_RANK = '"@rank"'  # no field can have this name
_RANK_OF_FILE = (
    f"coalesce(try_cast(regexp_extract(filename, '\\.late-([0-9]+)\\.parquet$', 1) AS INTEGER), {MAIN}) AS {_RANK}"
)


def shape(of: Family) -> str:
    """The empty table that has every column that a family has ever had."""
    return f'shapes."{of}"'


def rows(shelf: Shelf, sources: Sources, names: Sequence[str], where: str) -> str:
    """A query for `number`, `"at"` and the columns of some quantities or fields; `where` speaks of the first two."""
    of = shelf.family
    plain = _decoded(of, _all(of, sources.tables, sources.files), names, where)
    if not (sources.ranked_tables or sources.ranked_files):
        return plain
    merge = _by_quantity if of.has_flags else _by_row
    merged = f"{where} AND {_among(of, sources.ranked_periods)}"
    return f"{plain} UNION ALL ({merge(of, _ranked(of, sources), names, merged)})"


def span(start: int, end: int, numbers: Iterable[int] = ()) -> str:
    """A condition on time and, if any are given, numbers."""
    listed = ", ".join(str(int(number)) for number in numbers)
    times = f'"at" >= {int(start)} AND "at" < {int(end)}'
    return f"{times} AND number IN ({listed})" if listed else times


def _among(of: Family, periods: Sequence[int]) -> str:
    listed = ", ".join(map(str, periods)) or "NULL"
    return f'"at" // {of.period_s} IN ({listed})'


def _all(of: Family, tables: Sequence[str], files: Sequence[Path]) -> str:
    parts = [f"SELECT * FROM {name}" for name in (shape(of), *tables)]  # noqa: S608
    if files:
        parts.append(f"SELECT * FROM {_read(files)}")  # noqa: S608
    return " UNION ALL BY NAME ".join(parts)


def _ranked(of: Family, sources: Sources) -> str:
    tables = ((MAIN, shape(of)), *sources.ranked_tables)
    parts = [f"SELECT *, {rank} AS {_RANK} FROM {name}" for rank, name in tables]  # noqa: S608
    if sources.ranked_files:
        files = _read(sources.ranked_files, ", filename = true")
        parts.append(f"SELECT * EXCLUDE (filename), {_RANK_OF_FILE} FROM {files}")  # noqa: S608
    return " UNION ALL BY NAME ".join(parts)


def _read(files: Sequence[Path], more: str = "") -> str:
    listed = ", ".join(literal(path) for path in files)
    return f"read_parquet([{listed}], union_by_name = true{more})"


def literal(path: Path) -> str:
    """A path in SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def _decoded(of: Family, relation: str, names: Sequence[str], where: str, more: Sequence[str] = ()) -> str:
    columns = ", ".join(['number, "at"', *(_column(of, name) for name in names), *more])
    return f"SELECT {columns} FROM ({relation}) WHERE {where}"  # noqa: S608


def _column(of: Family, name: str) -> str:
    value = of.column(name)
    if not of.has_flags:
        return value
    return f"{value}, coalesce({flag(name)}, if({value} IS NULL, NULL, {int(Quality.GOOD)})) AS {flag(name)}"


def _by_quantity(of: Family, ranked: str, names: Sequence[str], where: str) -> str:
    """Of each quantity the point that was read last, even if it has no value."""
    picked = ", ".join(
        f"arg_max(struct_pack(v := {of.column(name)}, f := {flag(name)}), {_RANK}) "
        f'FILTER (WHERE {flag(name)} IS NOT NULL) AS "@{name}"'
        for name in names
    )
    spread = ", ".join(f'"@{name}".v AS {of.column(name)}, "@{name}".f AS {flag(name)}' for name in names)
    each = _decoded(of, ranked, names, where, [_RANK])
    grouped = f'SELECT number, "at", {picked} FROM ({each}) GROUP BY number, "at"'  # noqa: S608
    return f'SELECT number, "at", {spread} FROM ({grouped})'  # noqa: S608


def _by_row(of: Family, ranked: str, names: Sequence[str], where: str) -> str:
    each = _decoded(of, ranked, names, where, [_RANK])
    newest = f'row_number() OVER (PARTITION BY number, "at" ORDER BY {_RANK} DESC) = 1'
    return f"SELECT * EXCLUDE ({_RANK}) FROM ({each}) QUALIFY {newest}"  # noqa: S608
