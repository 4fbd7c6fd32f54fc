"""A real service on a loopback port, and people who are signed in to it."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from cloud.app import create_app
from cloud.console import DIST
from cloud.main import answer, listening
from cloud.parts import Parts
from cloud.people.access import COOKIE
from cloud.people.rights import Role
from cloud.settings import Address, PasswordCost, Settings
from protocols.clock import DomainClock

CHEAP = PasswordCost(memory_kib=8, rounds=1, lanes=1)
PASSWORD = "four words of a test"
_PATIENCE_S = 30.0  # with a service that answers within milliseconds where nothing else runs
_NO_TLS = ssl.create_default_context()  # loading it for every client would take longer than the test


@dataclass(slots=True)
class RecordingLink:
    """Stands in for the broker: writes down what would have been published."""

    connected: bool = True
    published: list[tuple[str, bytes]] = field(default_factory=list)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:  # noqa: ARG002 - as a link has it
        """Like a connection: what cannot be sent is not kept."""
        if self.connected:
            self.published.append((topic, payload))
        return self.connected


@dataclass(frozen=True, slots=True)
class Service:
    """A service that answers on a port."""

    app: FastAPI
    parts: Parts
    port: int
    link: RecordingLink

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def anonymous(self) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser without a session."""
        async with httpx2.AsyncClient(base_url=self.url, verify=_NO_TLS, timeout=_PATIENCE_S) as client:
            yield client

    @asynccontextmanager
    async def signed_in(self, role: Role = Role.ADMINISTRATOR) -> AsyncIterator[httpx2.AsyncClient]:
        """Somebody with a role, named after it."""
        async with self.anonymous() as client:
            if await self.parts.people.find(role) is None:
                await self.parts.people.add(role, PASSWORD, role)
            answered = await client.post("/api/v1/session", json={"username": role, "password": PASSWORD})
            answered.raise_for_status()
            yield client

    @asynccontextmanager
    async def socket(
        self, path: str, client: httpx2.AsyncClient, origin: str | None = None
    ) -> AsyncIterator[ClientConnection]:
        """A WebSocket of a client's session or token, opened by a page of an origin."""
        token, session = client.headers.get("Authorization"), client.cookies.get(COOKIE)
        shown = {"Authorization": token} if token else {"Cookie": f"{COOKIE}={session}"}
        page = Origin(origin) if origin else None
        url = f"ws://127.0.0.1:{self.port}{path}"
        async with connect(url, additional_headers=shown, origin=page, proxy=None) as open_socket:
            yield open_socket


def settings_in(folder: Path, **more: object) -> Settings:
    """Settings of a service that keeps everything in a folder."""
    known: dict[str, object] = {
        "data": folder,
        "listen": Address(host="127.0.0.1", port=0),
        "sites": [{"id": "halong", "inventory": folder / "inventory.json", "basemap": folder / "basemap.geojson"}],
        "admin_password_file": folder / "secrets" / "admin",
        "passwords": CHEAP,
    }
    return Settings.model_validate({**known, **more})


@asynccontextmanager
async def serving(
    settings: Settings, clock: DomainClock, dist: Path = DIST, link: RecordingLink | None = None
) -> AsyncIterator[Service]:
    """A service from its start to its end; what it sends to edges is written down."""
    recording = link or RecordingLink()
    async with _serving(create_app(settings, clock, dist, recording), settings, recording) as running:
        yield running


@asynccontextmanager
async def serving_over_a_broker(settings: Settings, clock: DomainClock) -> AsyncIterator[Service]:
    """A service from its start to its end, with the broker of its settings."""
    async with _serving(create_app(settings, clock), settings, RecordingLink()) as running:
        yield running


@asynccontextmanager
async def _serving(app: FastAPI, settings: Settings, link: RecordingLink) -> AsyncIterator[Service]:
    with listening(settings.listen) as door:
        async with app.router.lifespan_context(app), _answering(app, door, settings):
            yield Service(app, app.state.parts, door.getsockname()[1], link)


@asynccontextmanager
async def _answering(app: FastAPI, door: socket.socket, settings: Settings) -> AsyncIterator[None]:
    task = asyncio.create_task(answer(app, door, tuple(map(str, settings.proxies)), settings.https))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
