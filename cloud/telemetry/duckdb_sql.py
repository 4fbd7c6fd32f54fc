"""The SQL of the DuckDB store as text.

Every name in it is a quantity of the closed dictionary or an id in quotes, checked here; all else is a parameter.
`incoming` is what the caller has registered.
"""

from collections.abc import Sequence

from cloud.telemetry.store import StoreRefused
from protocols.names import is_id
from protocols.quantities import QUANTITIES
from protocols.readings import Quality

SCHEMA = (
    "CREATE SCHEMA IF NOT EXISTS own",
    "CREATE SCHEMA IF NOT EXISTS samples",
    "CREATE SCHEMA IF NOT EXISTS summaries",
    "CREATE TABLE IF NOT EXISTS own.mark (inbox VARCHAR NOT NULL, position BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS own.devices (number INTEGER NOT NULL, name VARCHAR NOT NULL)",
)
COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'samples' "
    "ORDER BY ordinal_position"
)
SUMMARY_FIELDS = (
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'summaries' "
    "ORDER BY ordinal_position"
)
STATS = ("n", "min", "mean", "max", "last")


def table(kind: str) -> str:
    """A kind's table. DuckDB does not tell `Meter` from `meter`, so neither do we. Raises StoreRefused."""
    if not is_id(kind):
        raise StoreRefused(f"{kind!r} is not the name of a kind")
    return f'samples."{kind.lower()}"'


def column(quantity: str) -> str:
    """A quantity's column. Raises StoreRefused."""
    if quantity not in QUANTITIES:
        raise StoreRefused(f"{quantity!r} is not in the dictionary of quantities")
    return f'"{quantity}"'


def flag(quantity: str) -> str:
    """The column of a quantity's flags. Raises StoreRefused."""
    return f'{column(quantity)[:-1]}_q"'


def summary(name: str) -> str:
    """A summary's table. Raises StoreRefused."""
    if not is_id(name):
        raise StoreRefused(f"{name!r} is not the name of a summary")
    return f'summaries."{name.lower()}"'


def summary_field(name: str) -> str:
    """A field's column. Raises StoreRefused."""
    if not (is_id(name) and name == name.lower()) or name in ("key", "at"):
        raise StoreRefused(f"{name!r} is not the name of a field: small letters, digits and _")
    return f'"{name}"'


def create(kind: str) -> str:
    return f'CREATE TABLE {table(kind)} (device INTEGER NOT NULL, "at" BIGINT NOT NULL)'


def widen(kind: str, quantity: str) -> list[str]:
    """Two columns more."""
    names = (f"{column(quantity)} DOUBLE", f"{flag(quantity)} UTINYINT")
    return [f"ALTER TABLE {table(kind)} ADD COLUMN {name}" for name in names]


def insert(kind: str, quantities: Sequence[str], not_read: int) -> str:
    names = ", ".join(f"{column(q)}, {flag(q)}" for q in quantities)
    picked = ", ".join(f"{column(q)}, nullif({flag(q)}, {not_read})" for q in quantities)
    return f'INSERT INTO {table(kind)} (device, "at", {names}) SELECT device, "at", {picked} FROM incoming'  # noqa: S608


def same_points(kind: str) -> str:
    """What is stored of the points of `incoming`, between two seconds."""
    return (
        f'SELECT * FROM (SELECT * FROM {table(kind)} WHERE "at" BETWEEN ? AND ?) '  # noqa: S608
        'SEMI JOIN incoming USING (device, "at")'
    )


def delete_same_points(kind: str) -> str:
    return (
        f"DELETE FROM {table(kind)} t USING incoming i "  # noqa: S608
        'WHERE t.device = i.device AND t."at" = i."at" AND t."at" BETWEEN ? AND ?'
    )


def raw(kind: str, quantities: Sequence[str]) -> str:
    """Parameters: device, start, end."""
    columns = ", ".join(f"{column(q)}, {flag(q)}" for q in quantities)
    read = " OR ".join(f"{flag(q)} IS NOT NULL" for q in quantities)
    return (
        f'SELECT "at", {columns} FROM {table(kind)} '  # noqa: S608
        f'WHERE device = ? AND "at" >= ? AND "at" < ? AND ({read}) ORDER BY "at"'
    )


def rollup(kind: str, quantities: Sequence[str]) -> str:
    """Parameters: step, step, start, end, devices, devices; an empty list of devices means all of them."""
    return (
        f'SELECT any_value(name) AS name, ("at" // ?) * ? AS slot, {", ".join(map(_aggregates, quantities))} '  # noqa: S608
        f"FROM {table(kind)} JOIN own.devices ON number = device "
        'WHERE "at" >= ? AND "at" < ? AND (len(?) = 0 OR list_contains(?, device)) '
        f"AND ({' OR '.join(map(_counts, quantities))}) GROUP BY device, slot ORDER BY name, slot"
    )


def create_summary(name: str) -> str:
    return f'CREATE TABLE {summary(name)} ("key" INTEGER NOT NULL, "at" BIGINT NOT NULL)'


def widen_summary(name: str, field: str) -> str:
    return f"ALTER TABLE {summary(name)} ADD COLUMN {summary_field(field)} DOUBLE"


def delete_same_rows(name: str) -> str:
    """Those rows of a summary that stand in `incoming`, between two seconds."""
    return (
        f"DELETE FROM {summary(name)} s USING incoming i "  # noqa: S608
        'WHERE s."key" = i."key" AND s."at" = i."at" AND s."at" BETWEEN ? AND ?'
    )


def insert_rows(name: str, fields: Sequence[str]) -> str:
    names = ", ".join(['"key"', '"at"', *map(summary_field, fields)])
    return f"INSERT INTO {summary(name)} ({names}) SELECT {names} FROM incoming"  # noqa: S608


def rows(name: str, fields: Sequence[str]) -> str:
    """Parameters: start, end, keys, keys; an empty list of keys means all of them."""
    columns = ", ".join(["name", '"at"', *map(summary_field, fields)])
    return (
        f'SELECT {columns} FROM {summary(name)} JOIN own.devices ON number = "key" '  # noqa: S608
        'WHERE "at" >= ? AND "at" < ? AND (len(?) = 0 OR list_contains(?, "key")) ORDER BY name, "at"'
    )


def drop_rows_before(name: str) -> str:
    return f'DELETE FROM {summary(name)} WHERE "at" < ?'  # noqa: S608


def series(kind: str) -> str:
    return f"SELECT name FROM own.devices WHERE number IN (SELECT DISTINCT device FROM {table(kind)}) ORDER BY name"  # noqa: S608


def drop_before(kind: str) -> str:
    return f'DELETE FROM {table(kind)} WHERE "at" < ?'  # noqa: S608


def _counts(quantity: str) -> str:
    return f"({column(quantity)} IS NOT NULL AND {flag(quantity)} < {int(Quality.FAIL)})"


def _aggregates(quantity: str) -> str:
    value = column(quantity)
    calls = ("count(*)", f"min({value})", f"avg({value})", f"max({value})", f'arg_max({value}, "at")')
    return ", ".join(
        f'{call} FILTER (WHERE {_counts(quantity)}) AS "{quantity}_{stat}"'
        for call, stat in zip(calls, STATS, strict=True)
    )
