"""What one running service is made of, and how a route asks for a part of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import HTTPConnection

from cloud.account.service import Account
from cloud.alarms.service import Alarms
from cloud.audit.heads import Heads
from cloud.commands.desk import Desk
from cloud.commands.service import Commands
from cloud.database import Database
from cloud.directory.service import Directory
from cloud.edges.service import Documents
from cloud.factors.confirmations import Confirmations
from cloud.factors.passkeys import Passkeys
from cloud.factors.service import Factors
from cloud.factors.sign_in import SignIn
from cloud.factors.step_up import StepUp
from cloud.fleet.basemap import Basemap
from cloud.fleet.changing import Inventories
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import Fleet
from cloud.fleet.renewal import Renewal
from cloud.fleet.view import Views
from cloud.ingest.cursors import Cursors
from cloud.intake import Intake
from cloud.latest.consumer import Live
from cloud.latest.service import Measurements
from cloud.light.light import Light
from cloud.lighting.lamps import Lamps
from cloud.lighting.overview import Overviews
from cloud.live.events import Events
from cloud.live.hub import Hub
from cloud.live.map_feed import MapFeed
from cloud.notifications.service import Notifier
from cloud.overrides.service import HandOver
from cloud.people.service import People
from cloud.reset.service import Resets
from cloud.rollups.service import Energy
from cloud.self_tests.service import SelfTests
from cloud.settings import Settings
from cloud.sso.service import SignOns
from cloud.telemetry.storage import Storage
from cloud.telemetry.upkeep import Upkeep
from cloud.tokens.service import Tokens
from protocols.clock import DomainClock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a request can reach, and everything that runs."""

    settings: Settings
    clock: DomainClock
    database: Database
    people: People
    factors: Factors
    passkeys: Passkeys
    confirmations: Confirmations
    sign_in: SignIn
    step_up: StepUp
    account: Account
    sign_ons: SignOns
    resets: Resets
    tokens: Tokens
    directory: Directory
    fleet: Fleet
    views: Views
    basemap: Basemap
    outlines: Basemap
    inventories: Inventories
    renewal: Renewal
    edges: Edges
    documents: Documents
    heads: Heads
    alarms: Alarms
    commands: Commands
    desk: Desk
    hand_over: HandOver
    self_tests: SelfTests
    notifier: Notifier | None
    live: Live
    cursors: Cursors
    intake: Intake | None
    measurements: Measurements
    upkeep: Upkeep | None
    storage: Storage
    energy: Energy
    light: Light
    lamps: Lamps
    overviews: Overviews
    map_hub: Hub
    map_feed: MapFeed
    event_hub: Hub
    events: Events


def part(take: Callable[[Parts], T]) -> Callable[[HTTPConnection], Awaitable[T]]:
    """A dependency that hands a route one part of the service.

    It waits for nothing, but what is no coroutine FastAPI sends to a thread and back, for every part of every request.
    """

    async def ask(connection: HTTPConnection) -> T:
        parts: Parts = connection.app.state.parts
        return take(parts)

    return ask
