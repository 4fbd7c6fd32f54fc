"""What somebody sees and changes of himself, beside his second factors."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.account import store
from cloud.account.schemas import AccountOut, OwnSession, PasskeyOut
from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database
from cloud.directory.store import session_id
from cloud.errors import NotThere
from cloud.factors.store import Held, load_held
from cloud.factors.tables import PasskeyRow
from cloud.people.schemas import Language
from cloud.people.store import Session, end_others, end_session, load_self
from cloud.people.tables import PersonRow, SessionRow
from protocols.clock import DomainClock


class Account:
    """The accounts of a city's service, each for its owner."""

    def __init__(self, database: Database, clock: DomainClock) -> None:
        self._database, self._clock = database, clock

    async def look(self, who: Session) -> AccountOut:
        """Everything that one may know of oneself."""
        async with self._database.read() as session:
            person = await load_self(session, who)
            held = await load_held(session, person.id)
            rows = await store.load_sessions(session, person.id, self._clock.wall_now())
        return _account_out(person, held, [_own_session(row, who) for row in rows])

    async def end(self, who: Session, name: str) -> None:
        """End one of one's own sessions. Raises NotThere."""
        async with self._database.write() as session:
            person = await load_self(session, who)
            rows = await store.load_sessions(session, person.id, self._clock.wall_now())
            found = next((row for row in rows if session_id(row) == name), None)
            if found is None:
                raise NotThere(f"there is no session {name} of yours")
            await end_session(session, found.token_hash)
            await self._note(session, who, Act.END_SESSION, {"session": name})

    async def end_others(self, who: Session) -> None:
        """End every session of one's own but this one."""
        async with self._database.write() as session:
            await end_others(session, (await load_self(session, who)).id, who.token_hash)
            await self._note(session, who, Act.END_SESSION, {"session": "others"})

    async def speak(self, who: Session, language: Language) -> Session:
        """The session in another language."""
        async with self._database.write() as session:
            (await load_self(session, who)).language = language
            await self._note(session, who, Act.CHANGE_LANGUAGE, {"language": language})
        return replace(who, language=language)

    async def _note(self, session: AsyncSession, who: Session, act: Act, told: dict[str, str]) -> None:
        await append(session, Entry(self._clock.now(), who.username, act, who.username, parameters=written(told)))


def _account_out(person: PersonRow, held: Held, sessions: list[OwnSession]) -> AccountOut:
    return AccountOut(
        username=person.username,
        display_name=person.display_name,
        language="en" if person.language == "en" else "vi",
        email=person.email,
        totp_since=held.totp_since,
        recovery_left=held.recovery_left,
        passkeys=[passkey_out(row) for row in held.passkeys],
        sessions=sessions,
    )


def passkey_out(row: PasskeyRow) -> PasskeyOut:
    """A passkey as its owner sees it."""
    return PasskeyOut(id=row.id, name=row.name, added_at=row.added_at, used_at=row.used_at)


def _own_session(row: SessionRow, who: Session) -> OwnSession:
    return OwnSession(
        id=session_id(row),
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        address=row.address,
        is_current=row.token_hash == who.token_hash,
    )
