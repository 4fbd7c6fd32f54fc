"""Towns for the system tests."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.system.town import Town, lay_out

MakeTown = Callable[..., Town]


@pytest.fixture(params=["mosquitto", "nats-server"])
def broker_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def make_town(tmp_path: Path) -> AsyncIterator[MakeTown]:
    """Lays out towns, and ends every process of theirs."""
    towns: list[Town] = []

    def make(broker: str | None = None, **settings: Any) -> Town:
        town = lay_out(tmp_path / f"town{len(towns)}", broker, **settings)
        towns.append(town)
        return town

    yield make
    for town in towns:
        await town.end()
