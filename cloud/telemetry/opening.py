"""The one place that knows which engine keeps the telemetry."""

from cloud.settings import Settings
from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.influx_store import InfluxStore
from cloud.telemetry.settings import InfluxDb
from cloud.telemetry.store import TelemetryStore


async def open_store(settings: Settings) -> TelemetryStore:
    """The engine that cloud.yaml asks for. Raises StoreAway."""
    if isinstance(settings.telemetry, InfluxDb):
        return await InfluxStore.open(settings.telemetry)
    return await DuckDbStore.open(settings.data / "telemetry.duckdb")
