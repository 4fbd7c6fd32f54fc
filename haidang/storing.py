"""`haidang store`: how the telemetry is kept, and out of it as a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from haidang.console_client import Console

_STATUS = "/api/v1/store"


def status(console: Console, now: datetime) -> Iterator[str]:
    """Lines for a person. Raises NoAnswer."""
    found = console.look(_STATUS)
    yield f"engine            {found['engine']}, {'well' if found['ok'] else found['reason']}"
    yield f"on disk           {_size(found['bytes'])}; free {_size(found['free_bytes'])}"
    if found["sealed"] is not None:
        yield from _sealed(found["sealed"], found["days_left"])
    for cursor in found["cursors"]:
        yield f"cursor {cursor['name']:<11}{_waiting(cursor, now)}"
    yield f"dead letters      {found['dead_letters']:,}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported: [start, end) of a kind or a summary; no devices means all of them."""

    kind: str
    start: datetime
    end: datetime
    devices: Sequence[str]
    format: str

    def query(self) -> str:
        """As the service is asked for it."""
        span = [("from", self.start.isoformat()), ("to", self.end.isoformat())]
        devices = [("device", device) for device in self.devices]
        return urlencode([("kind", self.kind), *span, ("format", self.format), *devices])


def export(console: Console, wanted: Wanted, out: Path) -> int:
    """Write a file; its size in bytes. What breaks off leaves none. Raises NoAnswer and OSError."""
    unfinished = out.with_name(out.name + ".part")
    try:
        with unfinished.open("wb") as file:
            size = sum(file.write(piece) for piece in console.pieces(f"{_STATUS}/export?{wanted.query()}"))
        unfinished.rename(out)
    finally:
        unfinished.unlink(missing_ok=True)
    return size


def _sealed(sealed: dict[str, Any], days_left: float | None) -> Iterator[str]:
    each = sealed["bytes_per_sample"]
    yield f"sealed samples    {sealed['samples']:,}" + (f", {each:.3f} bytes each" if each is not None else "")
    yield f"sealed files      {sealed['files']:,}, of which late {sealed['late_files']:,}"
    yield f"sealed summaries  {_size(sealed['summary_bytes'])}"
    yield f"from, to          {sealed['oldest_at'] or 'nothing yet'}, {sealed['newest_at'] or 'nothing yet'}"
    yield f"live rows         {sealed['live_rows']:,}"
    if days_left is None:
        yield "disk full in      not known before the first hour is sealed"
    else:
        yield f"disk full in      {days_left:,.0f} days of the city, at {_size(sealed['bytes_per_day'])} a day"


def _waiting(cursor: dict[str, Any], now: datetime) -> str:
    if not cursor["behind"]:
        return f"at {cursor['position']:,}, nothing waits"
    since = cursor["waiting_since"]
    age = f", the oldest for {_age(now - datetime.fromisoformat(since))}" if since else ""
    return f"at {cursor['position']:,}, {cursor['behind']:,} batches wait{age}"


def _age(span: timedelta) -> str:
    return str(timedelta(seconds=max(0, int(span.total_seconds()))))


def _size(count: float | None) -> str:
    if count is None:
        return "not told"
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1_000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1_000
    return f"{count:.1f} TB"
