"""A forgotten password is made good by who reads the mail of the person, and nobody learns who there is.

What is asked is put in a line and answered at once, before anybody looks who is asked for.
"""

import asyncio
import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from cloud.audit.chain import Act, Entry
from cloud.audit.store import append, write_down
from cloud.database import left_out_while_away
from cloud.directory.store import end_sessions_of
from cloud.errors import LinkGone, TooManyTries
from cloud.notifications.mail import NotSent
from cloud.notifications.service import Sender
from cloud.people.devices import network_of
from cloud.people.limiter import Bucket, Kind
from cloud.people.service import People, canonical, check_new
from cloud.people.store import load_person, put_password
from cloud.people.tables import PersonRow
from cloud.reset import store
from cloud.reset.tables import ResetRow
from cloud.reset.words import reset_mail

LASTS = timedelta(minutes=30)  # of wall time
_MOST_WAITING = 100
_CROWD_WAIT_S = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    username: str
    address: str


class Resets:
    """`console` is the front of every link; without a `sender` nobody gets one."""

    def __init__(self, people: People, sender: Sender | None, console: str) -> None:
        self._people, self._sender, self._console = people, sender, console
        self._line: asyncio.Queue[_Asked] = asyncio.Queue(_MOST_WAITING)
        self._away = False

    @property
    def is_there(self) -> bool:
        """True when links can be sent."""
        return self._sender is not None

    def ask(self, username: str, address: str) -> None:
        """Somebody has forgotten the password of an account. Raises TooManyTries."""
        asked = _Asked(canonical(username), address)
        buckets = Bucket(Kind.RESET_ACCOUNT, asked.username), Bucket(Kind.RESET_ADDRESS, network_of(address))
        if self._line.full():
            raise TooManyTries(_CROWD_WAIT_S)
        self._people.guard.take(*buckets)
        self._line.put_nowait(asked)

    async def run(self) -> None:
        """Answer for as long as the service runs."""
        while True:
            asked = await self._line.get()
            with left_out_while_away("a forgotten password"):
                await self._answer(asked)

    async def use(self, token: str, new: str, address: str, device: str) -> None:
        """Take another password, and end every session; this browser is known from now on (`device`).

        Raises LinkGone, and what `check_new` does.
        """
        person = await self._owner(token)
        check_new(new, person.username)
        password_hash = await self._people.passwords.hash(new)
        async with self._people.database.write() as session:
            now = self._people.clock.wall_now()
            if await store.load_person(session, _hash(token), now) is None:  # two of them at once
                raise LinkGone
            await put_password(session, person.id, password_hash)
            await end_sessions_of(session, person.id)
            await append(session, self._entry(person.username, Act.RESET_PASSWORD, address, "ok"))
            await self._people.know(session, person, address, device)

    async def _owner(self, token: str) -> PersonRow:
        async with self._people.database.read() as session:
            person = await store.load_person(session, _hash(token), self._people.clock.wall_now())
        if person is None:
            raise LinkGone
        return person

    async def _answer(self, asked: _Asked) -> None:
        async with self._people.database.read() as session:
            person = await load_person(session, asked.username)
        result = "not sent"
        if person is not None and person.email and person.disabled_at is None and self._sender is not None:
            result = await self._send(self._sender, person, person.email)
        await write_down(
            self._people.database, self._entry(asked.username, Act.ASK_RESET, asked.address, result, asked.address)
        )

    async def _send(self, sender: Sender, person: PersonRow, email: str) -> str:
        token = secrets.token_urlsafe(32)
        now = self._people.clock.wall_now()
        async with self._people.database.write() as session:
            await store.put(
                session, ResetRow(token_hash=_hash(token), person_id=person.id, expires_at=now + LASTS), now
            )
        link = f"{self._console}/?reset={token}"
        try:
            await sender.send(email, reset_mail(person.language, person.display_name, person.username, link, LASTS))
        except NotSent as reason:
            log.warning("a link to another password was not sent: %s", reason)
            return "not sent"
        return "sent"

    def _entry(self, who: str, act: Act, target: str, result: str, address: str | None = None) -> Entry:
        return Entry(self._people.clock.now(), who, act, target, result=result, address=address)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
