"""One running town for a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sim.town import Time, Town, running


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with running(tmp_path, Time(), tmp_path / "reads.jsonl") as found:
        yield found
