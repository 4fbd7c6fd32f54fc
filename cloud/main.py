"""Runs the service until it is cancelled, or until one of its tasks dies."""

import asyncio
import gc
import logging
import socket
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from cloud.app import create_app
from cloud.assembly import CannotOpen
from cloud.fleet.renewal import Renewal
from cloud.settings import Address, Https, Settings
from cloud.telemetry.store import StoreError
from protocols.clock import DomainClock
from protocols.config import ConfigError

CANNOT_START = 2  # the exit code
_LARGEST_MESSAGE = 64_000  # bytes that a listener may send at once
_GARBAGE_EVERY = 20_000  # new objects; a tick makes thousands, nearly all of which are gone after it
_GRACE_S = 1  # for requests and sockets that are open when the service ends

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Ends when its task is cancelled: signals belong to whoever started the process. It is over at once, unless
    somebody is connected."""

    _looking: asyncio.Task[None] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield

    def end(self) -> None:
        """Let those who are being answered have their answers, and be over."""
        self.should_exit = True
        if self._looking:
            self._looking.cancel()

    async def main_loop(self) -> None:
        """Until the end."""
        self._looking = asyncio.create_task(super().main_loop())
        await asyncio.wait([self._looking])
        if not self.should_exit:
            self._looking.result()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door; when somebody is inside, as uvicorn does it."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for door in (*self.servers, *(sockets or ())):
            door.close()
        for server in self.servers:
            await server.wait_closed()


async def serve(settings: Settings, clock: DomainClock) -> None:
    """Serve until cancelled. What ends the service is raised; what keeps it from starting is said in a line."""
    for chatty in ("uvicorn.error", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    app = create_app(settings, clock)
    with _open(settings) as door:
        while await serve_once(app, door, settings):
            log.info("beginning anew with another inventory")


@contextmanager
def _open(settings: Settings) -> Iterator[socket.socket]:
    with _starting():
        door = listening(settings.listen)
    with door:
        yield door


async def serve_once(app: FastAPI, door: socket.socket, settings: Settings) -> bool:
    """Serve until cancelled, or until the parts are to be put together anew: then True. Who asks meanwhile waits in the
    queue of the door."""
    async with AsyncExitStack() as opened:
        with _starting():
            await opened.enter_async_context(app.router.lifespan_context(app))
        log.info("the console is at %s", settings.console)
        opened.enter_context(_settled())
        renewal: Renewal = app.state.parts.renewal
        with door.dup() as own:  # the server closes its own
            await _until(renewal, answer(app, own, tuple(map(str, settings.proxies)), settings.https))
        return renewal.is_asked


async def _until(renewal: Renewal, answering: Coroutine[Any, Any, None]) -> None:
    """Answer until somebody asks for a renewal; what is under way gets its moment to end."""
    tasks = [asyncio.create_task(answering), asyncio.create_task(renewal.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


@contextmanager
def _starting() -> Iterator[None]:
    """What keeps the service from starting is said in a line."""
    try:
        yield
    except (CannotOpen, ConfigError, OSError, StoreError) as error:
        log.critical("%s", error)
        raise SystemExit(CANNOT_START) from error


@contextmanager
def _settled() -> Iterator[None]:
    """The city in memory stays until the end: looking through a hundred thousand lamps for garbage, again and again,
    takes longer than a tick may."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_EVERY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def listening(address: Address) -> socket.socket:
    """A listening socket, which is closed at the end of a `with`. Raises OSError, which names the address."""
    door = socket.create_server((address.host, address.port), backlog=512)
    # What it accepts inherits this. Without it a body waits, behind its head, for the reader's delayed word: 40 ms.
    # asyncio sees to it only where a socket names its protocol, which those of `create_server` do not.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


async def answer(app: ASGIApp, door: socket.socket, proxies: Sequence[str] = (), https: Https | None = None) -> None:
    """Answer requests until cancelled, over TLS with a certificate; those that are under way get a moment to end.

    What a request says of where it comes from is believed of `proxies` alone (addresses or networks): anybody can write
    it, and a try at a password counts for the address that it came from.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        ssl_certfile=str(https.certificate) if https else None,
        ssl_keyfile=str(https.key) if https else None,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=_LARGEST_MESSAGE,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve([door]))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        server.end()
        await running
        raise
