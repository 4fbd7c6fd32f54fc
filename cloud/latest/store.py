"""Newest values and the live cursor in the registry."""

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import upsert
from cloud.latest.tables import CursorRow, LatestRow
from cloud.latest.values import Part

_LIVE = "live"


async def load_latest(session: AsyncSession) -> AsyncIterator[tuple[Part, bytes]]:
    """Every document that was kept."""
    rows = await session.stream(select(LatestRow.edge, LatestRow.kind, LatestRow.document))
    async for edge, kind, document in rows:
        yield (edge, kind), document


async def save_latest(session: AsyncSession, documents: Iterable[tuple[Part, bytes]]) -> None:
    """Write what has changed."""
    rows = [{"edge": edge, "kind": kind, "document": document} for (edge, kind), document in documents]
    await upsert(session, LatestRow, rows)


async def forget_latest(session: AsyncSession) -> None:
    """Nothing is kept any more."""
    await session.execute(delete(LatestRow))


async def load_position(session: AsyncSession, inbox: str) -> int:
    """How far this inbox has been read; 0 when the position was that of another one."""
    row = await session.get(CursorRow, _LIVE)
    return row.position if row is not None and row.inbox == inbox else 0


async def save_position(session: AsyncSession, inbox: str, position: int) -> None:
    """Everything up to here has been read, and what follows from it is in this transaction."""
    await upsert(session, CursorRow, [{"name": _LIVE, "inbox": inbox, "position": position}])
