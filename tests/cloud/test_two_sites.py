"""Edges of two cities and one service over a real broker: each is heard, and told, under its own city's name alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from cloud.settings import Broker, Settings, Site
from haidang.demo.accounts import Account, accounts_of_all
from protocols import readings as columns
from protocols import topics, wire
from protocols.clock import DomainClock
from protocols.readings import Reading
from protocols.topics import Leaf, Stream
from protocols.wire import EdgeState, Header, Watermark
from tests.cloud.cities import lamp_id, second_city, small_city, write_second_city
from tests.cloud.clocks import EVENING
from tests.cloud.feeding import EPOCH, lamp
from tests.cloud.ingest.brokers import RunningBroker
from tests.cloud.serving import Service, serving_over_a_broker
from tests.waiting import until

NEAR, FAR = ("halong", "HL-E01"), ("mongcai", "MC-E01")


class BrokerOfTwo(RunningBroker):
    """With the accounts of both cities, and one that may write anything."""

    def accounts(self) -> dict[str, Account]:
        cities = {self.folder: small_city(), self.folder / "mongcai": second_city()}
        known = {account.user: account for account in accounts_of_all(cities, self.folder)}
        return {**known, "intruder": Account("intruder", "x" * 24, ["haidang/v1/#"], [])}


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[BrokerOfTwo]:
    """The broker that comes with the package."""
    running = BrokerOfTwo(tmp_path / "broker-of-a-test", "nats-server")
    running.folder.mkdir()
    await running.start()
    yield running
    await running.kill()


@pytest.fixture
async def service(
    settings: Settings, clock: DomainClock, broker: BrokerOfTwo, tmp_path: Path
) -> AsyncIterator[Service]:
    """Two cities, connected to the broker."""
    address = broker.address()
    sites = (*settings.sites, Site.model_validate(write_second_city(tmp_path)))
    told = {"sites": sites, "broker": Broker(port=address.port, password_file=address.password_file)}
    async with serving_over_a_broker(settings.model_copy(update=told), clock) as running:
        intake = running.parts.intake
        assert intake is not None
        await until(lambda: intake.link.connected)
        yield running


def _batch(reading: Reading) -> bytes:
    [body] = wire.encode_tables(columns.tables([reading]))
    return wire.seal(Header(EPOCH, 1, 1), body)


async def _speak(client: aiomqtt.Client, site: str, edge: str, reading: Reading) -> None:
    state = wire.encode_message(EdgeState(state="online"))
    await client.publish(topics.topic(site, edge, Leaf.STATE), state, qos=1, retain=True)
    await client.publish(topics.topic(site, edge, Stream.LIVE), _batch(reading), qos=1)


async def _watermark(client: aiomqtt.Client) -> Watermark:
    """The first that covers something."""
    async with asyncio.timeout(30):
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            watermark = wire.decode_message(Watermark, message.payload)
            if watermark.marks:
                return watermark
    raise AssertionError("the broker has gone")


async def test_two_edges_of_two_cities_are_heard_and_told_each_under_its_own(
    service: Service, broker: BrokerOfTwo
) -> None:
    far = Reading("MC-000001", "luminaire", int(EVENING.timestamp()), {"voltage": 229.0})
    for (site, edge), reading in ((NEAR, lamp(1, EVENING)), (FAR, far)):
        async with broker.client(edge) as client:
            await client.subscribe(topics.topic(site, edge, Leaf.WATERMARK), qos=1)
            await _speak(client, site, edge, reading)
            assert [mark.seq for mark in (await _watermark(client)).marks] == [1]
    latest = service.parts.overviews.latest
    await until(lambda: latest.get(lamp_id(1)) is not None and latest.get("MC-000001") is not None)
    assert [edge.state for edge in service.parts.edges] == ["online", "unknown", "online", "unknown"]


async def test_who_speaks_under_the_name_of_an_edge_from_another_city_is_not_listened_to(
    service: Service, broker: BrokerOfTwo
) -> None:
    inbox = service.parts.measurements.inbox
    async with broker.client("intruder") as client:
        await _speak(client, "halong", "MC-E01", Reading("MC-000001", "luminaire", 1, {"voltage": 1.0}))
        await until(lambda: inbox.dead_count() == 2)
    assert {letter.why for letter in inbox.dead()} == {"an edge of this name belongs to mongcai"}
    assert (inbox.last_position(), inbox.edges()) == (0, [])
    assert {edge.state for edge in service.parts.edges} == {"unknown"}
