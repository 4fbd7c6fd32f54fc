"""One tick may name more ids than a database takes in one statement: a city that goes dark, or an edge that babbles."""

import pytest

from cloud.alarms.store import load_known
from cloud.commands.store import load
from tests.cloud.serving import Service

TOO_MANY = 260_000  # Debian's SQLite takes 250,000 variables, others 32,766


@pytest.fixture
def ids() -> list[str]:
    return [f"nobody-{n}" for n in range(TOO_MANY)]


async def test_episodes_are_found_by_any_number_of_ids(service: Service, ids: list[str]) -> None:
    async with service.parts.database.read() as session:
        assert await load_known(session, ids) == {}


async def test_commands_are_found_by_any_number_of_ids(service: Service, ids: list[str]) -> None:
    async with service.parts.database.read() as session:
        assert await load(session, ids) == {}
