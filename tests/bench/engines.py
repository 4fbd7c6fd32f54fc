"""The telemetry stores that an ingest bench runs over: what cloud.yaml says of each, what it costs, what it has."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cloud.telemetry.duckdb_store import DuckDbStore
from tests import influxdb
from tests.bench.fleet import LAMP_QUANTITIES, STATION_QUANTITIES

_KINDS = {"luminaire": LAMP_QUANTITIES, "air_station": STATION_QUANTITIES}
_ALWAYS = 1 << 40


@dataclass(frozen=True, slots=True)
class Engine:
    """One store; `server` when it is a process of its own."""

    name: str
    settings: Mapping[str, object] = field(default_factory=dict)
    server: influxdb.Server | None = None
    bucket: str = ""

    def cpu_s(self) -> float:
        """Of the store's own process; 0 for one that lives in the service's."""
        return self.server.cpu_s() if self.server else 0.0

    async def stored(self, folder: Path) -> int:
        """How many samples it has, asked of itself; the service must have ended."""
        if self.server:
            return await _in_influxdb(self.server, self.bucket)
        return await _in_duckdb(folder / "telemetry.duckdb")


EMBEDDED = Engine("duckdb")


@contextmanager
def influxd() -> Iterator[influxdb.Server]:
    """Debian's InfluxDB behind nginx, synced ten times a second."""
    with influxdb.server(fsync_delay="100ms") as server:
        yield server


async def in_influxdb(server: influxdb.Server) -> Engine:
    """A new database of a server."""
    bucket = await server.database()
    told = server.settings(bucket).model_dump(mode="json", exclude_defaults=True)
    return Engine("influxdb", {"telemetry": told}, server, bucket)


async def _in_duckdb(path: Path) -> int:
    store = await DuckDbStore.open(path)
    rollups = [await store.rollup(kind, [], names, 0, _ALWAYS, _ALWAYS) for kind, names in _KINDS.items()]
    await store.close()
    return sum(sum(stats.n) for rollup in rollups for stats in rollup.stats.values())


async def _in_influxdb(server: influxdb.Server, bucket: str) -> int:
    counted = 0
    for kind, names in _KINDS.items():
        counts = ", ".join(f'count("{name}")' for name in names)
        answer = await server.ask(f'SELECT {counts} FROM "{kind}"', bucket)  # noqa: S608 - our own names
        counted += sum(answer["results"][0]["series"][0]["values"][0][1:])
    return counted
