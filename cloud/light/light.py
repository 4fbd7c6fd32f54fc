"""All that is planned for the light, put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cloud.database import Database
from cloud.edges.service import Documents
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import Fleet
from cloud.latest.values import LatestValues
from cloud.light.checking import Checking
from cloud.light.delivery import Delivery
from cloud.light.drafts import Drafts
from cloud.light.first import FirstPlans
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
    first: FirstPlans

    async def begin(self, plans: Mapping[str, Path | None]) -> None:
        """Take up where the last run ended; a city of which nobody has planned anything with the plan of its file.

        Raises OSError and ConfigError.
        """
        await self.first.read(plans)
        async with self.ground.database.read() as session:
            await self.delivery.load(session)
            await self.running.load(session)

    async def take_first(self) -> None:
        """Put the plans that cities begin with into force. Raises ConfigError."""
        if await self.first.take():
            async with self.ground.database.read() as session:
                await self.delivery.load(session)

    async def follow(self) -> None:
        """Bring plans to the edges, for as long as the service runs."""
        await self.take_first()
        await self.delivery.follow()


def planned_light(of: Ground, confirming: Confirming) -> Light:
    """For one service."""
    checking = Checking(of.fleet, of.clock)
    delivery = Delivery(of.database, of.fleet, of.edges, of.documents, of.latest, of.clock)
    drafts = Drafts(of.database, of.fleet, checking, delivery, of.clock)
    return Light(
        ground=of,
        drafts=drafts,
        releases=Releases(of.database, of.fleet, drafts, delivery, confirming, of.clock),
        forecast=Forecast(of.database, of.fleet, checking, delivery),
        delivery=delivery,
        first=FirstPlans(of.database, of.fleet, checking, of.clock),
        running=Running(of.database, of.edges, of.documents, of.plan, of.clock),
    )
