"""The broker's thread joined to the event loop: batches wake the cursors, word of an edge reaches the edges."""

import asyncio
from collections.abc import Callable

from cloud.fleet.edges import Edges
from cloud.ingest.cursors import Cursors
from cloud.ingest.homes import SiteOf
from cloud.ingest.inbox import Inbox
from cloud.ingest.receiver import Receiver
from cloud.settings import Settings
from protocols.clock import DomainClock
from protocols.wire import Birth, EdgeState


class Intake:
    """`link` is the way to the edges from the start; `run` begins to receive."""

    def __init__(self, settings: Settings, clock: DomainClock, inbox: Inbox, site_of: SiteOf) -> None:
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._wake: Callable[[], None] = _nobody
        self._tell: Callable[[str, Birth | EdgeState], None] = _nobody
        self.link = Receiver(
            settings.broker,
            [site.id for site in settings.sites],
            inbox,
            lambda: self._in_loop(self._wake),
            lambda edge, said: self._in_loop(self._tell, edge, said),
            site_of=site_of,
            on_failure=lambda error: self._in_loop(self._fail, error),
            now=lambda: clock.now().timestamp(),
        )

    async def run(self, cursors: Cursors, edges: Edges) -> None:
        """Receive until cancelled, or until the inbox can no longer be written to."""
        self._wake, self._tell = cursors.wake, edges.told
        self.link.start()
        await self._over

    async def close(self) -> None:
        """End the thread."""
        await asyncio.to_thread(self.link.stop)

    def _in_loop(self, call: Callable[..., object], *arguments: object) -> None:
        self._loop.call_soon_threadsafe(call, *arguments)

    def _fail(self, error: Exception) -> None:
        if not self._over.done():
            self._over.set_exception(error)


def _nobody(*_: object) -> None:
    """Nothing is received before `run`."""
