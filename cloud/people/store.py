"""People, their grants and their sessions in the registry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.people.rights import Right, Role, granted
from cloud.people.tables import GrantRow, PersonRow, SessionRow
from rules.areas import Area, Grant


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in; held back until a password for once has been replaced."""

    token_hash: str
    username: str
    display_name: str
    grants: Sequence[Grant]
    language: str
    is_held: bool = False

    @property
    def role(self) -> Role:
        """That of the widest grant."""
        return Role(min(self.grants, key=lambda grant: grant.area.depth).role)

    def rights(self, area: Area) -> frozenset[Right]:
        """What this person may do in an area or in a part of it, as far as it is a matter of places."""
        if self.is_held:
            return frozenset({Right.OWN_SESSION})
        near = [grant for grant in self.grants if grant.area.covers(area) or area.covers(grant.area)]
        return frozenset(right for right in Right if any(right in grant.rights for grant in near))


async def load_person(session: AsyncSession, username: str) -> PersonRow | None:
    """The person with a user name."""
    return await session.scalar(select(PersonRow).where(PersonRow.username == username))


async def count_people(session: AsyncSession) -> int:
    """How many may sign in."""
    return await session.scalar(select(func.count()).select_from(PersonRow)) or 0


async def load_grants(session: AsyncSession, person_id: int) -> Sequence[Grant]:
    """What a person was granted."""
    rows = await session.scalars(
        select(GrantRow).where(GrantRow.person_id == person_id).order_by(GrantRow.area, GrantRow.role)
    )
    return [grant_of(row) for row in rows]


async def load_session(session: AsyncSession, token_hash: str, now: datetime) -> Session | None:
    """A session that has not ended at `now` (wall time)."""
    query = select(PersonRow).join(SessionRow).where(SessionRow.token_hash == token_hash, SessionRow.expires_at > now)
    person = await session.scalar(query.where(PersonRow.disabled_at.is_(None)))
    return await signed_in(session, token_hash, person) if person else None


async def signed_in(session: AsyncSession, token_hash: str, person: PersonRow) -> Session:
    """A person's session."""
    grants = await load_grants(session, person.id)
    is_held = person.password_until is not None
    return Session(token_hash, person.username, person.display_name, grants, person.language, is_held)


async def load_living(session: AsyncSession, token_hashes: Iterable[str], now: datetime) -> set[str]:
    """Those of the sessions that have not ended."""
    wanted = SessionRow.token_hash.in_(list(token_hashes))
    return set(await session.scalars(select(SessionRow.token_hash).where(wanted, SessionRow.expires_at > now)))


async def end_session(session: AsyncSession, token_hash: str) -> None:
    """Forget a session."""
    await session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


async def put_password(session: AsyncSession, person_id: int, password_hash: str) -> None:
    """A password of one's own."""
    values = {"password_hash": password_hash, "password_until": None}
    await session.execute(update(PersonRow).where(PersonRow.id == person_id).values(values))


async def end_others(session: AsyncSession, person_id: int, kept: str) -> None:
    """Forget every session of a person but one."""
    await session.execute(delete(SessionRow).where(SessionRow.person_id == person_id, SessionRow.token_hash != kept))


async def forget_ended(session: AsyncSession, now: datetime) -> None:
    """Forget every session that is past its end."""
    await session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))


def grant_of(row: GrantRow) -> Grant:
    """A grant as the rules know it."""
    return granted(Role(row.role), Area.parse(row.area))
