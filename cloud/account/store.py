"""The sessions of one person, in the registry."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.people.store import is_open
from cloud.people.tables import SessionRow


async def load_sessions(session: AsyncSession, person_id: int, now: datetime) -> Sequence[SessionRow]:
    """Those that have not ended at `now` (wall time), the newest first."""
    mine = select(SessionRow).where(SessionRow.person_id == person_id, is_open(now))
    return (await session.scalars(mine.order_by(SessionRow.expires_at.desc()))).all()
