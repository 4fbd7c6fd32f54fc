"""What happens in the city is said to everybody who listens, as it happens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection

from cloud.settings import Settings
from protocols.commands import Answer, Step
from protocols.readings import Reading
from protocols.wire import EdgeState
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import Service
from tests.waiting import until

LIVE = "/api/v1/live"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Overviews come only when a test asks for one."""
    return settings.model_copy(update={"overview_every": settings.session_lasts})


@asynccontextmanager
async def listening(service: Service) -> AsyncIterator[ClientConnection]:
    """An operator's screen."""
    async with service.signed_in() as client, service.socket(LIVE, client) as socket:
        await until(lambda: len(service.parts.event_hub))
        yield socket


async def heard(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    async with asyncio.timeout(30):
        while True:
            message: dict[str, Any] = orjson.loads(await socket.recv())
            if message["type"] == kind:
                return message


async def subscribed(service: Service, socket: ClientConnection, *devices: str) -> None:
    await socket.send(orjson.dumps({"subscribe": devices}).decode())
    wanted = frozenset(devices)
    await until(lambda: any(listener.devices == wanted for listener in service.parts.event_hub))


async def test_an_alarm_is_said_when_it_comes_and_when_it_goes(service: Service, wall: Wall) -> None:
    wall.advance(minutes=10)
    async with listening(service) as socket:
        dark = [lamp(1, EVENING + timedelta(minutes=m), active_power=0.0) for m in range(6)]
        await Feed(service).readings([*dark, lamp(1, EVENING + timedelta(minutes=6))])
        raised = await heard(socket, "alarm")
        await service.parts.alarms.acknowledge(raised["alarm"]["id"], "lan", None)
        seen = await heard(socket, "alarm")
    assert (raised["alarm"]["source"], raised["alarm"]["state"]) == (lamp_id(1), "unacked")
    assert (seen["alarm"]["id"], seen["alarm"]["state"]) == (raised["alarm"]["id"], "acked")


async def test_every_step_of_a_command_is_said(service: Service) -> None:
    async with listening(service) as socket, service.signed_in() as client:
        wanted = {"target": lamp_id(1), "action": {"type": "override", "level": 60}}
        issued = (await client.post("/api/v1/commands", json=wanted)).json()
        steps = (Step.ACCEPTED, Step.READ_BACK)
        answers = [Answer(id=issued["id"], step=step, at=EVENING, actual_level=60.0) for step in steps]
        for answer in answers:
            await Feed(service).answers([answer]) if answer is answers[0] else await _second(service, answer)
        states = [(await heard(socket, "command"))["command"]["state"] for _ in range(4)]
    assert states == ["requested", "sent", "acknowledged", "confirmed"]


async def _second(service: Service, answer: Answer) -> None:
    async with service.parts.database.write() as session:
        changed = await service.parts.commands.answer(session, [("HL-E01", answer)])
    service.parts.commands.keep(changed)


async def test_readings_are_said_to_those_who_asked_for_them(service: Service) -> None:
    feed = Feed(service)
    async with listening(service) as socket:
        await subscribed(service, socket, lamp_id(3))
        await feed.readings([lamp(1, EVENING), lamp(3, EVENING, active_power=97.0)])
        message = await heard(socket, "latest")
        await subscribed(service, socket, "HL-AIR-01")
        air = Reading("HL-AIR-01", "air_station", int(EVENING.timestamp()), {"pm2_5": 31.0})
        await feed.readings([lamp(3, EVENING + timedelta(seconds=1)), air])
        other = await heard(socket, "latest")
    assert (message["device"], message["at"]) == (lamp_id(3), "2026-11-21T12:00:00Z")
    assert message["values"]["active_power"] == 97.0
    assert (other["device"], other["values"]) == ("HL-AIR-01", {"pm2_5": 31.0})


async def test_the_overview_is_said_as_it_is_answered(service: Service) -> None:
    async with listening(service) as socket, service.signed_in() as client:
        await service.parts.events.overview()
        said = await heard(socket, "overview")
        answered = (await client.get("/api/v1/overview")).json()
    assert said == {**answered, "type": "overview"}


async def test_an_overview_shows_what_has_changed_since_the_one_before(service: Service) -> None:
    async with listening(service) as socket, service.signed_in() as client:
        await service.parts.events.overview()
        before = await heard(socket, "overview")
        service.parts.edges.told("HL-E02", EdgeState(state="online"))
        air = Reading("HL-AIR-01", "air_station", int(EVENING.timestamp()), {"pm2_5": 31.0})
        await Feed(service).readings([air])
        await service.parts.events.overview()
        said = await heard(socket, "overview")
        answered = (await client.get("/api/v1/overview")).json()
    assert said == {**answered, "type": "overview"}
    assert said["edges"]["online"] == before["edges"]["online"] + 1
    assert [edge["state"] for edge in said["edges"]["items"] if edge["id"] == "HL-E02"] == ["online"]
    assert [one["values"] for one in said["environment"] if one["id"] == "HL-AIR-01"] == [{"pm2_5": 31.0}]


@pytest.mark.parametrize("nonsense", ["", "{", "[]", '{"subscribe": "x"}', '{"subscribe": ["a b"]}', '{"shout": 1}'])
async def test_what_nobody_understands_changes_nothing(service: Service, nonsense: str) -> None:
    async with listening(service) as socket:
        await socket.send(nonsense)
        await subscribed(service, socket, lamp_id(1))
        await Feed(service).readings([lamp(1, EVENING)])
        assert (await heard(socket, "latest"))["device"] == lamp_id(1)


async def test_bytes_end_the_conversation(service: Service) -> None:
    async with listening(service) as socket:
        await socket.send(b"\x00")
        async with asyncio.timeout(30):
            await socket.wait_closed()
    assert len(service.parts.event_hub) == 0
