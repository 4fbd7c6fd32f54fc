"""How rows are laid down in Parquet: sorted by device and time, numbers as the meter's own whole steps.

A column is written as a decimal with as few digits behind the point as give every value of the file back to the bit;
a column for which there is none stays DOUBLE. The flag of a good value is left out, and so is
a column with nothing in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cloud.telemetry.families import Family, flag
from cloud.telemetry.merging import literal
from protocols.readings import Quality

# 11 digits and 4 behind the point: scaled alike by DuckDB when files are read together, all stay below 2**53.
_DECIMALS = tuple(f"DECIMAL({digits},{scale})" for digits in (9, 11) for scale in range(5))
_TYPES = (*_DECIMALS, "DOUBLE")
_SAMPLE = 4_096  # rows from which the type is guessed, before all of them are looked at
# storage of 20,000 lamps: 0.35 bytes a sample; a row group is what one lamp's chart has to decode
_OPTIONS = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 61440, PARQUET_VERSION V2, "
    "DICTIONARY_SIZE_LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Laid:
    """What a file holds."""

    rows: int
    samples: int


@dataclass(frozen=True, slots=True)
class _Column:
    values: int
    flags: int  # that are not left out
    samples: int
    fits: bool


def lay_down(db: duckdb.DuckDBPyConnection, of: Family, table: str, where: str, names: Sequence[str], to: Path) -> Laid:
    """Write the rows of a table to a file, which is not synced; without rows there is no file."""
    source = f"{table} WHERE {where}"
    rows, types, columns = _surveyed(db, of, source, names)
    if rows:
        picked = ", ".join(['number, "at"', *_picked(of, types, columns)])
        db.execute(f'COPY (SELECT {picked} FROM {source} ORDER BY number, "at") TO {literal(to)} ({_OPTIONS})')  # noqa: S608
    return Laid(rows, sum(column.samples for column in columns.values()))


def _surveyed(
    db: duckdb.DuckDBPyConnection, of: Family, source: str, names: Sequence[str]
) -> tuple[int, Mapping[str, str], Mapping[str, _Column]]:
    """How many rows there are, and for each quantity or field a type that holds all of its values."""
    types = _guessed(db, of, source, names)
    while True:
        rows, columns = _look(db, of, source, types)
        wrong = [name for name, column in columns.items() if not column.fits]
        if not wrong:
            return rows, types, columns
        types |= {name: _TYPES[_TYPES.index(types[name]) + 1] for name in wrong}


def _guessed(db: duckdb.DuckDBPyConnection, of: Family, source: str, names: Sequence[str]) -> dict[str, str]:
    if not names:
        return {}
    misfits = ", ".join(_misfits(of.column(name), kind) for name in names for kind in _TYPES)
    columns = ", ".join(of.column(name) for name in names)
    [row] = db.execute(f"SELECT {misfits} FROM (SELECT {columns} FROM {source} LIMIT {_SAMPLE})").fetchall()  # noqa: S608
    counts = iter(row)
    return {name: next(kind for kind, n in [(k, next(counts)) for k in _TYPES] if not n) for name in names}


def _look(
    db: duckdb.DuckDBPyConnection, of: Family, source: str, types: Mapping[str, str]
) -> tuple[int, dict[str, _Column]]:
    looked = ", ".join(["count(*)", *(_counts(of, name, kind) for name, kind in types.items())])
    [(rows, *counts)] = db.execute(f"SELECT {looked} FROM {source}").fetchall()  # noqa: S608
    fours = zip(*[iter(counts)] * 4, strict=True)
    return rows, {name: _Column(v, f, s, not misfits) for name, (v, f, s, misfits) in zip(types, fours, strict=True)}


def _counts(of: Family, name: str, kind: str) -> str:
    value = of.column(name)
    flags, samples = (f"count({_kept(value, flag(name))})", f"count({flag(name)})")
    if not of.has_flags:
        flags, samples = "0", f"count({value})"
    return f"count({value}), {flags}, {samples}, {_misfits(value, kind)}"


def _misfits(value: str, kind: str) -> str:
    """How many values do not survive a type."""
    return f"count(*) FILTER (WHERE TRY_CAST({value} AS {kind})::DOUBLE IS DISTINCT FROM {value})"


def _kept(value: str, flags: str) -> str:
    return f"CASE WHEN {value} IS NOT NULL AND {flags} = {int(Quality.GOOD)} THEN NULL ELSE {flags} END"


def _picked(of: Family, types: Mapping[str, str], columns: Mapping[str, _Column]) -> list[str]:
    picked = []
    for name, column in columns.items():
        value = of.column(name)
        if column.values:
            picked.append(f"{value}::{types[name]} AS {value}")
        if column.flags:
            picked.append(f"{_kept(value, flag(name))} AS {flag(name)}")
    return picked
