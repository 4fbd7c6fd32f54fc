"""A service over an empty folder, and the hand on its clock."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.settings import Settings
from protocols.clock import DomainClock
from tests.cloud.cities import small_city, write_city
from tests.cloud.clocks import Wall, standing_clock
from tests.cloud.serving import Service, serving, settings_in


@pytest.fixture(name="time")
def _time() -> tuple[DomainClock, Wall]:
    return standing_clock()


@pytest.fixture
def clock(time: tuple[DomainClock, Wall]) -> DomainClock:
    """The city's clock, which stands still."""
    return time[0]


@pytest.fixture
def wall(time: tuple[DomainClock, Wall]) -> Wall:
    """The hand that moves the clock."""
    return time[1]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A service for a small city that keeps everything in a folder of its own."""
    write_city(tmp_path / "inventory.json", small_city())
    return settings_in(tmp_path)


@pytest.fixture
async def service(settings: Settings, clock: DomainClock) -> AsyncIterator[Service]:
    """A service that answers on loopback."""
    async with serving(settings, clock) as running:
        yield running
