"""Every door of the service has a lock, or stands on the list of doors that need none."""

import httpx2
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from websockets.exceptions import InvalidStatus

from cloud.app import FOR_EDGES, PUBLIC, create_app
from cloud.edges.access import EdgeGate
from cloud.people.rights import RIGHTS, Right, Role
from cloud.settings import Settings, Site
from tests.cloud.clocks import standing_clock
from tests.cloud.people.doors import locked_doors
from tests.cloud.serving import Service


def _methods(route: RouteContext) -> list[str]:
    """What may be asked of a route; a WebSocket knows no methods."""
    return sorted((route.methods or {"WS"}) - {"HEAD"})


def test_what_is_public_is_there_and_nothing_else_is_open() -> None:
    clock, _ = standing_clock()
    app = create_app(Settings(sites=(Site(id="halong"),)), clock)
    doors = {(method, str(route.path)) for route in iter_route_contexts(app.routes) for method in _methods(route)}
    assert doors - {(door.method, door.path) for door in locked_doors(app) if door.gates} == PUBLIC | FOR_EDGES


def _is_for_edges(dependant: Dependant) -> bool:
    return isinstance(dependant.call, EdgeGate) or any(map(_is_for_edges, dependant.dependencies))


def test_what_is_for_edges_asks_for_an_edge_and_nothing_else_does() -> None:
    clock, _ = standing_clock()
    routes = iter_route_contexts(create_app(Settings(sites=(Site(id="halong"),)), clock).routes)
    found = {
        (method, str(route.path))
        for route in routes
        if (dependant := getattr(route, "dependant", None)) and _is_for_edges(dependant)
        for method in _methods(route)
    }
    assert found == FOR_EDGES


@pytest.mark.parametrize(("method", "path"), sorted(FOR_EDGES))
async def test_a_door_for_edges_opens_for_no_person(service: Service, method: str, path: str) -> None:
    async with service.signed_in(Role.ADMINISTRATOR) as client:
        assert await _knock(service, client, method, path) == 401


async def _knock(service: Service, client: httpx2.AsyncClient, method: str, path: str) -> int:
    """The status that a request is answered with; its ids name nothing that exists."""
    filled = path.replace("{index}", "0").replace("{", "").replace("}", "")
    if method != "WS":
        return (await client.request(method, filled, json={})).status_code
    try:
        async with service.socket(filled, client):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_only_the_administrator_has_every_right() -> None:
    assert [role for role in Role if RIGHTS[role] == frozenset(Right)] == [Role.ADMINISTRATOR]


def test_the_auditor_looks_and_never_acts() -> None:
    assert not RIGHTS[Role.AUDITOR] & {Right.COMMAND_LAMP, Right.ACKNOWLEDGE_ALARM}


def test_a_viewer_neither_acts_nor_reads_the_log() -> None:
    forbidden = {Right.COMMAND_LAMP, Right.ACKNOWLEDGE_ALARM, Right.VIEW_AUDIT, Right.VIEW_PEOPLE}
    assert not RIGHTS[Role.VIEWER] & forbidden
