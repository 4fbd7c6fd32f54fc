"""The store was away for half an hour, and is back: how fast a city of a hundred thousand lamps catches up.

What the half hour has left in the inbox is put there at full speed while the service is down, with the live side's
place behind it, as if only the store had been away; the roll-ups have to count all of it, too. Then the service starts
and the city goes on sending: the live readings of lamps that are dead must reach the operator meanwhile.
"""

import asyncio
import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import paho.mqtt.client as mqtt

from cloud.ingest.arrivals import Arrival, sort
from cloud.ingest.inbox import Inbox
from tests.bench.b_ingest_live import EDGES, LAMPS, MINUTE, STATIONS
from tests.bench.engines import EMBEDDED
from tests.bench.fleet import START, Fleet
from tests.bench.loading import Load, percentile
from tests.bench.played import Batch, Edges
from tests.bench.report import Figure
from tests.bench.running import Service, publishing, service
from tests.bench.watching import Console, console, watched
from tests.waiting import until_async

AWAY_MINUTES = 30
BACK_AT = START + (MINUTE + AWAY_MINUTES) * 60
_TOGETHER = 500
_DEAD_EVERY = 5_000  # lamps
_HOLD_S = 330  # of the rule lamp_out are 300: they were dead so long before already
_WARM_UP_S = 4
_NEARLY = 2_500  # batches: what waits for the next commit when all is well
_LONGEST_S = 900


def run() -> Iterator[Figure]:
    """One outage of the embedded store."""
    with TemporaryDirectory() as name:
        yield from asyncio.run(_measured(Path(name)))


@dataclass(frozen=True, slots=True)
class Seen:
    """`left` are the batches and samples of the half hour, `load` is what came after it."""

    left: tuple[int, int]
    load: Load
    console: Console
    dead: frozenset[str]
    stored: int
    sent: int
    cpu_s: float
    rss_mb: float


async def _measured(folder: Path) -> Iterator[Figure]:
    fleet = Fleet(LAMPS, STATIONS, EDGES)
    edges, city = Edges(fleet), fleet.city()
    async with service(folder, city, BACK_AT - 60):  # makes the registry, and knows the city from now on
        pass
    left = await asyncio.to_thread(_fill, folder, edges)
    async with service(folder, city, BACK_AT) as running:
        seen = await _catching_up(running, edges, left)
    return _figures(replace(seen, stored=await EMBEDDED.stored(folder)))


def _fill(folder: Path, edges: Edges) -> tuple[int, int]:
    """Put the half hour into the inbox, minute by minute: how many batches and samples."""
    inbox, samples = Inbox(folder / "inbox.sqlite"), 0
    for minute in range(MINUTE, MINUTE + AWAY_MINUTES):
        batches = edges.minute(minute)
        samples += sum(batch.samples for batch in batches)
        for first in range(0, len(batches), _TOGETHER):
            inbox.accept([_arrival(batch) for batch in batches[first : first + _TOGETHER]])
    last = inbox.last_position()
    with contextlib.closing(sqlite3.connect(folder / "registry.sqlite")) as registry, registry:
        registry.execute("INSERT INTO cursor (name, inbox, position) VALUES ('live', ?, ?)", (inbox.uuid, last))
    inbox.close()
    return last, samples


def _arrival(batch: Batch) -> Arrival:
    arrival = sort(batch.topic, batch.payload, batch.at)
    assert isinstance(arrival, Arrival)
    return arrival


async def _catching_up(running: Service, edges: Edges, left: tuple[int, int]) -> Seen:
    fleet = edges.fleet
    edges.later = int(running.now()) + _WARM_UP_S - BACK_AT
    dead = frozenset(name for n, name in enumerate(fleet.lamp_ids[::_DEAD_EVERY]) if n)
    before = edges.dead_lamps(sorted(dead), BACK_AT + edges.later - _HOLD_S)
    load, cpu_s = Load(), running.cpu_s()
    async with console(running, watched(fleet)) as seen:
        with publishing(running) as client:
            await Load().send(running, client, before)
            sending = asyncio.create_task(_go_on(running, client, edges, load, dead))
            await _until_behind(seen, _NEARLY)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await _until_behind(seen, 0)
            used = running.cpu_s() - cpu_s
    sent = left[1] + load.samples + sum(batch.samples for batch in before)
    return Seen(left, load, seen, dead, 0, sent, used, running.rss_mb())


async def _go_on(running: Service, client: mqtt.Client, edges: Edges, load: Load, dead: frozenset[str]) -> None:
    for minute in itertools.count(MINUTE + AWAY_MINUTES):
        await load.send(running, client, await asyncio.to_thread(edges.minute, minute, dead))


async def _until_behind(seen: Console, batches: int) -> None:
    """Until the store's cursor is no further behind. Raises TimeoutError."""

    async def near() -> bool:
        return (await seen.behind_now()).cursors["store"] <= batches

    await until_async(near, _LONGEST_S, 1.0)


def _figures(seen: Seen) -> Iterator[Figure]:
    batches, samples = seen.left
    looks = [look for look in seen.console.behind if look.cursors["store"] > _NEARLY]
    seconds = looks[-1].at - looks[0].at
    rate = (looks[-1].passed["store"] - looks[0].passed["store"]) / seconds * samples / batches
    live = samples / (AWAY_MINUTES * 60)
    alarms = seen.console.alarm_delays_s(seen.load.sent, seen.dead)
    yield Figure("away_minutes", AWAY_MINUTES, "min")
    yield Figure("away_samples", samples, "samples")
    yield Figure("live_samples_per_s", live, "1/s")
    yield Figure("ours_store_samples_per_s", rate, "1/s", "live_samples_per_s", rate / live)
    yield Figure("ours_caught_up_after_s", seconds, "s")
    yield Figure("ours_lost_samples", seen.sent - seen.stored, "samples")
    yield Figure("ours_live_p99_ms", percentile(seen.console.delays_s(seen.load.sent), 0.99) * 1e3, "ms")
    yield Figure("ours_alarms_shown", len(alarms), "alarms")
    yield Figure("ours_alarm_max_ms", max(alarms, default=float("nan")) * 1e3, "ms")
    yield Figure("ours_cpu_us_per_sample", seen.cpu_s / seen.sent * 1e6, "us")
    yield Figure("ours_rss_mb", seen.rss_mb, "MB")
    yield Figure("sender_late_max_s", seen.load.late_s, "s")
