"""How the telemetry is kept: how much, for how long still, and what is waiting. And the way out, as a file."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from cloud.errors import NotReady, Refused
from cloud.ingest.cursors import Cursors
from cloud.ingest.inbox import Inbox
from cloud.settings import Settings
from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.exporting import Wish
from cloud.telemetry.figures import Figures
from cloud.telemetry.store import Health, StoreAway, TelemetryStore


class OwnExport(Refused):
    """A server has its own tools for this."""

    status, code, message = 409, "own_export", "the telemetry is in InfluxDB: export it there, with influx or influxd"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One cursor of the inbox. `since` is when the oldest batch that it has not passed came, in Unix seconds."""

    name: str
    position: int
    behind: int
    since: float | None


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that somebody on call wants to know of the store. What an engine does not tell is `None`."""

    engine: str
    health: Health
    figures: Figures | None
    free_bytes: int
    cursors: tuple[Waiting, ...]
    dead_letters: int

    @property
    def days_left(self) -> float | None:
        """Days of the city until the disk is full at the present rate."""
        per_day = self.figures.bytes_per_day if self.figures else None
        return self.free_bytes / per_day if per_day else None


class Storage:
    """The store, the inbox and the disk, asked together."""

    def __init__(self, store: TelemetryStore, inbox: Inbox, cursors: Cursors, settings: Settings) -> None:
        self._store, self._inbox, self._cursors, self._settings = store, inbox, cursors, settings

    async def status(self) -> Status:
        """As things stand. Raises NotReady."""
        health = await self._store.health()
        figures = await self._figures() if health.ok else None
        free, waiting, dead = await asyncio.to_thread(self._look, self._settings.data)
        return Status(self._settings.telemetry.engine, health, figures, free, waiting, dead)

    async def export(self, wish: Wish) -> AsyncIterator[bytes]:
        """A file in pieces. Raises NotReady and OwnExport before the first one."""
        if not isinstance(self._store, DuckDbStore):
            raise OwnExport
        pieces = self._store.export(wish)
        try:
            first = await anext(pieces)
        except StoreAway as error:
            raise NotReady(str(error)) from error
        return _with_first(first, pieces)

    async def _figures(self) -> Figures | None:
        if not isinstance(self._store, DuckDbStore):
            return None
        try:
            return await self._store.figures()
        except StoreAway as error:
            raise NotReady(str(error)) from error

    def _look(self, data: Path) -> tuple[int, tuple[Waiting, ...], int]:
        last = self._inbox.last_position()
        waiting = tuple(self._waiting(name, at, last) for name, at in self._cursors.positions.items())
        return shutil.disk_usage(data).free, waiting, self._inbox.dead_count()

    def _waiting(self, name: str, position: int, last: int) -> Waiting:
        oldest = self._inbox.after(position, 1)
        return Waiting(name, position, last - position, oldest[0].received_at if oldest else None)


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
