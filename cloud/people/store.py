"""People and sessions in the registry."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.people.rights import RIGHTS, Right, Role
from cloud.people.tables import PersonRow, SessionRow


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    token_hash: str
    username: str
    display_name: str
    role: Role
    language: str

    @property
    def rights(self) -> frozenset[Right]:
        """What this person may do."""
        return RIGHTS[self.role]


async def load_person(session: AsyncSession, username: str) -> PersonRow | None:
    """The person with a user name."""
    return await session.scalar(select(PersonRow).where(PersonRow.username == username))


async def count_people(session: AsyncSession) -> int:
    """How many may sign in."""
    return await session.scalar(select(func.count()).select_from(PersonRow)) or 0


async def load_session(session: AsyncSession, token_hash: str, now: datetime) -> Session | None:
    """A session that has not ended at `now` (wall time)."""
    query = select(PersonRow).join(SessionRow).where(SessionRow.token_hash == token_hash, SessionRow.expires_at > now)
    person = await session.scalar(query)
    return signed_in(token_hash, person) if person else None


def signed_in(token_hash: str, person: PersonRow) -> Session:
    """A person's session."""
    return Session(token_hash, person.username, person.display_name, Role(person.role), person.language)


async def load_living(session: AsyncSession, token_hashes: Iterable[str], now: datetime) -> set[str]:
    """Those of the sessions that have not ended."""
    wanted = SessionRow.token_hash.in_(list(token_hashes))
    return set(await session.scalars(select(SessionRow.token_hash).where(wanted, SessionRow.expires_at > now)))


async def end_session(session: AsyncSession, token_hash: str) -> None:
    """Forget a session."""
    await session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


async def forget_ended(session: AsyncSession, now: datetime) -> None:
    """Forget every session that is past its end."""
    await session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
