"""Signing in and out."""

import hashlib
import secrets
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit import asking
from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append, write_down
from cloud.database import Database
from cloud.errors import CommonPassword, NameAsPassword, Refused, ShortPassword, TicketGone, WrongPassword
from cloud.people import store
from cloud.people.devices import cookie_of, device_name, network_name, secret_of
from cloud.people.guard import Guard
from cloud.people.passwords import Passwords
from cloud.people.rights import Right, Role
from cloud.people.schemas import Credentials, Language, NewPassword
from cloud.people.store import Session
from cloud.people.tables import GrantRow, PersonRow, SessionRow
from protocols.clock import DomainClock
from rules.areas import PROVINCE, Area
from rules.passwords import Weakness, weakness

ADMINISTRATORS_IDLE = timedelta(minutes=30)  # of wall time; who may let people in leaves no open desk behind
SEEN_EVERY = timedelta(minutes=1)
_REFUSED: Mapping[Weakness, type[Refused]] = {
    Weakness.SHORT: ShortPassword,
    Weakness.NAME: NameAsPassword,
    Weakness.COMMON: CommonPassword,
}


def canonical(username: str) -> str:
    """One spelling for a name, whichever way its marks and capitals were typed."""
    return unicodedata.normalize("NFC", username).strip().casefold()


def check_new(password: str, username: str) -> None:
    """Raises ShortPassword, NameAsPassword or CommonPassword for a new password that nobody should have."""
    if wrong := weakness(password, username):
        raise _REFUSED[wrong]


