"""What one running service is made of, and how a route asks for a part of it."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import HTTPConnection

from cloud.database import Database
from cloud.fleet.basemap import Basemap, load_basemap
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import Fleet
from cloud.fleet.imports import import_inventory
from cloud.migrations import migrate
from cloud.people.first import ensure_administrator
from cloud.people.limiter import Limiter
from cloud.people.passwords import Passwords
from cloud.people.service import People
from cloud.settings import Settings
from protocols.clock import DomainClock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a request can reach."""

    settings: Settings
    clock: DomainClock
    database: Database
    people: People
    fleet: Fleet
    basemap: Basemap
    edges: Edges


@asynccontextmanager
async def assembled(settings: Settings, clock: DomainClock) -> AsyncIterator[Parts]:
    """The parts of a service over an up-to-date registry."""
    settings.data.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        await migrate(database, settings.data)
        yield await _assemble(settings, clock, database)
    finally:
        await database.close()


async def _assemble(settings: Settings, clock: DomainClock, database: Database) -> Parts:
    people = People(database, Passwords(settings.passwords), Limiter(time.monotonic), clock, settings.session_lasts)
    await ensure_administrator(people, settings.admin_password_file)
    fleet = await import_inventory(database, settings.inventory, settings.site, clock.now())
    edges = Edges(fleet.city.edges, clock.now, time.monotonic)
    async with database.read() as session:
        await edges.load(session)
    return Parts(settings, clock, database, people, fleet, load_basemap(settings.basemap), edges)


def part(take: Callable[[Parts], T]) -> Callable[[HTTPConnection], T]:
    """A dependency that hands a route one part of the service."""

    def ask(connection: HTTPConnection) -> T:
        parts: Parts = connection.app.state.parts
        return take(parts)

    return ask
