"""What a sample costs on its way into InfluxDB: building a line, sending it, storing it; and what the flags add.

Debian's influxd 1.6.7 behind nginx, 2,000 lamps of six quantities for four hours of an evening. Server figures have the
compaction of the same hours in them.
"""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from influxdb_client.client.write import point as client

from cloud.telemetry.influx_link import InfluxLink
from protocols.line_protocol import lines
from protocols.readings import Table
from tests import influxdb
from tests.bench.fleet import LAMP_QUANTITIES, Fleet, Rows, entropy_bits
from tests.bench.report import Figure, cpu_us
from tests.waiting import until

Point: Any = client.Point  # it has no types of its own
MINUTES = 240
_FIRST = 250  # minutes after 16 h: the lamps are lit
_TOGETHER = 8  # minutes in a commit: 96,000 samples
_FLAG = re.compile(rb"[a-z_]+_q=1,")

Write = Callable[[influxdb.Server, Sequence[Sequence[Table]]], Coroutine[Any, Any, float]]


def run() -> Iterator[Figure]:
    """The builder beside the client's own, then a server with and without flags."""
    fleet = Fleet(lamps=2_000, stations=1, edges=30)
    for name, bits in entropy_bits(fleet, _FIRST - 10).items():
        yield Figure(f"entropy_{name}_bits_per_sample", bits, "bits")
    minutes = [_tables(fleet, fleet.lamps(_FIRST + minute)) for minute in range(MINUTES)]
    commits = [list(chain(*minutes[first : first + _TOGETHER])) for first in range(0, MINUTES, _TOGETHER)]
    yield from _builders(commits[0][0])
    yield from _servers(commits)


def _builders(table: Table) -> Iterator[Figure]:
    samples = len(table) * len(table.quantities)
    ours, theirs = cpu_us(lambda: lines(table, table.kind)) / samples, cpu_us(lambda: _points(table)) / samples
    yield Figure("ours_line_cpu_us_per_sample", ours, "us", "client_point_cpu_us_per_sample", ours / theirs)
    yield Figure("client_point_cpu_us_per_sample", theirs, "us")


def _servers(commits: Sequence[Sequence[Table]]) -> Iterator[Figure]:
    samples = sum(len(table) * len(table.quantities) for tables in commits for table in tables)
    ours, server, disk = _measured(_through_the_store, commits, samples)
    _, bare_server, bare_disk = _measured(_without_flags, commits, samples)
    yield Figure("ours_write_cpu_us_per_sample", ours, "us")
    bare = "influxd_without_flags"
    yield Figure("influxd_cpu_us_per_sample", server, "us", f"{bare}_cpu_us_per_sample", server / bare_server)
    yield Figure(f"{bare}_cpu_us_per_sample", bare_server, "us")
    yield Figure("influxd_bytes_per_sample", disk, "bytes", f"{bare}_bytes_per_sample", disk / bare_disk)
    yield Figure(f"{bare}_bytes_per_sample", bare_disk, "bytes")


def _measured(write: Write, commits: Sequence[Sequence[Table]], samples: int) -> tuple[float, float, float]:
    """Our CPU and the server's in us a sample, and what lies on the disk in bytes a sample."""
    with influxdb.server(fsync_delay="100ms", cold="2s") as server:
        ours = asyncio.run(write(server, commits))
        asyncio.run(until(lambda: not server.unsorted_bytes(), 120))
        return ours / samples * 1e6, server.cpu_s() / samples * 1e6, server.sorted_bytes() / samples


async def _through_the_store(server: influxdb.Server, commits: Sequence[Sequence[Table]]) -> float:
    async with influxdb.empty_store(server, drop=False) as store:
        began = time.process_time()
        for tables in commits:
            await store.write(tables, None)
        return time.process_time() - began


async def _without_flags(server: influxdb.Server, commits: Sequence[Sequence[Table]]) -> float:
    bucket = await server.database()
    link = InfluxLink(server.settings(bucket), influxdb.TOKEN)
    began = time.process_time()
    for tables in commits:
        await link.write(bucket, _FLAG.sub(b"", b"".join(lines(table, table.kind) for table in tables)))
    await link.close()
    return time.process_time() - began


def _tables(fleet: Fleet, rows: Rows) -> list[Table]:
    """A table for each segment, as edges send them."""
    segment = fleet.segment[rows.index]
    cuts = np.flatnonzero(np.diff(segment)) + 1
    return [_table(fleet, rows, part) for part in np.split(np.arange(len(rows.index)), cuts)]


def _table(fleet: Fleet, rows: Rows, part: np.ndarray) -> Table:
    values = [rows.values[quantity][part].tolist() for quantity in LAMP_QUANTITIES]
    devices = [fleet.lamp_ids[index] for index in rows.index[part].tolist()]
    flags = [[1] * len(devices)] * len(values)
    return Table("luminaire", LAMP_QUANTITIES, devices, rows.at[part].tolist(), values, flags)


def _points(table: Table) -> str:
    """The client's way, for the same table without its flags."""
    return "\n".join(_point(table, row).to_line_protocol() for row in range(len(table)))


def _point(table: Table, row: int) -> Any:
    point = Point(table.kind).tag("device", table.devices[row]).time(table.at[row] * 1000, write_precision="ms")
    for quantity, column in zip(table.quantities, table.values, strict=True):
        point.field(quantity, column[row])
    return point