@dataclass(frozen=True, slots=True)
class People:
    """Who may sign in, and who is."""

    database: Database
    passwords: Passwords
    guard: Guard
    clock: DomainClock
    session_lasts: timedelta
    session_idle: timedelta
    second_factor_for: Collection[Role] = ()

    async def add(
        self,
        username: str,
        password: str,
        role: Role,
        display_name: str = "",
        language: Language = "vi",
        area: Area = PROVINCE,
    ) -> None:
        """Let somebody sign in, with a role over an area."""
        name, password_hash = canonical(username), await self.passwords.hash(password)
        person = PersonRow(
            username=name,
            display_name=display_name or username,
            language=language,
            password_hash=password_hash,
        )
        async with self.database.write() as session:
            session.add(person)
            await session.flush()
            session.add(GrantRow(person_id=person.id, role=role, area=str(area)))

    async def find(self, username: str) -> PersonRow | None:
        """The person with a user name."""
        async with self.database.read() as session:
            return await store.load_person(session, canonical(username))

    async def is_empty(self) -> bool:
        """True when nobody can sign in yet."""
        async with self.database.read() as session:
            return await store.count_people(session) == 0

    async def check_password(self, given: Credentials, address: str) -> PersonRow:
        """Whose name and password these are. The try counts until it is forgiven: it may not be all there is to prove.

        Raises WrongPassword and TooManyTries.
        """
        username = canonical(given.username)
        self.count_try(username, address)
        person = await self.find(username)
        stored = person.password_hash if person and self.may_come(person) else None
        if (
            not await self.passwords.fits(stored, given.password, of_stranger=not self.guard.knows(username, address))
            or person is None
        ):
            await self.note_failure(username, address, "password")
            raise WrongPassword
        return person

    async def open(self, person: PersonRow, address: str, how: str = "password") -> tuple[str, Session]:
        """A new session and its secret, for who has proved to be this person; `how` stands in the audit log.

        Raises TicketGone when the password was changed or the person shut out while the proof was looked at: whoever
        ends all sessions of an account ends those, too, that are about to open.
        """
        token = secrets.token_urlsafe(32)
        now = self.clock.wall_now()
        row = SessionRow(
            token_hash=_hash(token),
            person_id=person.id,
            expires_at=now + self.session_lasts,
            opened_at=now,
            address=address,
            seen_at=now,
        )
        entry = Entry(self.clock.now(), person.username, Act.LOG_IN, address, parameters=written({"how": how}))
        async with self.database.write() as session:
            await store.forget_ended(session, now)
            if not self._is_as_it_was(person, await store.load_person(session, person.username)):
                raise TicketGone
            who = await store.signed_in(session, row.token_hash, person, self.second_factor_for)
            row.idle_until = now + self._idle(who)
            session.add(row)
            await append(session, entry)
            await self.know(session, person, address, secret_of(token))
        return token, who

    async def know(self, session: AsyncSession, person: PersonRow, address: str, device: str) -> None:
        """From here, and with this device's cookie, this person has tries of his own from now on."""
        names = [device_name(device), *([network_name(address)] if address else [])]
        before = cookie_of(asking.request())  # the same browser, which takes another cookie now
        gone = device_name(before) if before else None
        self.guard.learn(person.username, await store.put_known(session, person.id, names, gone, self.clock.wall_now()))

    async def sign_out(self, who: Session) -> None:
        """End a session, now and everywhere."""
        async with self.database.write() as session:
            await store.end_session(session, who.token_hash)
            await append(session, Entry(self.clock.now(), who.username, Act.LOG_OUT))

    async def choose_password(self, who: Session, given: NewPassword) -> Session:
        """The session under another password; others of this person end.

        Raises WrongPassword, TooManyTries, and what `check_new` does.
        """
        address = asking.address() or ""
        self.count_try(who.username, address)
        person = await self.find(who.username)
        if person is None or not await self.passwords.fits(person.password_hash, given.current):
            await self.note_failure(who.username, address, "password")
            raise WrongPassword
        self.give_back(who.username, address)
        check_new(given.new, who.username)
        password_hash = await self.passwords.hash(given.new)
        async with self.database.write() as session:
            await store.put_password(session, person.id, password_hash)
            await store.end_others(session, person.id, who.token_hash)
            await append(session, Entry(self.clock.now(), who.username, Act.CHANGE_PASSWORD, who.username))
        return replace(who, is_held=False)

    async def session(self, token: str, *, acts: bool = True) -> Session | None:
        """Who holds this secret, if its session is open. One that `acts` is used, and not idle."""
        async with self.database.read() as session:
            found = await store.load_session(session, _hash(token), self.clock.wall_now(), self.second_factor_for)
        if found is None:
            return None
        who, seen_at = found
        if acts:
            await self._touch([(who, seen_at)])
        return who

    async def living(self, listening: Iterable[Session], speaking: Collection[Session] = ()) -> set[str]:
        """The hashes of those of the sessions that are open; who is speaking is not idle."""
        mine = [who for who in listening if not who.is_machine]
        async with self.database.read() as session:
            found = await store.load_living(session, {who.token_hash for who in mine}, self.clock.wall_now())
        await self._touch([(who, found[who.token_hash]) for who in speaking if who.token_hash in found])
        return set(found)

    async def _touch(self, used: Sequence[tuple[Session, datetime | None]]) -> None:
        """Remember when sessions were used, once a minute: not every look at a lamp should be a write."""
        now = self.clock.wall_now()
        due = {who.token_hash: who for who, seen_at in used if seen_at is None or now - seen_at >= SEEN_EVERY}
        if due:
            async with self.database.write() as session:
                for who in due.values():
                    await store.touch(session, who.token_hash, now, now + self._idle(who))

    def _idle(self, who: Session) -> timedelta:
        """How long a session may stand unused."""
        is_weighty = any(Right.MANAGE_PEOPLE in grant.rights for grant in who.grants)
        return min(ADMINISTRATORS_IDLE, self.session_idle) if is_weighty else self.session_idle

    def may_come(self, person: PersonRow) -> bool:
        """Not when shut out, nor with a password for once that is too old."""
        until = person.password_until
        return person.disabled_at is None and (until is None or self.clock.wall_now() < until)

    def count_try(self, username: str, address: str) -> None:
        """Before somebody proves to be this person, with whatever it is. Raises TooManyTries."""
        self.guard.count(username, address)

    def forgive(self, username: str, address: str) -> None:
        """Everything was right in the end."""
        self.guard.forgive(username, address)

    def give_back(self, username: str, address: str) -> None:
        """This was right, and what was wrong before counts on: who knows the password does not guess codes for ever."""
        self.guard.give_back(username, address)

    async def note_failure(self, username: str, address: str, how: str) -> None:
        """Write down that somebody could not prove to be this person; `how` is what with. When there are too many of
        them they are counted together."""
        if not self.guard.may_tell():
            return
        told = written({"how": how})
        entry = Entry(self.clock.now(), username, Act.LOG_IN_FAILED, address, result="refused", parameters=told)
        await write_down(self.database, entry)

    def _is_as_it_was(self, before: PersonRow, now: PersonRow | None) -> bool:
        return now is not None and now.password_hash == before.password_hash and self.may_come(now)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
