"""What a second person was asked for, in the registry."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import desc, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.commands.tables import ConsentRow

WAITING = "waiting"


async def load(session: AsyncSession, consent_id: str) -> ConsentRow | None:
    """The one with an id."""
    return await session.get(ConsentRow, consent_id)


async def load_newest(session: AsyncSession, limit: int) -> Sequence[ConsentRow]:
    """The newest, newest first."""
    query = select(ConsentRow).order_by(desc(ConsentRow.asked_at), desc(ConsentRow.id)).limit(limit)
    return (await session.scalars(query)).all()


async def load_overdue(session: AsyncSession, now: datetime) -> Sequence[ConsentRow]:
    """Those that nobody has decided in time."""
    query = select(ConsentRow).where(ConsentRow.state == WAITING, ConsentRow.expires_at <= now)
    return (await session.scalars(query)).all()
