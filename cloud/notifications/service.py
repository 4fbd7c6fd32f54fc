"""The notifier: takes messages from the outbox and tries until each has been sent, once."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.alarms import store as episodes
from cloud.alarms.episode import Episode
from cloud.database import Database, left_out_while_away
from cloud.notifications import store
from cloud.notifications.mail import NotSent
from cloud.notifications.store import State
from cloud.notifications.tables import NoticeRow
from cloud.notifications.words import Message, about

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
_LOOK_EVERY_S = 1.0
_AT_ONCE = 20

log = logging.getLogger(__name__)


class Sender(Protocol):
    """A way to reach one person."""

    async def send(self, recipient: str, message: Message) -> None:
        """Returns when the message is no longer with us. Raises NotSent."""
        ...


class Notifier:
    """`zone_of` gives the local time of a thing.

    `wall` returns Unix seconds: sending is the world's business, not the simulated city's."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        recipients: Sequence[str],
        zone_of: Callable[[str], ZoneInfo],
        console: str,
        wall: Callable[[], float],
    ) -> None:
        self._database, self._sender, self._recipients = database, sender, recipients
        self._zone_of, self._console, self._wall = zone_of, console, wall
        self._more = asyncio.Event()
        self._away = False

    async def put(self, session: AsyncSession, raised: Sequence[Episode]) -> None:
        """Put a message about each episode into the outbox, in the transaction that raises it."""
        await store.put(session, [episode.id for episode in raised], self._recipients, self._now())

    def wake(self) -> None:
        """There may be something to send."""
        self._more.set()

    async def run(self) -> None:
        """Send for as long as the service runs."""
        while True:
            self._more.clear()
            with left_out_while_away("notifier"):
                await self.deliver()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._more.wait()

    async def deliver(self) -> None:
        """One round: try everything that is due."""
        async with self._database.read() as session:
            due = await store.load_due(session, self._now(), _AT_ONCE)
        for notice in due:
            await self._try(notice)

    async def _try(self, notice: NoticeRow) -> None:
        episode = await self._still_true(notice)
        if episode is None:
            return
        try:
            await self._sender.send(notice.recipient, about(episode, self._zone_of(episode.source), self._console))
        except NotSent as reason:
            await self._postpone(notice, reason)
        else:
            await self._sent(notice)
            self._say_back()

    async def _still_true(self, notice: NoticeRow) -> Episode | None:
        """What to tell of; once it is over it need not be told, unless it comes back."""
        async with self._database.write() as session:  # so that it cannot come back between the look and the word
            episode = await episodes.load(session, notice.episode_id)
            if episode is not None and episode.is_present:
                return episode
            await store.end(session, notice, State.NOT_NEEDED, self._now())
        return None

    async def _sent(self, notice: NoticeRow) -> None:
        async with self._database.write() as session:
            await store.end(session, notice, State.SENT, self._now())

    async def _postpone(self, notice: NoticeRow, reason: NotSent) -> None:
        if not self._away:
            log.warning("%s; it is tried again until it does", reason)
        self._away = True
        async with self._database.write() as session:
            await store.postpone(session, notice, self._now() + pause(notice.tries))

    def _say_back(self) -> None:
        if self._away:
            log.info("messages go out again")
        self._away = False

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)


def pause(tries: int) -> timedelta:
    """How long to wait after so many failures: it grows, and is random."""
    longest = min(FIRST_PAUSE * float(1 << min(tries, 20)), LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
