"""All that is planned for the light, put together."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import Database
from cloud.edges.service import Documents
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import Fleet
from cloud.latest.values import LatestValues
from cloud.light.checking import Checking
from cloud.light.delivery import Delivery
from cloud.light.drafts import Drafts
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

    drafts: Drafts
    releases: Releases
    forecast: Forecast
    delivery: Delivery
    running: Running

    async def load(self, session: AsyncSession) -> None:
        """Take up where the last run ended."""
        await self.delivery.load(session)
        await self.running.load(session)


def planned_light(of: Ground, confirming: Confirming) -> Light:
    """For one service."""
    checking = Checking(of.fleet, of.clock)
    delivery = Delivery(of.database, of.fleet, of.edges, of.documents, of.latest, of.clock)
    drafts = Drafts(of.database, checking, delivery, of.clock)
    return Light(
        drafts=drafts,
        releases=Releases(of.database, drafts, checking, delivery, confirming, of.clock),
        forecast=Forecast(of.database, of.fleet, checking, delivery),
        delivery=delivery,
        running=Running(of.database, of.edges, of.documents, of.plan, of.clock),
    )
