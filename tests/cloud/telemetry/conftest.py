"""Every store that there is, opened over an empty folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import TelemetryStore


@pytest.fixture(params=["duckdb"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TelemetryStore]:
    """A store without points."""
    opened: TelemetryStore = await {"duckdb": DuckDbStore.open}[request.param](tmp_path / "telemetry.duckdb")
    yield opened
    await opened.close()
