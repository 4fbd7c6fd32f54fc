"""Plans, releases and what edges run by, in the registry."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, desc, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from cloud.database import upsert
from cloud.light.tables import LightDraftRow, LightHeldRow, LightReleaseRow

PROPOSED, APPROVED, REFUSED, SENT, REPLACED = "proposed", "approved", "refused", "sent", "replaced"
_HEAVY = (defer(LightReleaseRow.plan, raiseload=True), defer(LightReleaseRow.members, raiseload=True))


async def load_draft(session: AsyncSession, site: str) -> LightDraftRow | None:
    """What people work at in a city."""
    return await session.get(LightDraftRow, site)


async def save_draft(session: AsyncSession, row: LightDraftRow) -> None:
    """Put a draft in the place of the one before it."""
    await upsert(session, LightDraftRow, [_values(LightDraftRow, row)])


async def load_release(session: AsyncSession, site: str, number: int) -> LightReleaseRow | None:
    """The one with a number, with its plan."""
    return await session.get(LightReleaseRow, (site, number))


async def load_newest(session: AsyncSession, site: str, limit: int) -> Sequence[LightReleaseRow]:
    """The newest of a city, newest first, without their plans."""
    query = select(LightReleaseRow).where(LightReleaseRow.site == site).options(*_HEAVY)
    return (await session.scalars(query.order_by(desc(LightReleaseRow.number)).limit(limit))).all()


async def load_sent(session: AsyncSession, site: str) -> LightReleaseRow | None:
    """What a city runs by since it was sent last, with its plan."""
    query = select(LightReleaseRow).where(LightReleaseRow.site == site, LightReleaseRow.state == SENT)
    found: LightReleaseRow | None = await session.scalar(query.order_by(desc(LightReleaseRow.number)).limit(1))
    return found


async def next_number(session: AsyncSession, site: str) -> int:
    """Of the release that is made next."""
    last = await session.scalar(select(func.max(LightReleaseRow.number)).where(LightReleaseRow.site == site))
    return (last or 0) + 1


async def load_held(session: AsyncSession) -> Mapping[str, LightHeldRow]:
    """What each edge runs by."""
    return {row.edge: row for row in await session.scalars(select(LightHeldRow))}


async def save_held(session: AsyncSession, rows: Sequence[LightHeldRow], gone: Iterable[str]) -> None:
    """What some edges run by now, and which run by nothing of ours."""
    await upsert(session, LightHeldRow, [_values(LightHeldRow, row) for row in rows])
    await session.execute(delete(LightHeldRow).where(LightHeldRow.edge.in_(list(gone))))


def _values(table: Any, row: object) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in table.__table__.columns}
