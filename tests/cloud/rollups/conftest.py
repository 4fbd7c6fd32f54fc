"""Each store that roll-ups are written to, opened and empty."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import TelemetryStore
from tests import influxdb


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[TelemetryStore]:
    """The embedded store."""
    store = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    yield store
    await store.close()


@pytest.fixture
async def influx(influxdb_server: influxdb.Server) -> AsyncIterator[TelemetryStore]:
    """A database of its own in a real InfluxDB."""
    async with influxdb.empty_store(influxdb_server) as store:
        yield store
