"""Every door of the service has a lock, or stands on the list of doors that need none."""

from collections.abc import Iterator

import httpx2
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from websockets.exceptions import InvalidStatus

from cloud.app import FOR_EDGES, PUBLIC, create_app
from cloud.edges.access import EdgeGate
from cloud.people.access import Gate
from cloud.people.rights import RIGHTS, Right, Role
from cloud.settings import Settings
from tests.cloud.clocks import standing_clock
from tests.cloud.serving import Service

Door = tuple[str, str, Right | None]


def _rights(dependant: Dependant) -> Iterator[Right]:
    if isinstance(dependant.call, Gate):
        yield dependant.call.right
    for part in dependant.dependencies:
        yield from _rights(part)


def _right(route: RouteContext) -> Right | None:
    dependant = getattr(route, "dependant", None)
    return next(_rights(dependant), None) if dependant else None


def _doors() -> list[Door]:
    clock, _ = standing_clock()
    routes = iter_route_contexts(create_app(Settings(site="halong"), clock).routes)
    return [(method, str(route.path), _right(route)) for route in routes for method in _methods(route)]


def _methods(route: RouteContext) -> list[str]:
    """What may be asked of a route; a WebSocket knows no methods."""
    return sorted((route.methods or {"WS"}) - {"HEAD"})


def _locked() -> list[Door]:
    return [door for door in _doors() if door[:2] not in PUBLIC | FOR_EDGES]


def test_every_route_declares_its_right_or_is_public() -> None:
    assert [door for door in _locked() if door[2] is None] == []
    assert {door[:2] for door in _doors()} >= PUBLIC


def test_a_public_route_asks_for_no_right() -> None:
    assert [door for door in _doors() if door[:2] in PUBLIC and door[2] is not None] == []


def _is_for_edges(dependant: Dependant) -> bool:
    return isinstance(dependant.call, EdgeGate) or any(map(_is_for_edges, dependant.dependencies))


def test_what_is_for_edges_asks_for_an_edge_and_nothing_else_does() -> None:
    clock, _ = standing_clock()
    routes = iter_route_contexts(create_app(Settings(site="halong"), clock).routes)
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


def _lacking(right: Right) -> Role | None:
    return next((role for role in Role if right not in RIGHTS[role]), None)


def _having(right: Right) -> Role:
    return next(role for role in Role if right in RIGHTS[role])


@pytest.mark.parametrize(("method", "path", "right"), _locked(), ids=lambda value: str(value))
async def test_a_door_opens_for_who_has_the_right_and_for_nobody_else(
    service: Service, method: str, path: str, right: Right
) -> None:
    async with service.anonymous() as nobody:
        assert await _knock(service, nobody, method, path) == 401
    lacking = _lacking(right)
    if lacking is not None:
        async with service.signed_in(lacking) as client:
            assert await _knock(service, client, method, path) == 403
    async with service.signed_in(_having(right)) as client:
        assert await _knock(service, client, method, path) not in (401, 403, 500)


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
