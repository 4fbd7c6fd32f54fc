"""Links that have not been used, in the registry."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.people.tables import PersonRow
from cloud.reset.tables import ResetRow


async def put(session: AsyncSession, row: ResetRow, now: datetime) -> None:
    """A link, and no longer those that are too old (wall time)."""
    await session.execute(delete(ResetRow).where(ResetRow.expires_at <= now))
    session.add(row)


async def load_person(session: AsyncSession, token_hash: str, now: datetime) -> PersonRow | None:
    """Whose link this is, if it is still good, and the person may sign in."""
    query = select(PersonRow).join(ResetRow).where(ResetRow.token_hash == token_hash, ResetRow.expires_at > now)
    return await session.scalar(query.where(PersonRow.disabled_at.is_(None)))


async def forget(session: AsyncSession, person_id: int) -> None:
    """Forget every link of a person."""
    await session.execute(delete(ResetRow).where(ResetRow.person_id == person_id))
