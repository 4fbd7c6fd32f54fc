"""Plans for the small city, and the people who bring them on their way."""

from typing import Any

import httpx2

from cloud.people.rights import Role
from protocols.clock import DomainClock
from protocols.light import LIGHT
from protocols.wire import Birth, Document
from tests.cloud.serving import PASSWORD, Service

PATH = "/api/v1/light/halong"
NIGHT_ON, NIGHT_OFF = {"sun": "sunset", "level": 100}, {"sun": "sunrise", "level": 0}


def programme(name: str = "p", *between: dict[str, Any]) -> dict[str, Any]:
    """From sunset to sunrise, with steps between."""
    return {"id": name, "name": {"vi": name, "en": name}, "steps": [NIGHT_ON, *between, NIGHT_OFF]}


def group(name: str, rule: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Luminaires that go by the calendar `c`."""
    return {"id": name, "name": {"vi": name, "en": name}, "rule": rule, "calendar": "c", **more}


def plan(*groups: dict[str, Any], programmes: tuple[dict[str, Any], ...] = (programme(),)) -> dict[str, Any]:
    """With one calendar for the first of the programmes."""
    calendar = {"id": "c", "name": {"vi": "c", "en": "c"}, "programme": programmes[0]["id"]}
    return {"programmes": list(programmes), "calendars": [calendar], "groups": list(groups)}


ALL_AT_80 = plan(group("all", {}, virtual_output=80))


async def save(client: httpx2.AsyncClient, wanted: dict[str, Any], version: int = 0) -> httpx2.Response:
    """Make it the draft."""
    return await client.put(f"{PATH}/plan", json={"plan": wanted, "version": version})


async def approved(service: Service, wanted: dict[str, Any] | None = None, version: int = 0) -> int:
    """The number of a release that a planner has proposed and a shift lead has approved."""
    async with service.signed_in(Role.PLANNER) as planner, service.signed_in(Role.SHIFT_LEAD) as lead:
        if wanted is not None:
            (await save(planner, wanted, version)).raise_for_status()
        proposed = await planner.post(f"{PATH}/releases", json={"reason": "winter"})
        number: int = proposed.json()["number"]
        decided = await lead.post(f"{PATH}/releases/{number}/decision", json={"agree": True})
        decided.raise_for_status()
    return number


async def send(client: httpx2.AsyncClient, number: int) -> httpx2.Response:
    """With the password once more."""
    confirmed = await client.post("/api/v1/session/confirm", json={"password": PASSWORD})
    said = {"confirmation": confirmed.json()["confirmation"]}
    return await client.post(f"{PATH}/releases/{number}/send", json=said)


async def in_force(service: Service, wanted: dict[str, Any]) -> int:
    """The number of a release that was sent, from a first draft on."""
    number = await approved(service, wanted)
    async with service.signed_in(Role.PLANNER) as planner:
        (await send(planner, number)).raise_for_status()
    return number


def takes(service: Service, clock: DomainClock, edge: str) -> None:
    """An edge says that it holds what it should."""
    row = service.parts.documents.wanted(edge, LIGHT)
    assert row is not None
    said = Birth(epoch="e", software="haidang 0", at=clock.now(), documents=(Document(name=LIGHT, hash=row.hash),))
    service.parts.edges.told(edge, said)
