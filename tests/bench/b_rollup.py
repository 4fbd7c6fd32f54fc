"""What hours and sums cost for each sample: a hundred thousand lamps and two thousand stations, decoded batches in.

Counting is measured over some minutes as they come, every two seconds a look; the close of an hour and the saving of
what is counted once, and each is put on the samples between two of them.
"""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cloud.fleet.fleet import Fleet as Devices
from cloud.ingest.feed import Feed, Item
from cloud.ingest.inbox import Delivery, Inbox
from cloud.rollups.cursor import GRACE_S, Pace, Rollups
from cloud.rollups.topology import Topology
from cloud.telemetry.duckdb_store import DuckDbStore
from protocols.readings import Table
from protocols.topics import Stream
from protocols.wire import Batch, Header
from rules.energy import HOUR_S
from tests.bench.fleet import SITE, START, Fleet, Rows
from tests.bench.report import Figure
from tests.cloud.clocks import standing_clock

_LAMPS, _STATIONS, _EDGES = 100_000, 2_000, 1_500
_FIRST, _MINUTES = 180, 4  # in the evening, when all lamps burn
_LOOK_S = 2
_SAVE_S = 60


def run() -> Iterator[Figure]:
    """CPU time of one process; the store's threads are in it."""
    with TemporaryDirectory() as folder:
        yield from asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> list[Figure]:
    fleet = Fleet(_LAMPS, _STATIONS, _EDGES)
    inbox, store = Inbox(folder / "inbox.sqlite"), await DuckDbStore.open(folder / "telemetry.duckdb")
    clock, wall = standing_clock()
    wall.seconds = START + _FIRST * 60
    pace = Pace(look_every_s=0.0, save_every_s=1e9)
    rollups = Rollups(Topology(Devices([fleet.city()], 1)), clock, inbox, store, folder / "rollups.npz", pace)
    waiting: list[Item] = []
    feed = Feed(lambda position, limit: [item for item in waiting if item.delivery.position > position][:limit])
    await rollups.start(feed, lambda: feed.position)
    counted, samples = 0.0, 0
    for look in _looks(fleet):
        waiting[:] = look
        samples += sum(len(table) * len(table.quantities) for item in look for table in _tables(item))
        counted += await _cpu(lambda: _count(rollups, feed, waiting))
    saved = await _cpu(lambda: asyncio.to_thread(rollups.save))
    size = (folder / "rollups.npz").stat().st_size
    wall.seconds = START + (_FIRST // 60 + 1) * HOUR_S + GRACE_S
    closed, longest = await _closed(rollups)
    inbox.close()
    await store.close()
    return _figures(fleet.samples_per_minute, counted / samples, saved, closed, longest, size)


def _figures(per_minute: int, counted: float, saved: float, closed: float, longest: float, size: int) -> list[Figure]:
    saving, closing = saved / (per_minute * _SAVE_S / 60), closed / (per_minute * 60)
    return [
        Figure("ours_count_cpu_us_per_sample", counted * 1e6, "us"),
        Figure("ours_save_cpu_us_per_sample", saving * 1e6, "us"),
        Figure("ours_close_cpu_us_per_sample", closing * 1e6, "us"),
        Figure("ours_cpu_us_per_sample", (counted + saving + closing) * 1e6, "us"),
        Figure("ours_close_cpu_s", closed, "s"),
        Figure("ours_close_longest_stall_ms", longest * 1e3, "ms"),
        Figure("ours_state_mb", size / 1e6, "MB"),
        Figure("rss_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB"),
    ]


def _looks(fleet: Fleet) -> Iterator[list[Item]]:
    """What has come since the last look."""
    position = 0
    for minute in range(_FIRST, _FIRST + _MINUTES):
        tables = [*_per_second(fleet.lamps(minute), "luminaire", fleet.lamp_ids, fleet.segment)]
        for rows in fleet.stations(minute):
            tables += _per_second(rows, "air_station", fleet.station_ids, fleet.station_edge)
        tables.sort(key=lambda table: table.at[0])
        for start in range(START + minute * 60, START + (minute + 1) * 60, _LOOK_S):
            look = []
            for table in tables:
                if start <= table.at[0] < start + _LOOK_S:
                    position += 1
                    look.append(_item(position, table))
            yield look


def _per_second(rows: Rows, kind: str, ids: Sequence[str], bus: "np.typing.NDArray[np.int64]") -> Iterator[Table]:
    """A table for each bus and second."""
    buses = bus[rows.index]
    cuts = np.flatnonzero((np.diff(buses) != 0) | (np.diff(rows.at) != 0)) + 1
    for part in np.split(np.arange(len(buses)), cuts):
        columns = [column[part].tolist() for column in rows.values.values()]
        devices = [ids[n] for n in rows.index[part].tolist()]
        yield Table(
            kind, tuple(rows.values), devices, rows.at[part].tolist(), columns, [[1] * len(part)] * len(columns)
        )


def _item(position: int, table: Table) -> Item:
    header = Header("bench00000000001", position, 1)
    at = float(table.at[-1])
    delivery = Delivery(position, SITE, "HL-E0001", header.epoch, Stream.LIVE, position, b"", at)
    return Item(delivery, Batch(header, [table], []))


def _tables(item: Item) -> Sequence[Table]:
    return item.batch.tables if item.batch else ()


async def _count(rollups: Rollups, feed: Feed, waiting: Sequence[Item]) -> None:
    while waiting and feed.position < waiting[-1].delivery.position:
        await rollups.step()


async def _closed(rollups: Rollups) -> tuple[float, float]:
    """CPU seconds of the close, and the longest time for which the loop stood still meanwhile."""
    watch = asyncio.create_task(_longest_stall())
    cpu = await _cpu(rollups.step)
    watch.cancel()
    return cpu, await watch


async def _longest_stall() -> float:
    longest = 0.0
    try:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.001)
            longest = max(longest, time.monotonic() - began)
    except asyncio.CancelledError:
        return longest


async def _cpu(work: Callable[[], Awaitable[object]]) -> float:
    began = time.process_time()
    await work()
    return time.process_time() - began
