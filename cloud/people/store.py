"""People, their grants and their sessions in the registry."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import upsert
from cloud.errors import NotSignedIn
from cloud.factors.tables import PasskeyRow, TotpRow
from cloud.people.rights import Right, Role, granted
from cloud.people.tables import GrantRow, KnownRow, PersonRow, SessionRow
from cloud.reset.store import forget as forget_links
from rules.areas import Area, Grant

_MOST_KNOWN = 50  # devices and networks of one person
_IN_ORDER = (GrantRow.area, GrantRow.role)


@dataclass(frozen=True, slots=True)
class Session:
    """Who is asking: somebody who is signed in, or a machine.

    Somebody is held back until a password for once has been replaced, and until there is the second factor that one of
    his roles must have.
    """

    token_hash: str
    username: str
    display_name: str
    grants: Sequence[Grant]
    language: str
    is_held: bool = False
    is_machine: bool = False
    lacks_factor: bool = False

    @property
    def role(self) -> Role:
        """That of the widest grant."""
        return Role(min(self.grants, key=lambda grant: grant.area.depth).role)

    def rights(self, area: Area) -> frozenset[Right]:
        """What this person may do in an area or in a part of it, as far as it is a matter of places."""
        if self.is_held or self.lacks_factor:
            return frozenset({Right.OWN_SESSION})
        near = [grant for grant in self.grants if grant.area.covers(area) or area.covers(grant.area)]
        return frozenset(right for right in Right if any(right in grant.rights for grant in near))


async def load_person(session: AsyncSession, username: str) -> PersonRow | None:
    """The person with a user name."""
    return await session.scalar(select(PersonRow).where(PersonRow.username == username))


async def load_self(session: AsyncSession, who: Session) -> PersonRow:
    """The person who is asking. Raises NotSignedIn."""
    person = await load_person(session, who.username)
    if person is None:
        raise NotSignedIn
    return person


async def count_people(session: AsyncSession) -> int:
    """How many may sign in."""
    return await session.scalar(select(func.count()).select_from(PersonRow)) or 0


async def load_grants(session: AsyncSession, person_id: int) -> Sequence[Grant]:
    """What a person was granted."""
    rows = await session.scalars(select(GrantRow).where(GrantRow.person_id == person_id).order_by(*_IN_ORDER))
    return [grant_of(row) for row in rows]


def is_open(now: datetime) -> ColumnElement[bool]:
    """True for a session that has neither ended nor been idle for too long at `now` (wall time)."""
    return and_(SessionRow.expires_at > now, or_(SessionRow.idle_until.is_(None), SessionRow.idle_until > now))


async def load_session(
    session: AsyncSession, token_hash: str, now: datetime, strict: Collection[Role]
) -> tuple[Session, datetime | None] | None:
    """A session that is open at `now` (wall time), and when it was last used. `strict` are as in `signed_in`.

    Every request asks this first: person and grants come with one statement.
    """
    query = select(PersonRow, SessionRow.seen_at, GrantRow).join(SessionRow).outerjoin(GrantRow)
    mine = SessionRow.token_hash == token_hash, is_open(now), PersonRow.disabled_at.is_(None)
    rows = (await session.execute(query.where(*mine).order_by(*_IN_ORDER))).all()
    if not rows:
        return None
    person, seen_at, _ = rows[0]
    grants = [grant_of(row[2]) for row in rows if row[2] is not None]
    return await _held_back(session, token_hash, person, grants, strict), seen_at


async def signed_in(session: AsyncSession, token_hash: str, person: PersonRow, strict: Collection[Role]) -> Session:
    """A person's session; the roles that are `strict` must have a second factor."""
    return await _held_back(session, token_hash, person, await load_grants(session, person.id), strict)


async def _held_back(
    session: AsyncSession, token_hash: str, person: PersonRow, grants: Sequence[Grant], strict: Collection[Role]
) -> Session:
    return Session(
        token_hash,
        person.username,
        person.display_name,
        grants,
        person.language,
        is_held=person.password_until is not None,
        lacks_factor=await lacks_factor(session, person.id, grants, strict),
    )


async def lacks_factor(
    session: AsyncSession, person_id: int, grants: Iterable[Grant], strict: Collection[Role]
) -> bool:
    """True for who has a role that must have a second factor, and has none."""
    return any(grant.role in strict for grant in grants) and not await has_factor(session, person_id)


async def has_factor(session: AsyncSession, person_id: int) -> bool:
    """True for who proves himself with more than a password."""
    totp = exists().where(TotpRow.person_id == person_id, TotpRow.since.is_not(None))
    passkey = exists().where(PasskeyRow.person_id == person_id)
    return bool(await session.scalar(select(or_(totp, passkey))))


async def load_living(
    session: AsyncSession, token_hashes: Iterable[str], now: datetime
) -> Mapping[str, datetime | None]:
    """Those of the sessions that are open, and when they were last used."""
    query = select(SessionRow.token_hash, SessionRow.seen_at)
    rows = await session.execute(query.where(SessionRow.token_hash.in_(list(token_hashes)), is_open(now)))
    return {row[0]: row[1] for row in rows}


async def touch(session: AsyncSession, token_hash: str, seen_at: datetime, idle_until: datetime) -> None:
    """Somebody does something in a session."""
    mine = update(SessionRow).where(SessionRow.token_hash == token_hash, is_open(seen_at))
    await session.execute(mine.values(seen_at=seen_at, idle_until=idle_until))


async def load_known(session: AsyncSession) -> dict[str, set[str]]:
    """From where everybody has signed in, by user name."""
    known: dict[str, set[str]] = {}
    query = select(PersonRow.username, KnownRow.name).join(KnownRow)
    for username, name in await session.execute(query):
        known.setdefault(username, set()).add(name)
    return known


async def put_known(
    session: AsyncSession, person_id: int, names: Sequence[str], gone: str | None, now: datetime
) -> set[str]:
    """Somebody signs in from here, and one name is no longer used; everything that is known then, but no more than the
    newest."""
    mine = KnownRow.person_id == person_id
    await upsert(session, KnownRow, [{"person_id": person_id, "name": name, "seen_at": now} for name in names])
    found = await session.scalars(select(KnownRow.name).where(mine).order_by(KnownRow.seen_at.desc(), KnownRow.name))
    kept = [name for name in dict.fromkeys([*names, *found]) if name != gone][:_MOST_KNOWN]
    await session.execute(delete(KnownRow).where(mine, KnownRow.name.not_in(kept)))
    return set(kept)


async def end_session(session: AsyncSession, token_hash: str) -> None:
    """Forget a session."""
    await session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


async def put_password(session: AsyncSession, person_id: int, password_hash: str) -> None:
    """A password of one's own; no link to yet another one opens anything any more."""
    await forget_links(session, person_id)
    values = {"password_hash": password_hash, "password_until": None}
    await session.execute(update(PersonRow).where(PersonRow.id == person_id).values(values))


async def end_others(session: AsyncSession, person_id: int, kept: str) -> None:
    """Forget every session of a person but one."""
    await session.execute(delete(SessionRow).where(SessionRow.person_id == person_id, SessionRow.token_hash != kept))


async def forget_ended(session: AsyncSession, now: datetime) -> None:
    """Forget every session that has ended by itself."""
    await session.execute(delete(SessionRow).where(not_(is_open(now))))


def grant_of(row: GrantRow) -> Grant:
    """A grant as the rules know it."""
    return granted(Role(row.role), Area.parse(row.area))
