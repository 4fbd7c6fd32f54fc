"""Letting people in, changing what they may do, and showing them out.

Whoever changes a person must be responsible for every area that the person has a grant over, and gives no right that
he does not hold there himself. Nobody changes himself, and one administrator of all cities always remains.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database
from cloud.directory import store
from cloud.directory.schemas import InvitedOut, OpenSessionOut, PersonIn, PersonOut
from cloud.errors import LastAdministrator, NameTaken, NoSuchArea, NotAllowed, NotThere
from cloud.factors.store import forget
from cloud.fleet.fleet import Fleet
from cloud.people.passwords import Passwords
from cloud.people.rights import Right, Role, granted
from cloud.people.schemas import GrantOut
from cloud.people.service import canonical
from cloud.people.store import Session, load_grants, load_person
from cloud.people.tables import PersonRow
from cloud.reset.store import forget as forget_links
from cloud.tokens.store import end_all_of as end_tokens
from protocols.clock import DomainClock
from rules.areas import Area, Grant, may, may_give, reaches

ONE_TIME_LASTS = timedelta(days=7)  # of wall time


class Directory:
    """The people of one service."""

    def __init__(self, database: Database, passwords: Passwords, clock: DomainClock, fleet: Fleet) -> None:
        self._database, self._passwords, self._clock = database, passwords, clock
        self._cities = [Area(site) for site in fleet.sites]
        self._wards = {Area(site, ward) for ward, site in fleet.site_of_ward.items()}

    async def people(self, who: Session) -> list[PersonOut]:
        """Those who may do anything in the areas of who asks."""
        async with self._database.read() as session:
            everybody, grants = await store.load_people(session), await store.load_all_grants(session)
        shown = [_person_out(person, _near(who, Right.VIEW_PEOPLE, grants.get(person.id, ()))) for person in everybody]
        return [person for person in shown if person.grants]

    async def invite(self, who: Session, wanted: PersonIn) -> InvitedOut:
        """Let somebody in, with a password for once. Raises NotAllowed, NoSuchArea and NameTaken."""
        grants = self._wanted(who, wanted.grants)
        password = _password_for_once()
        person = PersonRow(
            username=canonical(wanted.username),
            display_name=wanted.display_name,
            language=wanted.language,
            email=wanted.email,
            password_hash=await self._passwords.hash(password),
            password_until=self._clock.wall_now() + ONE_TIME_LASTS,
        )
        async with self._database.write() as session:
            if await load_person(session, person.username):
                raise NameTaken
            session.add(person)
            await session.flush()
            await store.put_grants(session, person.id, grants)
            await self._note(session, who, Act.ADD_PERSON, person.username, _told(grants))
        return _invited(person, _near(who, Right.MANAGE_PEOPLE, grants), password)

    async def give_password(self, who: Session, username: str) -> InvitedOut:
        """Instead of a password that was forgotten or may be known, one for once. Raises NotThere and NotAllowed."""
        password = _password_for_once()
        password_hash = await self._passwords.hash(password)
        async with self._database.write() as session:
            person = await self._mine(session, who, username)
            person.password_hash, person.password_until = password_hash, self._clock.wall_now() + ONE_TIME_LASTS
            await store.end_sessions_of(session, person.id)
            await forget_links(session, person.id)
            await self._note(session, who, Act.GIVE_PASSWORD, person.username)
            grants = await load_grants(session, person.id)
        return _invited(person, _near(who, Right.MANAGE_PEOPLE, grants), password)

    async def write_to(self, who: Session, username: str, email: str | None) -> PersonOut:
        """Another mail address; links that were sent to the old one open nothing. Raises NotThere and NotAllowed."""
        async with self._database.write() as session:
            person = await self._mine(session, who, username)
            told = {"before": person.email or "", "after": email or ""}
            person.email = email
            await forget_links(session, person.id)
            await self._note(session, who, Act.CHANGE_EMAIL, person.username, told)
            grants = await load_grants(session, person.id)
        return _person_out(person, _near(who, Right.MANAGE_PEOPLE, grants))

    async def grant(self, who: Session, username: str, wanted: Sequence[GrantOut]) -> PersonOut:
        """Give somebody these grants instead of the present ones; who is signed in has to sign in again.

        Raises NotThere, NotAllowed, NoSuchArea and LastAdministrator.
        """
        async with self._database.write() as session:
            person = await self._mine(session, who, username)
            grants = self._wanted(who, wanted)
            await store.put_grants(session, person.id, grants)
            await self._check_somebody_stays(session)
            await store.end_sessions_of(session, person.id)
            await self._note(session, who, Act.GRANT, person.username, _told(grants))
        return _person_out(person, _near(who, Right.MANAGE_PEOPLE, grants))

    async def stand(self, who: Session, username: str, *, disabled: bool) -> PersonOut:
        """Let somebody in no longer, or again. Raises NotThere, NotAllowed and LastAdministrator."""
        async with self._database.write() as session:
            person = await self._mine(session, who, username)
            person.disabled_at = self._clock.wall_now() if disabled else None
            await session.flush()
            await self._check_somebody_stays(session)
            await store.end_sessions_of(session, person.id)
            if disabled:
                await end_tokens(session, person.id)
                await forget_links(session, person.id)
            await self._note(session, who, Act.DISABLE if disabled else Act.ENABLE, person.username)
            grants = await load_grants(session, person.id)
        return _person_out(person, _near(who, Right.MANAGE_PEOPLE, grants))

    async def forget_factors(self, who: Session, username: str) -> None:
        """For who has lost phone and paper: the password is enough again. Raises NotThere and NotAllowed."""
        async with self._database.write() as session:
            person = await self._mine(session, who, username)
            await forget(session, person.id)
            await store.end_sessions_of(session, person.id)
            await self._note(session, who, Act.FORGET_FACTORS, person.username)

    async def sessions(self, who: Session) -> list[OpenSessionOut]:
        """Who is signed in of those who may do anything in the areas of who asks, oneself included."""
        async with self._database.read() as session:
            found = await store.load_open(session, self._clock.wall_now())
            grants = await store.load_all_grants(session)
        return [
            OpenSessionOut(
                id=store.session_id(row),
                username=person.username,
                opened_at=row.opened_at,
                seen_at=row.seen_at,
                expires_at=row.expires_at,
                address=row.address,
            )
            for row, person in found
            if _near(who, Right.END_SESSION, grants.get(person.id, ()))
        ]

    async def end(self, who: Session, session_id: str) -> None:
        """End a session, also on its sockets. Raises NotThere and NotAllowed."""
        async with self._database.write() as session:
            found = await store.find_open(session, session_id, self._clock.wall_now())
            if found is None:
                raise NotThere(f"there is no session {session_id}")
            row, person = found
            _check_over(who, Right.END_SESSION, await load_grants(session, person.id), f"session {session_id}")
            await session.delete(row)
            await self._note(session, who, Act.END_SESSION, person.username, {"session": session_id})

    async def end_all(self, who: Session, username: str) -> None:
        """End every session of a person. Raises NotThere and NotAllowed."""
        async with self._database.write() as session:
            person = await self._find(session, username)
            _check_over(who, Right.END_SESSION, await load_grants(session, person.id), f"person {username}")
            await store.end_sessions_of(session, person.id)
            await self._note(session, who, Act.END_SESSION, person.username, {"session": "all"})

    def _wanted(self, who: Session, wanted: Iterable[GrantOut]) -> list[Grant]:
        """Grants that somebody may give, over areas that there are; of other cities nothing is known here."""
        grants = [granted(grant.role, Area.parse(grant.area)) for grant in wanted]
        _check_gives(who, grants)
        for area in (grant.area for grant in grants):
            if area.ward is not None and area not in self._wards and Area(area.site) in self._cities:
                raise NoSuchArea(f"there is no ward {area.ward} in {area.site}")
        return grants

    async def _mine(self, session: AsyncSession, who: Session, username: str) -> PersonRow:
        """A person whom somebody is responsible for as a whole."""
        person = await self._find(session, username)
        if person.username == who.username:
            raise NotAllowed("nobody changes what he may do himself; ask another administrator")
        grants = await load_grants(session, person.id)
        _check_over(who, Right.MANAGE_PEOPLE, grants, f"person {username}")
        _check_gives(who, grants)
        return person

    async def _find(self, session: AsyncSession, username: str) -> PersonRow:
        person = await load_person(session, canonical(username))
        if person is None:
            raise NotThere(f"there is no person {username}")
        return person

    async def _check_somebody_stays(self, session: AsyncSession) -> None:
        grants = await store.load_all_grants(session)
        able = [person for person in await store.load_people(session) if person.disabled_at is None]
        if not any(_administers(grants.get(person.id, ()), self._cities) for person in able):
            raise LastAdministrator

    async def _note(
        self, session: AsyncSession, who: Session, act: Act, target: str, told: Mapping[str, str] | None = None
    ) -> None:
        parameters = None if told is None else written(told)
        await append(session, Entry(self._clock.now(), who.username, act, target, parameters=parameters))


def _administers(grants: Sequence[Grant], cities: Iterable[Area]) -> bool:
    """True for who can put everything right again, in every city."""
    held = [grant.area for grant in grants if grant.role == Role.ADMINISTRATOR]
    return all(any(area.covers(city) for area in held) for city in cities)


def _check_gives(who: Session, grants: Iterable[Grant]) -> None:
    for grant in grants:
        if not may_give(who.grants, Right.MANAGE_PEOPLE, grant):
            raise NotAllowed(f"you cannot give or take {grant.role} over {grant.area}: it is more than you hold there")


def _check_over(who: Session, right: Right, grants: Sequence[Grant], what: str) -> None:
    if not _near(who, right, grants):
        raise NotThere(f"there is no {what}")
    if not all(may(who.grants, right, grant.area) for grant in grants):
        raise NotAllowed("this person has grants outside your areas")


def _near(who: Session, right: Right, grants: Iterable[Grant]) -> list[Grant]:
    """Those of the grants that reach into what somebody has a right over."""
    return [grant for grant in grants if reaches(who.grants, right, grant.area)]


def _told(grants: Iterable[Grant]) -> Mapping[str, str]:
    return {"grants": ", ".join(f"{grant.role} {grant.area}" for grant in grants)}


def _password_for_once() -> str:
    return secrets.token_urlsafe(12)


def _invited(person: PersonRow, grants: Iterable[Grant], password: str) -> InvitedOut:
    assert person.password_until is not None  # noqa: S101 - it has just been given; for mypy
    shown = _person_out(person, grants).model_dump()
    return InvitedOut(**shown, one_time_password=password, password_until=person.password_until)


def _person_out(person: PersonRow, grants: Iterable[Grant]) -> PersonOut:
    return PersonOut(
        username=person.username,
        display_name=person.display_name,
        language="en" if person.language == "en" else "vi",
        disabled=person.disabled_at is not None,
        email=person.email,
        grants=[GrantOut(role=Role(grant.role), area=str(grant.area)) for grant in grants],
    )
