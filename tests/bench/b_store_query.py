"""How long a chart and a report wait for the telemetry store; the same questions to both engines.

Loaded are 24 hours of samples, and a month of hours: of 50 wards and of the 400 lamps of one. In the embedded store the
samples are those of 20,000 lamps, sealed, because a file's size is what a reader pays for; in InfluxDB, which finds a
series by its name, those of 400. Wall times of one reader, the median of 21; `cpu` is our process alone.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Protocol

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import Summaries, TelemetryStore
from tests import influxdb
from tests.bench import days
from tests.bench.fleet import LAMP_QUANTITIES, START, Fleet
from tests.bench.report import Figure

_HOUR, _DAY_S, _MONTH_H = 3_600, 86_400, 720
_WARDS, _LAMPS_OF_WARD, _REPEAT = 50, 400, 21
_MONTH = (START // _DAY_S * _DAY_S, START // _DAY_S * _DAY_S + _MONTH_H * _HOUR)
_WARD_FIELDS = ("energy_wh", "lamps_n", "energy_estimated_wh", "energy_missing_n", "active_power_mean")
_LAMP_FIELDS = ("energy_wh", "energy_sum_wh", "energy_q", "active_power_mean", "active_power_max", "voltage_min")


class Ask(Protocol):
    """A question; `n` chooses whom it is about."""

    __name__: str

    async def __call__(self, n: int, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A store with a day and a month in it."""

    name: str
    store: TelemetryStore
    lamps: int


def run() -> Iterator[Figure]:
    """Both engines, if InfluxDB is on this machine."""
    with TemporaryDirectory() as folder:
        yield from asyncio.run(_embedded(Path(folder)))
    if influxdb.programs() is None:
        print("influxd or nginx is not on this machine: only the embedded store", file=sys.stderr)
        return
    with influxdb.server(fsync_delay="100ms", cold="2s") as server:
        yield from asyncio.run(_influxdb(server))


async def _embedded(folder: Path) -> list[Figure]:
    store = await DuckDbStore.open(folder / "telemetry.duckdb")
    try:
        await _load(store, 20_000)
        await store.seal(_MONTH[1] + _DAY_S, 0)
        return await _asked(Loaded("embedded", store, 20_000))
    finally:
        await store.close()


async def _influxdb(server: influxdb.Server) -> list[Figure]:
    async with influxdb.empty_store(server) as store:
        await _load(store, _LAMPS_OF_WARD)
        return await _asked(Loaded("influxdb", store, _LAMPS_OF_WARD))


async def _load(store: TelemetryStore, lamps: int) -> None:
    fleet = Fleet(lamps=lamps, stations=10)
    together = max(1, 20_000 // lamps // 8)
    for first in range(0, 1_440, together):
        minutes = range(first, min(first + together, 1_440))
        await store.write([table for number in minutes for table in days.minute(fleet, number)], None)
    for day in range(_MONTH_H // 24):
        await store.write_summaries([_wards(day), _lamps(day)])


def _wards(day: int) -> Summaries:
    return _rows("ward_1h", [f"W{n:02d}" for n in range(1, _WARDS + 1)], day, _WARD_FIELDS)


def _lamps(day: int) -> Summaries:
    return _rows("luminaire_1h", [f"HL-{n:06d}" for n in range(1, _LAMPS_OF_WARD + 1)], day, _LAMP_FIELDS)


def _rows(name: str, keys: Sequence[str], day: int, fields: Sequence[str]) -> Summaries:
    """A day of hours; whole numbers, a few hundred of them different."""
    at = [_MONTH[0] + day * _DAY_S + hour * _HOUR for hour in range(24)]
    rows = len(keys) * len(at)
    columns = {field: [float((row * 7_919 + n) % 997) for row in range(rows)] for n, field in enumerate(fields)}
    return Summaries(name, [key for key in keys for _ in at], at * len(keys), columns)


async def _asked(loaded: Loaded) -> list[Figure]:
    store, start = loaded.store, START

    async def lamp_24h(n: int) -> object:
        lamp = f"HL-{n * 37 % loaded.lamps + 1:06d}"
        return await store.raw("luminaire", lamp, LAMP_QUANTITIES, start, start + _DAY_S)

    async def lamp_24h_in_hours(n: int) -> object:
        lamp = f"HL-{n * 37 % loaded.lamps + 1:06d}"
        return await store.rollup("luminaire", [lamp], ["active_power"], start, start + _DAY_S, _HOUR)

    async def ward_month(n: int) -> object:
        return await store.summaries("ward_1h", [f"W{n % _WARDS + 1:02d}"], _WARD_FIELDS, *_MONTH)

    async def wards_energy_month(_: int) -> object:
        found = await store.summaries("ward_1h", [], ["energy_wh"], *_MONTH)
        return _sums(found)

    async def lamp_month(n: int) -> object:
        return await store.summaries("luminaire_1h", [f"HL-{n % _LAMPS_OF_WARD + 1:06d}"], _LAMP_FIELDS, *_MONTH)

    asks = (lamp_24h, lamp_24h_in_hours, ward_month, wards_energy_month, lamp_month)
    figures = [figure for ask in asks for figure in await _timed(loaded.name, ask)]
    return [Figure(f"{loaded.name}_loaded_lamps_n", loaded.lamps, "lamps"), *figures]


async def _timed(name: str, ask: Ask) -> list[Figure]:
    wall_ms, cpu_ms = [], []
    for n in range(_REPEAT):
        began, cpu = time.perf_counter(), time.process_time()
        await ask(n)
        wall_ms.append((time.perf_counter() - began) * 1_000)
        cpu_ms.append((time.process_time() - cpu) * 1_000)
    what = f"{name}_{ask.__name__}"
    return [Figure(f"{what}_ms", median(wall_ms), "ms"), Figure(f"{what}_cpu_ms", median(cpu_ms), "ms")]


def _sums(found: Summaries) -> dict[str, float]:
    sums: dict[str, float] = {}
    for key, energy in zip(found.keys, found.fields["energy_wh"], strict=True):
        sums[key] = sums.get(key, 0.0) + (energy or 0.0)
    return sums
