"""The store's state as JSON."""

from datetime import UTC, datetime

from pydantic import BaseModel

from cloud.telemetry.storage import Status, Waiting


class CursorOut(BaseModel):
    """Who reads the inbox: `behind` in batches, `waiting_since` for the oldest of them."""

    name: str
    position: int
    behind: int
    waiting_since: datetime | None


class SealedOut(BaseModel):
    """What the embedded store has sealed, and the rows that are not sealed yet."""

    samples: int
    bytes_per_sample: float | None
    sample_bytes: int
    summary_bytes: int
    files: int
    late_files: int
    live_rows: int
    oldest_at: datetime | None
    newest_at: datetime | None
    bytes_per_day: float | None


class StoreOut(BaseModel):
    """`days_left`: days of the city until the disk is full at the present rate; null while that is not known."""

    engine: str
    ok: bool
    reason: str | None
    bytes: int | None
    free_bytes: int
    days_left: float | None
    dead_letters: int
    cursors: list[CursorOut]
    sealed: SealedOut | None


def shown(status: Status) -> StoreOut:
    """The answer."""
    health = status.health
    return StoreOut(
        engine=status.engine,
        ok=health.ok,
        reason=health.reason,
        bytes=health.bytes,
        free_bytes=status.free_bytes,
        days_left=status.days_left,
        dead_letters=status.dead_letters,
        cursors=[_cursor(one) for one in status.cursors],
        sealed=_sealed(status),
    )


def _cursor(one: Waiting) -> CursorOut:
    return CursorOut(name=one.name, position=one.position, behind=one.behind, waiting_since=_moment(one.since))


def _sealed(status: Status) -> SealedOut | None:
    figures = status.figures
    if figures is None:
        return None
    return SealedOut(
        samples=figures.samples,
        bytes_per_sample=figures.bytes_per_sample,
        sample_bytes=figures.sample_bytes,
        summary_bytes=figures.summary_bytes,
        files=figures.files,
        late_files=figures.late_files,
        live_rows=figures.live_rows,
        oldest_at=_moment(figures.oldest),
        newest_at=_moment(figures.newest),
        bytes_per_day=figures.bytes_per_day,
    )


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
