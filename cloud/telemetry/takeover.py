"""A file of the first layout, which had one table for each kind or summary and sealed nothing.

Its rows become late rows: they are read as ever, and sealed hour by hour on the next pass.
"""

import duckdb

from cloud.telemetry.families import Family, Part
from cloud.telemetry.transactions import transaction

_FIRST_COLUMN = {Part.SAMPLES: "device", Part.SUMMARIES: "key"}
# DuckDB's own list: information_schema says the same, and planning its views takes twice as long.
_TABLES = "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? ORDER BY table_name"


def take_over(db: duckdb.DuckDBPyConnection) -> None:
    """All of it in one step. What is not of the first layout is left alone."""
    with transaction(db):
        if ("devices",) in db.execute(_TABLES, ["own"]).fetchall():
            db.execute("ALTER TABLE own.devices RENAME TO numbers")
        for part, column in _FIRST_COLUMN.items():
            for (table,) in db.execute(_TABLES, [part]).fetchall():
                _move(db, f'"{part}"."{table}"', column, Family(part, table))


def _move(db: duckdb.DuckDBPyConnection, table: str, column: str, of: Family) -> None:
    rows = f"SELECT {column} AS number, * EXCLUDE ({column}) FROM {table}"  # noqa: S608
    db.execute(f'CREATE TABLE shapes."{of}" AS {rows} LIMIT 0')
    db.execute(f'CREATE TABLE hot."{of}.late1" AS {rows}')
    db.execute(f"DROP TABLE {table}")
