"""One service for the tests of a module: each of them begins hours later, and without the people of the one before."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import delete

from cloud.audit.chain import Entry
from cloud.audit.store import write_down
from cloud.people.tables import PersonRow
from protocols.clock import DomainClock
from tests.cloud.cities import small_city, write_city
from tests.cloud.clocks import Wall, standing_clock
from tests.cloud.factors.ways import BEGINNING
from tests.cloud.serving import Service, serving, settings_in


@pytest.fixture(scope="module")
def standing() -> tuple[DomainClock, Wall]:
    """The city's clock, and the hand on it."""
    return standing_clock()


@pytest.fixture(scope="module")
def told() -> dict[str, object]:
    """What stands in the settings, beside what every test has."""
    return {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting(
    standing: tuple[DomainClock, Wall], told: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """A service that answers on loopback."""
    folder = tmp_path_factory.mktemp("service")
    write_city(folder / "inventory.json", small_city())
    async with serving(settings_in(folder, **told), standing[0]) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def service(lasting: Service, wall: Wall) -> Service:
    """The service as if nobody had come yet, and nobody had tried for hours."""
    wall.advance(hours=3)
    async with lasting.parts.database.write() as session:
        await session.execute(delete(PersonRow))
    await write_down(lasting.parts.database, Entry(lasting.parts.clock.now(), "test", BEGINNING))
    return lasting


@pytest.fixture
def wall(standing: tuple[DomainClock, Wall]) -> Wall:
    """The hand that moves the clock."""
    return standing[1]
