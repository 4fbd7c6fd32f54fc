"""The one place that knows which engine keeps the telemetry."""

from cloud.settings import Settings
from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.settings import DuckDb, InfluxDb
from cloud.telemetry.store import TelemetryStore
from cloud.telemetry.upkeep import Upkeep
from protocols.clock import DomainClock


async def open_store(settings: Settings) -> TelemetryStore:
    """The engine that cloud.yaml asks for. Raises StoreAway."""
    if isinstance(settings.telemetry, InfluxDb):
        from cloud.telemetry.influx_store import InfluxStore  # its client takes half a second to import

        return await InfluxStore.open(settings.telemetry)
    return await DuckDbStore.open(settings.data / "telemetry.duckdb")


def upkeep_of(store: TelemetryStore, clock: DomainClock, settings: Settings) -> Upkeep | None:
    """What an engine that lives in this process needs now and then; a server looks after itself."""
    if isinstance(store, DuckDbStore) and isinstance(settings.telemetry, DuckDb):
        return Upkeep(store, clock, settings.telemetry)
    return None
