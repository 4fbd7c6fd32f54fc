"""The service and an edge over a real broker: word of the edge, readings, watermarks, commands and their answers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import httpx2
import pytest

from cloud.settings import Broker, Settings
from protocols import readings as columns
from protocols import topics, wire
from protocols.clock import DomainClock
from protocols.commands import Answer, Command, Step
from protocols.topics import Leaf, Stream
from protocols.wire import Birth, EdgeState, Header, Watermark
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING
from tests.cloud.feeding import EPOCH, lamp
from tests.cloud.ingest.batches import EDGE, SITE
from tests.cloud.ingest.brokers import RunningBroker
from tests.cloud.serving import Service, serving_over_a_broker
from tests.waiting import until, until_async


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[RunningBroker]:
    """The broker that comes with the package."""
    running = RunningBroker(tmp_path / "broker-of-a-test", "nats-server")
    running.folder.mkdir()
    await running.start()
    yield running
    await running.kill()


@pytest.fixture
async def service(settings: Settings, clock: DomainClock, broker: RunningBroker) -> AsyncIterator[Service]:
    """Connected to the broker."""
    address = broker.address()
    to_broker = Broker(port=address.port, password_file=address.password_file)
    async with serving_over_a_broker(settings.model_copy(update={"broker": to_broker}), clock) as running:
        intake = running.parts.intake
        assert intake is not None
        await until(lambda: intake.link.connected)
        yield running


async def publish(edge: aiomqtt.Client, leaf: Leaf | Stream, payload: bytes, retain: bool = False) -> None:
    await edge.publish(topics.topic(SITE, EDGE, leaf), payload, qos=1, retain=retain)


async def heard(edge: aiomqtt.Client, leaf: Leaf) -> bytes:
    async with asyncio.timeout(30):
        async for message in edge.messages:
            if topics.parse(str(message.topic)).leaf is leaf:
                return bytes(message.payload)
    raise AssertionError("the broker has gone")


async def edge_state(client: httpx2.AsyncClient) -> str:
    overview: dict[str, Any] = (await client.get("/api/v1/overview")).json()
    return str(overview["edges"]["items"][0]["state"])


async def test_an_edge_is_seen_to_come_and_is_unknown_without_the_broker(
    service: Service, broker: RunningBroker
) -> None:
    async with service.signed_in() as client, broker.client() as edge:
        await publish(edge, Leaf.BIRTH, wire.encode_message(Birth(epoch=EPOCH, software="0.1.0", at=EVENING)), True)
        await publish(edge, Leaf.STATE, wire.encode_message(EdgeState(state="online")), True)

        async def is_online() -> bool:
            return await edge_state(client) == "online"

        await until_async(is_online)
        await broker.kill()

        async def is_unknown() -> bool:
            return await edge_state(client) == "unknown"

        await until_async(is_unknown)


async def test_readings_arrive_and_the_edge_hears_that_they_are_safe(service: Service, broker: RunningBroker) -> None:
    async with broker.client() as edge:
        await edge.subscribe(topics.topic(SITE, EDGE, Leaf.WATERMARK), qos=1)
        [body] = wire.encode_tables(columns.tables([lamp(1, EVENING, active_power=97.0)]))
        await publish(edge, Stream.LIVE, wire.seal(Header(EPOCH, 1, 1), body))
        marks = wire.decode_message(Watermark, await heard(edge, Leaf.WATERMARK)).marks
    now_of = service.parts.measurements.now_of
    await until(lambda: now_of(lamp_id(1)).at == EVENING)
    assert [(mark.epoch, mark.stream, mark.seq) for mark in marks] == [(EPOCH, Stream.LIVE, 1)]
    assert now_of(lamp_id(1)).values["active_power"] == 97.0


async def test_a_command_reaches_the_edge_and_its_answer_comes_back(service: Service, broker: RunningBroker) -> None:
    async with service.signed_in() as client, broker.client() as edge:
        await edge.subscribe(topics.topic(SITE, EDGE, Leaf.COMMAND), qos=1)
        wanted = {"target": lamp_id(1), "action": {"type": "override", "level": 60}}
        issued = (await client.post("/api/v1/commands", json=wanted)).json()
        command = wire.decode_message(Command, await heard(edge, Leaf.COMMAND))
        answer = Answer(id=command.id, step=Step.READ_BACK, at=EVENING, actual_level=60.0)
        await publish(edge, Stream.EVENT, wire.seal(Header(EPOCH, 1, 1), wire.encode_events([answer])))

        async def is_confirmed() -> bool:
            return bool((await client.get(f"/api/v1/commands/{issued['id']}")).json()["state"] == "confirmed")

        await until_async(is_confirmed)
    assert command.id == issued["id"]
