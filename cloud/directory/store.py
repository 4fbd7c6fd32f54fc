"""People with their grants, and open sessions, in the registry."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.people.store import grant_of, is_open
from cloud.people.tables import GrantRow, PersonRow, SessionRow
from rules.areas import Grant

_ID = 16  # characters of a hash that name a session


async def load_people(session: AsyncSession) -> Sequence[PersonRow]:
    """Everybody, by name."""
    return (await session.scalars(select(PersonRow).order_by(PersonRow.username))).all()


async def load_all_grants(session: AsyncSession) -> Mapping[int, Sequence[Grant]]:
    """What everybody was granted, by the person's id."""
    found: dict[int, list[Grant]] = defaultdict(list)
    for row in await session.scalars(select(GrantRow).order_by(GrantRow.area, GrantRow.role)):
        found[row.person_id].append(grant_of(row))
    return found


async def put_grants(session: AsyncSession, person_id: int, grants: Iterable[Grant]) -> None:
    """These grants instead of those before."""
    await session.execute(delete(GrantRow).where(GrantRow.person_id == person_id))
    wanted = sorted({(grant.role, str(grant.area)) for grant in grants})
    session.add_all(GrantRow(person_id=person_id, role=role, area=area) for role, area in wanted)
    await session.flush()


async def load_open(session: AsyncSession, now: datetime) -> Sequence[tuple[SessionRow, PersonRow]]:
    """Every session that has not ended at `now` (wall time), the newest first."""
    query = select(SessionRow, PersonRow).join(PersonRow).where(is_open(now))
    rows = (await session.execute(query.order_by(SessionRow.expires_at.desc()))).all()
    return [(row[0], row[1]) for row in rows]


async def find_open(session: AsyncSession, name: str, now: datetime) -> tuple[SessionRow, PersonRow] | None:
    """The session with a name, if it has not ended."""
    return next((pair for pair in await load_open(session, now) if session_id(pair[0]) == name), None)


async def end_sessions_of(session: AsyncSession, person_id: int) -> None:
    """Forget every session of a person."""
    await session.execute(delete(SessionRow).where(SessionRow.person_id == person_id))


def session_id(row: SessionRow) -> str:
    """Names a session to people; nobody gets in with it."""
    return row.token_hash[:_ID]
