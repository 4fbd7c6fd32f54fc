"""Runs the service until it is cancelled, or until one of its tasks dies."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from cloud.app import create_app
from cloud.settings import Address, Settings
from protocols.clock import DomainClock

_GRACE_S = 2  # for requests and sockets that are open when the service ends

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Ends when its task is cancelled: signals belong to whoever started the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


async def serve(settings: Settings, clock: DomainClock) -> None:
    """Serve until cancelled. What keeps the service from starting, or ends it, is raised."""
    app = create_app(settings, clock)
    with listening(settings.listen) as door:
        async with app.router.lifespan_context(app):
            log.info("the console is at %s", settings.console)
            await answer(app, door)


@contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """A listening socket. Raises OSError, which names the address."""
    try:
        door = socket.create_server((address.host, address.port), backlog=512)
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"{address.host}:{address.port}") from error
    with door:
        yield door


async def answer(app: FastAPI, door: socket.socket) -> None:
    """Answer requests until cancelled; those that are under way get a moment to end."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve([door]))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        server.should_exit = True
        await running
        raise
