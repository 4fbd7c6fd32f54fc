"""Signing in and out."""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append, write_down
from cloud.database import Database
from cloud.errors import WrongPassword
from cloud.people import store
from cloud.people.limiter import Limiter
from cloud.people.passwords import Passwords
from cloud.people.rights import Role
from cloud.people.schemas import Credentials, Language, NewPassword
from cloud.people.store import Session
from cloud.people.tables import GrantRow, PersonRow, SessionRow
from protocols.clock import DomainClock
from rules.areas import PROVINCE, Area


def canonical(username: str) -> str:
    """One spelling for a name, whichever way its marks and capitals were typed."""
    return unicodedata.normalize("NFC", username).strip().casefold()


@dataclass(frozen=True, slots=True)
class People:
    """Who may sign in, and who is."""

    database: Database
    passwords: Passwords
    limiter: Limiter
    clock: DomainClock
    session_lasts: timedelta

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
        if not await self.passwords.fits(stored, given.password) or person is None:
            await self.note_failure(username, address, "password")
            raise WrongPassword
        return person

    async def open(self, person: PersonRow, address: str, how: str = "password") -> tuple[str, Session]:
        """A new session and its secret, for who has proved to be this person; `how` stands in the audit log."""
        token = secrets.token_urlsafe(32)
        now = self._wall()
        row = SessionRow(
            token_hash=_hash(token),
            person_id=person.id,
            expires_at=now + self.session_lasts,
            opened_at=now,
            address=address,
        )
        entry = Entry(self.clock.now(), person.username, Act.LOG_IN, address, parameters=written({"how": how}))
        async with self.database.write() as session:
            await store.forget_ended(session, now)
            session.add(row)
            await append(session, entry)
            return token, await store.signed_in(session, row.token_hash, person)

    async def sign_out(self, who: Session) -> None:
        """End a session, now and everywhere."""
        async with self.database.write() as session:
            await store.end_session(session, who.token_hash)
            await append(session, Entry(self.clock.now(), who.username, Act.LOG_OUT))

    async def choose_password(self, who: Session, given: NewPassword) -> Session:
        """The session under another password; others of this person end. Raises WrongPassword and TooManyTries."""
        self.count_try(who.username, "")
        person = await self.find(who.username)
        if person is None or not await self.passwords.fits(person.password_hash, given.current):
            raise WrongPassword
        self.forgive(who.username, "")
        password_hash = await self.passwords.hash(given.new)
        async with self.database.write() as session:
            await store.put_password(session, person.id, password_hash)
            await store.end_others(session, person.id, who.token_hash)
            await append(session, Entry(self.clock.now(), who.username, Act.CHANGE_PASSWORD, who.username))
        return replace(who, is_held=False)

    async def session(self, token: str) -> Session | None:
        """Who holds this secret, if its session has not ended."""
        async with self.database.read() as session:
            return await store.load_session(session, _hash(token), self._wall())

    async def living(self, token_hashes: set[str]) -> set[str]:
        """Those of the sessions that have not ended."""
        async with self.database.read() as session:
            return await store.load_living(session, token_hashes, self._wall())

    def may_come(self, person: PersonRow) -> bool:
        """Not when shut out, nor with a password for once that is too old."""
        return person.disabled_at is None and (person.password_until is None or self._wall() < person.password_until)

    def count_try(self, username: str, address: str) -> None:
        """Before somebody proves to be this person, with whatever it is. Raises TooManyTries."""
        self.limiter.count(username, address)

    def forgive(self, username: str, address: str) -> None:
        """Everything was right in the end."""
        self.limiter.forgive(username, address)

    async def note_failure(self, username: str, address: str, how: str) -> None:
        """Write down that somebody could not prove to be this person; `how` is what with."""
        told = written({"how": how})
        entry = Entry(self.clock.now(), username, Act.LOG_IN_FAILED, address, result="refused", parameters=told)
        await write_down(self.database, entry)

    def _wall(self) -> datetime:
        return datetime.fromtimestamp(self.clock.wall(), UTC)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
