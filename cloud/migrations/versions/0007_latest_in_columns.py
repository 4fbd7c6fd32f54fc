"""The newest values of an edge's devices of one kind in one document, instead of a row for each device."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_OLD = (
    'SELECT device.edge, latest.kind, latest.device, latest.at, latest."values" AS held, latest.flags, latest.rules '
    "FROM latest JOIN device ON device.id = latest.device ORDER BY device.edge, latest.kind, latest.device"
)
_NEVER, _NOT_READ, _GOOD, _MISSING = -1, 0, 1, 9
_FIRST_STATE = {"at": None, "raised": False, "lit_since": None, "samples": 0, "held_s": 0, "counted_at": None}


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    old = sa.text(_OLD).columns(held=sa.JSON(), flags=sa.JSON(), rules=sa.JSON())
    parts: dict[tuple[str, str], list[Any]] = {}
    for row in op.get_bind().execute(old):
        parts.setdefault((row.edge, row.kind), []).append(row)
    op.drop_table("latest")
    latest = op.create_table(
        "latest",
        sa.Column("edge", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("edge", "kind", name="pk_latest"),
    )
    rows = [{"edge": edge, "kind": kind, "document": _document(rows)} for (edge, kind), rows in parts.items()]
    op.bulk_insert(latest, rows)


def _document(rows: Sequence[Any]) -> bytes:
    quantities = sorted({quantity for row in rows for quantity in row.held})
    rules = (
        {"lamp_out": _states([row.rules.get("lamp_out", {}) for row in rows])} if rows[0].kind == "luminaire" else {}
    )
    return orjson.dumps(
        {
            "devices": [row.device for row in rows],
            "at": [row.at for row in rows],
            "values": {quantity: [row.held.get(quantity) for row in rows] for quantity in quantities},
            "flags": {quantity: [_flag(row, quantity) for row in rows] for quantity in quantities},
            "rules": rules,
        }
    )


def _states(states: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    columns = {name: [state.get(name, first) for state in states] for name, first in _FIRST_STATE.items()}
    return {name: [_NEVER if value is None else value for value in column] for name, column in columns.items()}


def _flag(row: Any, quantity: str) -> int:
    if quantity not in row.held:
        return _NOT_READ
    return int(row.flags.get(quantity, _MISSING if row.held[quantity] is None else _GOOD))
