"""The audit log for a spreadsheet: CSV (RFC 4180) that Excel reads as UTF-8 and of which it computes nothing."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC

from cloud.audit.tables import AuditRow

COLUMNS = ("seq", "at", "who", "address", "act", "target", "reason", "result", "parameters", "previous", "hash")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes the bytes for those of the machine's own code page
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # OWASP, "CSV Injection"


def head() -> bytes:
    """The first line."""
    return (BYTE_ORDER_MARK + _lines([COLUMNS])).encode()


def body(rows: Iterable[AuditRow]) -> bytes:
    """A line for each row."""
    return _lines([_cells(row) for row in rows]).encode()


def harmless(text: str) -> str:
    """A text of which no spreadsheet makes a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(row: AuditRow) -> Sequence[str]:
    texts = (row.who, row.address, row.act, row.target, row.reason, row.result, row.parameters, row.previous, row.hash)
    at = row.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(row.seq), at, *(harmless(text or "") for text in texts)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
