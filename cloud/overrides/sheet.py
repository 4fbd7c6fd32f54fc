"""The hand-over list for a spreadsheet or a printer: CSV as that of the audit log."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

from cloud.audit.sheet import BYTE_ORDER_MARK, harmless
from cloud.overrides.schemas import OverrideLineOut

COLUMNS = (
    "kind",
    "level",
    "until",
    "lamps",
    "confirmed",
    "wards",
    "first_lamp",
    "who",
    "reason",
    "issued_at",
    "command",
)


def file(items: Sequence[OverrideLineOut]) -> bytes:
    """A line for each command. Times are UTC."""
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *map(_cells, items)])
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


def _cells(line: OverrideLineOut) -> Sequence[str]:
    figures = ["" if line.level is None else f"{line.level:g}", _moment(line.until), str(line.lamps)]
    where = [str(line.confirmed), " ".join(line.wards), line.first_lamp]
    why = [harmless(line.who), harmless(line.reason or ""), _moment(line.issued_at), line.made_by]
    return [line.kind, *figures, *where, *why]


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
