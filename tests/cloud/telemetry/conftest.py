"""Every store that there is, opened and empty."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import TelemetryStore
from tests import influxdb
from tests.cloud.telemetry.sealing import SealingStore

_EMBEDDED = {"duckdb": DuckDbStore, "sealed": SealingStore}


@pytest.fixture(params=["duckdb", "sealed", "influxdb"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TelemetryStore]:
    """A store without points."""
    async with _opened(request, tmp_path) as opened:
        yield opened


def _opened(request: pytest.FixtureRequest, folder: Path) -> AbstractAsyncContextManager[TelemetryStore]:
    if request.param in _EMBEDDED:
        return _embedded(_EMBEDDED[request.param], folder)
    server: influxdb.Server = request.getfixturevalue("influxdb_server")
    return influxdb.empty_store(server)


@asynccontextmanager
async def _embedded(kind: type[DuckDbStore], folder: Path) -> AsyncIterator[TelemetryStore]:
    store = await kind.open(folder / "telemetry.duckdb")
    try:
        yield store
    finally:
        await store.close()
