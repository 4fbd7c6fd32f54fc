"""What many tests of the edge stand on: a database, an outbox, a real broker, a scripted cloud."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge_agent import outbox as outboxes
from edge_agent.database import Database
from edge_agent.outbox import Outbox
from haidang.demo.broker import mosquitto
from tests.edge.clouds import Broker, Cloud, cloud_on


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(tmp_path / "edge.sqlite", outboxes.SCHEMA) as database:
        yield database


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    return await Outbox.load(database, 1_000_000)


@pytest.fixture
def broker_kind() -> str:
    """Overridden by tests that hold for every broker."""
    return "mosquitto" if mosquitto() else "nats-server"


@pytest.fixture
async def broker(tmp_path: Path, broker_kind: str) -> AsyncIterator[Broker]:
    broker = Broker(tmp_path, broker_kind)
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
async def cloud(broker: Broker) -> AsyncIterator[Cloud]:
    async with cloud_on(broker) as cloud:
        yield cloud
