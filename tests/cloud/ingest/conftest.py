"""Brokers and inboxes for a test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cloud.ingest.inbox import Inbox
from tests.cloud.ingest.brokers import RunningBroker
from tests.cloud.ingest.wiretap import Wiretap
from tests.listening import listening


@pytest.fixture(params=["mosquitto", "nats-server"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RunningBroker]:
    """Each broker that the demo may start."""
    running = RunningBroker(tmp_path, request.param)
    await running.start()
    yield running
    await running.kill()


@pytest.fixture
async def wiretap(broker: RunningBroker) -> AsyncIterator[Wiretap]:
    """A wire to the broker that is watched."""
    tap = Wiretap(broker.port)
    async with listening(tap.join) as tap.port:
        yield tap


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """An empty inbox."""
    opened = Inbox(tmp_path / "inbox.sqlite")
    yield opened
    opened.close()
