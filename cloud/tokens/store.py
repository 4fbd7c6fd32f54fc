"""Tokens of machines in the registry."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.people.tables import PersonRow
from cloud.tokens.tables import TokenRow

Made = tuple[TokenRow, PersonRow]  # a token, and who made it


async def load_all(session: AsyncSession, now: datetime) -> Sequence[Made]:
    """Every token that is still good (wall time), the newest first."""
    query = select(TokenRow, PersonRow).join(PersonRow).where(TokenRow.expires_at > now)
    rows = (await session.execute(query.order_by(TokenRow.made_at.desc(), TokenRow.id))).all()
    return [(row[0], row[1]) for row in rows]


async def find(session: AsyncSession, token_id: str, now: datetime) -> Made | None:
    """A token that is still good, of who may still sign in."""
    mine = TokenRow.id == token_id, TokenRow.expires_at > now, PersonRow.disabled_at.is_(None)
    row = (await session.execute(select(TokenRow, PersonRow).join(PersonRow).where(*mine))).one_or_none()
    return (row[0], row[1]) if row else None


async def put(session: AsyncSession, row: TokenRow, now: datetime) -> None:
    """A token, and no longer those that are over."""
    await session.execute(delete(TokenRow).where(TokenRow.expires_at <= now))
    session.add(row)


async def use(session: AsyncSession, token_id: str, now: datetime) -> None:
    """It has just been shown."""
    await session.execute(update(TokenRow).where(TokenRow.id == token_id).values(used_at=now))


async def end(session: AsyncSession, token_id: str) -> None:
    """Forget a token."""
    await session.execute(delete(TokenRow).where(TokenRow.id == token_id))


async def end_all_of(session: AsyncSession, person_id: int) -> None:
    """Forget every token that somebody made."""
    await session.execute(delete(TokenRow).where(TokenRow.person_id == person_id))
