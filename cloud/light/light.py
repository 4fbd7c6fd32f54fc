"""All that is planned for the light, put together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cloud.database import Database
from cloud.edges.service import Documents
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import Fleet
from cloud.latest.values import LatestValues
from cloud.light.checking import Checking
from cloud.light.delivery import Delivery
from cloud.light.drafts import Drafts
from cloud.light.first import First, read_first, take_first
from cloud.light.forecast import Forecast
from cloud.light.releases import Confirming, Releases
from cloud.light.running import Running
from cloud.lighting.plan import Plan
from protocols.clock import DomainClock


@dataclass(frozen=True, slots=True)
class Ground:
    """What a city's light is made of and known by, outside of its planning."""

    database: Database
    fleet: Fleet
    edges: Edges
    documents: Documents
    latest: LatestValues
    plan: Plan
    clock: DomainClock


@dataclass(frozen=True, slots=True)
class Light:
    """Drafts, releases, and what brings them to the edges."""

    ground: Ground
    drafts: Drafts
    releases: Releases
    forecast: Forecast
    delivery: Delivery
    running: Running
    checking: Checking

    first: list[First] = field(default_factory=list)  # plans that cities are to begin with

    async def begin(self, plans: Mapping[str, Path | None]) -> None:
        """Take up where the last run ended; a city of which nobody has planned anything with the plan of its file.

        Raises OSError and ConfigError.
        """
        database = self.ground.database
        found = [await read_first(database, site, file) for site, file in plans.items() if file is not None]
        self.first.extend(one for one in found if one is not None)
        async with database.read() as session:
            await self.delivery.load(session)
            await self.running.load(session)

    async def take_first(self) -> None:
        """Looking a plan through takes a second: the service answers meanwhile. Raises ConfigError."""
        while self.first:
            await take_first(self.ground.database, self.checking, self.first[0], self.ground.clock.now())
            del self.first[0]
        async with self.ground.database.read() as session:
            await self.delivery.load(session)

    async def follow(self) -> None:
        """Bring plans to the edges, for as long as the service runs."""
        if self.first:
            await self.take_first()
        await self.delivery.follow()


def planned_light(of: Ground, confirming: Confirming) -> Light:
    """For one service."""
    checking = Checking(of.fleet, of.clock)
    delivery = Delivery(of.database, of.fleet, of.edges, of.documents, of.latest, of.clock)
    drafts = Drafts(of.database, checking, delivery, of.clock)
    return Light(
        ground=of,
        drafts=drafts,
        releases=Releases(of.database, drafts, checking, delivery, confirming, of.clock),
        forecast=Forecast(of.database, of.fleet, checking, delivery),
        delivery=delivery,
        checking=checking,
        running=Running(of.database, of.edges, of.documents, of.plan, of.clock),
    )
