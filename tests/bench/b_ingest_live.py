"""A hundred thousand lamps and two thousand stations over a real broker into a real service, for a minute and for each
store; a console with the map, 200 devices and the store's page is open meanwhile.

CPU is that of the whole cloud process, from the first batch until everything is stored: inbox, watermarks, store, live
values, rules, roll-ups, map. What is stored is asked of the store itself, after the service has ended. The inbox holds
what one of its cursors has not saved: the store commits every ten seconds, the live side saves every fifteen, the
roll-ups once a minute.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import influxdb
from tests.bench import points
from tests.bench.engines import EMBEDDED, Engine, in_influxdb, influxd
from tests.bench.fleet import START, Fleet, entropy_bits
from tests.bench.loading import Load, percentile
from tests.bench.played import Edges
from tests.bench.report import Figure
from tests.bench.running import Service, publishing, service
from tests.bench.watching import Behind, Console, console, watched

LAMPS, STATIONS, EDGES = 100_000, 2_000, 1_500
MINUTE = 250  # after 16 h: the lamps are lit
_DEAD = 20  # lamps that will be found out while the minute lasts
_HOLD_S = 300  # of the rule lamp_out: they were dead so long before already
_WARM_UP_S = 6
_SETTLES_S = 15.0  # a commit's ten seconds and a little more
_PEER = "point_loop_cpu_us_per_sample"


def run() -> Iterator[Figure]:
    """The data, the peer, and then each store."""
    for name, bits in entropy_bits(_fleet(), MINUTE - 10).items():
        yield Figure(f"entropy_{name}_bits_per_sample", bits, "bits")
    some = Edges(_fleet()).minute(MINUTE)[::20]
    peer = points.line_cpu_us_per_sample(some)
    yield Figure(_PEER, peer, "us")
    yield from _figures(EMBEDDED, asyncio.run(_measured(EMBEDDED)), peer)
    if influxdb.programs():
        with influxd() as server:
            bucket = asyncio.run(server.database())
            yield Figure(
                "point_loop_written_cpu_us_per_sample", points.write_cpu_us_per_sample(some, server, bucket), "us"
            )
            engine = asyncio.run(in_influxdb(server))
            yield from _figures(engine, asyncio.run(_measured(engine)), peer)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a minute has shown. CPU and memory are the service's, `server_s` is the CPU time of the store's server."""

    samples: int
    sent: int  # with those that prepared it
    cpu_s: float
    server_s: float
    rss_mb: float
    start_s: float
    behind: Sequence[Behind]
    stored_after_s: float
    late_s: float
    shown_s: Sequence[float]
    alarms_s: Sequence[float]


def _fleet() -> Fleet:
    return Fleet(LAMPS, STATIONS, EDGES)


async def _measured(engine: Engine) -> tuple[Seen, int]:
    """What was seen, and how many samples are in the store afterwards."""
    fleet = _fleet()
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with service(folder, fleet.city(), START + MINUTE * 60, engine.settings) as running:
            seen = await _minute(running, fleet, engine)
        return seen, await engine.stored(folder)


async def _minute(running: Service, fleet: Fleet, engine: Engine) -> Seen:
    edges = Edges(fleet, int(running.now()) + _WARM_UP_S - START - MINUTE * 60)
    dead = frozenset(fleet.lamp_ids[5 :: LAMPS // _DEAD])
    before = edges.dead_lamps(sorted(dead), START + MINUTE * 60 + edges.later - _HOLD_S)
    batches, load = edges.minute(MINUTE, dead), Load()
    async with console(running, watched(fleet)) as seen:
        with publishing(running) as client:
            await Load().send(running, client, before)
            cpu_s, server_s = running.cpu_s(), engine.cpu_s()
            await load.send(running, client, batches)
            stored_after_s = await _stored(seen)
            used = running.cpu_s() - cpu_s, engine.cpu_s() - server_s
    return Seen(
        load.samples,
        load.samples + sum(batch.samples for batch in before),
        *used,
        running.rss_mb(),
        running.start_s,
        seen.behind,
        stored_after_s,
        load.late_s,
        seen.delays_s(load.sent),
        seen.alarm_delays_s(load.sent, dead),
    )


async def _stored(seen: Console) -> float:
    """Seconds until the store has everything; NaN when that takes longer than it should."""
    began = time.monotonic()
    while time.monotonic() - began < _SETTLES_S:
        if (await seen.behind_now()).cursors["store"] == 0:
            return time.monotonic() - began
        await asyncio.sleep(0.5)
    return float("nan")


def _figures(engine: Engine, measured: tuple[Seen, int], peer: float) -> Iterator[Figure]:
    seen, stored = measured
    ours, cpu_us = f"ours_{engine.name}", seen.cpu_s / seen.samples * 1e6
    yield Figure(f"{ours}_cpu_us_per_sample", cpu_us, "us", _PEER, cpu_us / peer)
    if engine.server:
        yield Figure(f"{engine.name}_server_cpu_us_per_sample", seen.server_s / seen.samples * 1e6, "us")
    yield Figure(f"{ours}_samples_per_s", seen.samples / 60, "1/s")
    yield Figure(f"{ours}_stored_share", stored / seen.sent, "share")
    yield Figure(f"{ours}_all_stored_after_s", seen.stored_after_s, "s")
    yield from _depths(ours, seen.behind)
    yield Figure(f"{ours}_live_p50_ms", percentile(seen.shown_s, 0.5) * 1e3, "ms")
    yield Figure(f"{ours}_live_p99_ms", percentile(seen.shown_s, 0.99) * 1e3, "ms")
    yield Figure(f"{ours}_alarms_shown_share", len(seen.alarms_s) / _DEAD, "share")
    yield Figure(f"{ours}_alarm_p99_ms", percentile(seen.alarms_s, 0.99) * 1e3, "ms")
    yield Figure(f"{ours}_rss_mb", seen.rss_mb, "MB")
    yield Figure(f"{ours}_start_s", seen.start_s, "s")
    yield Figure("sender_late_max_s", seen.late_s, "s")


def _depths(ours: str, behind: Sequence[Behind]) -> Iterator[Figure]:
    """How far each cursor was behind at most, in the first and in the second half of the minute."""
    middle = len(behind) // 2
    for cursor in behind[0].cursors:
        for half, looks in (("first", behind[:middle]), ("second", behind[middle:])):
            most = max(look.cursors[cursor] for look in looks)
            yield Figure(f"{ours}_{cursor}_behind_{half}_half_max_batches", most, "batches")
