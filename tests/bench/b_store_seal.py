"""What a sealed sample takes on the disk, what sealing costs, and whether the inbox waits for it.

24 hours of 20,000 lamps (6 quantities a minute) and 200 stations (12 every 10 s) go through the embedded store. Every
second hour is sealed alone, for its CPU time; the others while the inbox takes 50 groups a second, four times what such
a city sends, and the store the next minute. The bound is the entropy of the lamps' steps at twelve moments of the day.
"""

import asyncio
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from threading import Event, Thread

import duckdb
import numpy as np

from cloud.ingest.arrivals import Arrival
from cloud.ingest.inbox import Inbox
from cloud.telemetry.duckdb_store import DuckDbStore
from protocols import wire
from protocols.readings import Table
from protocols.topics import Stream
from tests.bench import days
from tests.bench.fleet import SITE, START, Fleet, entropy_bits
from tests.bench.report import Figure

_HOURS = 24
_PACE_S, _GROUP, _ROWS = 0.02, 4, 40  # between groups; batches in a group; lamps in a batch
_MOMENTS = 12
_QUIET_GROUPS = 50


@dataclass(slots=True)
class Measured:
    """CPU in seconds, commits in milliseconds."""

    samples: int = 0
    write_cpu_s: float = 0.0
    seal_cpu_s: list[float] = field(default_factory=list)
    quiet_ms: list[float] = field(default_factory=list)
    sealing_ms: list[float] = field(default_factory=list)
    write_ms: list[float] = field(default_factory=list)


def run() -> Iterator[Figure]:
    """A day of the whole city."""
    yield from _bound()
    with TemporaryDirectory() as folder:
        measured = asyncio.run(_day(Path(folder)))
        yield from _sizes(Path(folder) / "telemetry", measured.samples)
        yield from _costs(measured)


def _bound() -> Iterator[Figure]:
    fleet = Fleet()
    moments = [entropy_bits(fleet, n * 1_440 // _MOMENTS) for n in range(_MOMENTS)]
    for name in moments[0]:
        yield Figure(f"entropy_{name}_bytes_per_sample", mean(bits[name] for bits in moments) / 8, "bytes")


async def _day(folder: Path) -> Measured:
    fleet, measured, groups = Fleet(), Measured(), Groups(folder)
    store = await DuckDbStore.open(folder / "telemetry.duckdb")
    for hour in range(_HOURS):
        for number in range(hour * 60, hour * 60 + 60):
            await _write(store, measured, days.minute(fleet, number))
        end = START + (hour + 1) * 3_600
        if hour % 2:
            await _seal_alone(store, measured, end)
        else:
            await _seal_in_company(store, measured, groups, end, days.minute(fleet, hour * 60 + 60))
    groups.close()
    await store.close()
    return measured


async def _write(store: DuckDbStore, measured: Measured, tables: Sequence[Table]) -> None:
    began = time.process_time()
    await store.write(tables, None)
    measured.write_cpu_s += time.process_time() - began
    measured.samples += days.samples(tables)


async def _seal_alone(store: DuckDbStore, measured: Measured, now: int) -> None:
    began = time.process_time()
    await store.seal(now, 0)
    measured.seal_cpu_s.append(time.process_time() - began)


async def _seal_in_company(
    store: DuckDbStore, measured: Measured, groups: "Groups", now: int, tables: Sequence[Table]
) -> None:
    measured.quiet_ms += await groups.commit_until(asyncio.to_thread(Event().wait, _QUIET_GROUPS * _PACE_S))
    sealing = asyncio.create_task(store.seal(now, 0))
    commits = asyncio.create_task(groups.commit_until(sealing))
    began = time.perf_counter()
    await store.write(tables, None)
    measured.write_ms.append((time.perf_counter() - began) * 1_000)
    measured.sealing_ms += await commits


class Groups:
    """An inbox that is fed by a thread of its own, as the receiver feeds it."""

    def __init__(self, folder: Path) -> None:
        self._inbox = Inbox(folder / "inbox.sqlite")
        self._bodies = [wire.encode_tables([table])[0] for table in days.batches(Fleet(), 240, _ROWS)]
        self._seq = count(1)

    async def commit_until(self, done: Awaitable[object]) -> list[float]:
        """Commit at a steady pace until something is done; what each commit took in milliseconds."""
        took: list[float] = []
        ended = Event()
        thread = Thread(target=self._commit, args=(took, ended))
        thread.start()
        await done
        ended.set()
        await asyncio.to_thread(thread.join)
        return took

    def _commit(self, took: list[float], ended: Event) -> None:
        while not ended.wait(_PACE_S):
            group = [self._arrival(next(self._seq)) for _ in range(_GROUP)]
            began = time.perf_counter()
            self._inbox.accept(group)
            took.append((time.perf_counter() - began) * 1_000)

    def _arrival(self, seq: int) -> Arrival:
        header = wire.Header("bench", seq, 1)
        payload = wire.seal(header, self._bodies[seq % len(self._bodies)])
        return Arrival(SITE, "HL-E0001", Stream.LIVE, header, float(seq), payload)

    def close(self) -> None:
        self._inbox.close()


def _sizes(folder: Path, samples: int) -> Iterator[Figure]:
    everything = [path for path in folder.rglob("*.parquet") if path.parent != folder]
    size = sum(path.stat().st_size for path in everything)
    yield Figure("ours_bytes_per_sample", size / samples, "bytes")
    for kind in ("luminaire", "air_station"):
        yield from _fields(kind, [path for path in everything if kind in path.parts])


def _fields(kind: str, files: Sequence[Path]) -> Iterator[Figure]:
    """Bytes by column; those of all columns that are no quantity are told as `rest`."""
    with duckdb.connect() as db:
        columns = db.execute(
            "SELECT path_in_schema, sum(total_compressed_size), sum(num_values) "
            "FROM parquet_metadata(?) GROUP BY ALL ORDER BY ALL",
            [[str(path) for path in files]],
        ).fetchall()
    fields = [(name, size, values) for name, size, values in columns if name not in ("number", "at")]
    samples, size = sum(values for _, _, values in fields), sum(path.stat().st_size for path in files)
    yield Figure(f"ours_{kind}_bytes_per_sample", size / samples, "bytes")
    for name, own, values in fields:
        yield Figure(f"ours_{kind}_{name}_bytes_per_sample", own / values, "bytes")
    rest = size - sum(own for _, own, _ in fields)
    yield Figure(f"ours_{kind}_rest_bytes_per_sample", rest / samples, "bytes")


def _costs(measured: Measured) -> Iterator[Figure]:
    yield Figure("ours_write_cpu_us_per_sample", measured.write_cpu_s / measured.samples * 1e6, "us")
    yield Figure("ours_seal_cpu_s_per_hour", mean(measured.seal_cpu_s), "s")
    yield Figure("ours_seal_cpu_us_per_sample", mean(measured.seal_cpu_s) * _HOURS / measured.samples * 1e6, "us")
    for share in (50, 99):
        quiet, sealing = (float(np.percentile(ms, share)) for ms in (measured.quiet_ms, measured.sealing_ms))
        yield Figure(f"ours_inbox_sealing_p{share}_ms", sealing, "ms", f"ours_inbox_quiet_p{share}_ms", sealing / quiet)
        yield Figure(f"ours_inbox_quiet_p{share}_ms", quiet, "ms")
    yield Figure("ours_inbox_commits_while_sealing_n", len(measured.sealing_ms), "commits")
    yield Figure("ours_store_write_while_sealing_max_ms", max(measured.write_ms), "ms")
