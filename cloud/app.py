"""The web application: every feature's routes, behind one set of doors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel

from cloud.account import routes as account
from cloud.alarms import routes as alarms
from cloud.assembly import assembled
from cloud.audit import routes as audit
from cloud.audit.asking import Asking
from cloud.bodies import ShortBodies
from cloud.commands import consent_routes, group_routes
from cloud.commands import routes as commands
from cloud.console import DIST, SafeHeaders, serve_console
from cloud.directory import routes as directory
from cloud.doors import API, doors
from cloud.edges import routes as edges
from cloud.errors import AnswerMistakes, answer_refusals
from cloud.factors import routes as factors
from cloud.fleet import inventory_routes
from cloud.fleet import routes as fleet
from cloud.latest import routes as devices
from cloud.light import routes as light
from cloud.lighting import routes as lighting
from cloud.link import Link
from cloud.live import routes as live
from cloud.overrides import routes as overrides
from cloud.people import routes as people
from cloud.people.origin import OwnPagesOnly
from cloud.reset import routes as reset
from cloud.rollups import routes as rollups
from cloud.running import running
from cloud.self_tests import routes as self_tests
from cloud.settings import Settings
from cloud.sso import routes as sign_on
from cloud.telemetry import routes as storage
from cloud.tokens import routes as tokens
from protocols.clock import DomainClock

# The only doors without a lock: (method, path).
PUBLIC = frozenset(
    {
        ("GET", f"{API}/health"),
        ("GET", "/{path:path}"),
        ("GET", f"{API}/session/ways"),  # what the log-in shows
        ("POST", f"{API}/session"),  # the log-in itself, in its steps
        ("POST", f"{API}/session/factor"),
        ("POST", f"{API}/password-reset"),  # who has forgotten the password cannot sign in
        ("PUT", f"{API}/password-reset"),
        ("GET", f"{API}/session/sign-on/{{provider}}"),  # the log-in at somebody else's, and the way back from there
        ("GET", f"{API}/session/sign-on/{{provider}}/return"),
        ("POST", f"{API}/session/passkey/options"),
        ("POST", f"{API}/session/passkey"),
    }
)
# Doors that open for an edge's token and for no person.
FOR_EDGES = frozenset({("GET", f"{API}/edge/documents/{{digest}}")})

_LARGEST_BODY = 64_000  # bytes; the largest is a command with its reason
# A plan with a list of 100,000 luminaires; an inventory of as many, as GeoJSON.
_LARGER = {f"{API}/light/": 2_000_000, f"{API}/fleet/": 40_000_000}

health = doors("health")


class Health(BaseModel):
    status: str
    version: str


@health.get("/health")
async def look() -> Health:
    """Is the service there?"""
    return Health(status="ok", version=version("haidang"))


_ROUTERS = (
    health,
    people.router,
    factors.router,
    sign_on.router,
    account.router,
    directory.router,
    reset.router,
    tokens.router,
    audit.router,
    fleet.router,
    inventory_routes.router,
    edges.router,
    live.router,
    lighting.router,
    light.router,
    devices.router,
    rollups.router,
    storage.router,
    group_routes.router,
    consent_routes.router,
    commands.router,
    overrides.router,
    self_tests.router,
    alarms.router,
)


def create_app(settings: Settings, clock: DomainClock, dist: Path = DIST, link: Link | None = None) -> FastAPI:
    """The application of one service. Its lifespan starts and ends everything behind it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        is_start = not hasattr(app.state, "parts")
        async with assembled(settings, clock, link, is_start=is_start) as parts, running(parts):
            app.state.parts = parts
            yield

    app = FastAPI(
        title="Haidang",
        version=version("haidang"),
        lifespan=lifespan,
        routes=[route for router in _ROUTERS for route in router.routes],
        openapi_url=None,  # see cloud/openapi.py
        docs_url=None,
        redoc_url=None,
    )
    answer_refusals(app)
    app.add_middleware(Asking)
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(ShortBodies, most=_LARGEST_BODY, larger=_LARGER)
    app.add_middleware(AnswerMistakes)
    app.add_middleware(SafeHeaders)
    serve_console(app, dist)
    return app
