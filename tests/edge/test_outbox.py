"""What the outbox has taken stays until the cloud has it, under its own number, whatever dies."""

import asyncio
import functools
import logging
import random
import sqlite3
import sys
import tempfile
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_agent import outbox as outboxes
from edge_agent import packing
from edge_agent.database import CannotOpen, Database
from edge_agent.outbox import Outbox
from edge_agent.packing import Damaged, packed, unpacked
from edge_agent.timekeeper import Timekeeper
from protocols.clock import ClockSettings, DomainClock
from protocols.topics import STREAMS, Stream
from protocols.wire import Mark
from rules.clock_trust import Trust
from tests.edge.clocks import MIDNIGHT
from tests.edge.full_disk import FillingDisk, no_file_grows_beyond

ROOM = 1_000_000


def mark(outbox: Outbox, stream: Stream, seq: int) -> Mark:
    return Mark(epoch=outbox.epoch, stream=stream, seq=seq)


def noise(size: int) -> bytes:
    """A body that takes so many bytes on the disk."""
    return random.Random(size).randbytes(size - 1)


async def held(outbox: Outbox, stream: Stream) -> list[tuple[int, bytes]]:
    return [(entry.seq, entry.body) for entry in await outbox.unsent(stream, 0, 1000)]


async def test_every_stream_counts_from_one_for_itself(outbox: Outbox) -> None:
    await outbox.append(Stream.LIVE, [b"a", b"b"])
    await outbox.append(Stream.EVENT, [b"c"])
    assert await held(outbox, Stream.LIVE) == [(1, b"a"), (2, b"b")]
    assert await held(outbox, Stream.EVENT) == [(1, b"c")]
    assert (outbox.floor(Stream.LIVE), outbox.floor(Stream.BACKLOG)) == (1, 1)


async def test_batches_are_handed_out_in_order_from_where_one_stands(outbox: Outbox) -> None:
    await outbox.append(Stream.LIVE, [b"a", b"b", b"c", b"d"])
    assert [entry.seq for entry in await outbox.unsent(Stream.LIVE, 1, 2)] == [2, 3]


async def test_what_the_cloud_has_is_forgotten_and_the_numbers_go_on(outbox: Outbox) -> None:
    await outbox.append(Stream.LIVE, [b"a", b"b", b"c"])
    await outbox.trim([mark(outbox, Stream.LIVE, 2)])
    assert await held(outbox, Stream.LIVE) == [(3, b"c")]
    assert outbox.floor(Stream.LIVE) == 3
    await outbox.trim([mark(outbox, Stream.LIVE, 3)])
    await outbox.append(Stream.LIVE, [b"d"])
    assert await held(outbox, Stream.LIVE) == [(4, b"d")]


async def test_a_mark_of_another_epoch_or_of_the_past_forgets_nothing(outbox: Outbox) -> None:
    await outbox.append(Stream.LIVE, [b"a", b"b"])
    await outbox.trim([mark(outbox, Stream.LIVE, 1)])
    await outbox.trim([Mark(epoch="another", stream=Stream.LIVE, seq=2), mark(outbox, Stream.LIVE, 0)])
    assert await held(outbox, Stream.LIVE) == [(2, b"b")]


async def test_a_full_disk_forgets_later_and_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with FillingDisk(tmp_path / "edge.sqlite", outboxes.SCHEMA) as disk:
        outbox = await Outbox.load(disk, ROOM)
        await outbox.append(Stream.LIVE, [b"a", b"b"])
        disk.full = True
        for _ in range(2):
            await outbox.trim([mark(outbox, Stream.LIVE, 1)])
        assert outbox.floor(Stream.LIVE) == 1
        assert await held(outbox, Stream.LIVE) == [(1, b"a"), (2, b"b")]
        disk.full = False
        await outbox.trim([mark(outbox, Stream.LIVE, 1)])
        assert await held(outbox, Stream.LIVE) == [(2, b"b")]
    assert [record.getMessage() for record in caplog.records] == [
        "the disk takes nothing (database or disk is full): what the cloud has is kept until it does"
    ]


async def test_it_goes_on_where_it_was_after_a_restart(tmp_path: Path) -> None:
    async with Database(tmp_path / "edge.sqlite", outboxes.SCHEMA) as database:
        first = await Outbox.load(database, ROOM)
        await first.append(Stream.BACKLOG, [b"a", b"b"])
        await first.trim([mark(first, Stream.BACKLOG, 1)])
    async with Database(tmp_path / "edge.sqlite", outboxes.SCHEMA) as database:
        second = await Outbox.load(database, ROOM)
        assert second.epoch == first.epoch
        assert second.shelf(Stream.BACKLOG) == first.shelf(Stream.BACKLOG)
        assert await held(second, Stream.BACKLOG) == [(2, b"b")]


async def test_a_new_file_is_a_new_epoch(tmp_path: Path) -> None:
    epochs = set()
    for name in ("one", "two"):
        async with Database(tmp_path / name, outboxes.SCHEMA) as database:
            epochs.add((await Outbox.load(database, ROOM)).epoch)
    assert len(epochs) == 2
    assert all(len(epoch) == 16 and epoch.isalnum() and epoch == epoch.lower() for epoch in epochs)


async def test_a_full_outbox_drops_the_oldest_backlog_then_the_oldest_live_and_never_an_event(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = await Outbox.load(database, limit=1050)
    for stream in STREAMS:
        await outbox.append(stream, [noise(100)] * 3)
    await outbox.append(Stream.LIVE, [noise(200)])
    assert [outbox.shelf(stream).depth for stream in STREAMS] == [3, 4, 2]
    await outbox.append(Stream.EVENT, [noise(450)])
    assert [outbox.shelf(stream).depth for stream in STREAMS] == [4, 1, 0]
    assert [outbox.floor(stream) for stream in STREAMS] == [1, 4, 4]
    assert [outbox.shelf(stream).dropped for stream in STREAMS] == [0, 3, 3]
    await outbox.append(Stream.EVENT, [noise(2000)])
    assert [outbox.shelf(stream).depth for stream in STREAMS] == [5, 0, 0]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize("size", [1000, 20_000])
async def test_on_a_disk_with_little_room_the_file_does_not_grow_and_the_oldest_go(
    database: Database, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    free = 1000.0
    outbox = await Outbox.load(database, 100_000_000, free_mb=lambda: free)
    await outbox.append(Stream.EVENT, [noise(size)])
    await fill(outbox, 6_000_000, size)
    free, pages, depth = 19.9, await pages_of(database), outbox.shelf(Stream.BACKLOG).depth
    assert not outbox.shelf(Stream.BACKLOG).dropped
    await fill(outbox, 3_000_000, size)
    assert await pages_of(database) <= pages + 32, "128 kB, until the first have gone"
    shelf = outbox.shelf(Stream.BACKLOG)
    assert 0.9 * depth < shelf.depth < depth
    assert shelf.dropped == shelf.first - 1 > 0
    assert outbox.shelf(Stream.EVENT).depth == 1
    assert caplog.messages == ["the disk is full: the oldest batches of backlog are dropped until the cloud is back"]


async def test_what_the_cloud_takes_from_a_disk_with_little_room_makes_room_for_more(database: Database) -> None:
    free = 1000.0
    outbox = await Outbox.load(database, 100_000_000, free_mb=lambda: free)
    await fill(outbox, 6_000_000, 20_000)
    free = 1.0
    await outbox.trim([mark(outbox, Stream.BACKLOG, 200)])
    await fill(outbox, 3_000_000, 20_000)
    assert outbox.shelf(Stream.BACKLOG).dropped == 0


@pytest.mark.parametrize("free", [None, 0.0])
async def test_what_is_little_is_kept_however_little_room_the_disk_has(database: Database, free: float | None) -> None:
    outbox = await Outbox.load(database, 100_000_000, free_mb=lambda: free)
    await fill(outbox, 3_000_000, 20_000)
    assert outbox.shelf(Stream.BACKLOG).dropped == 0


async def test_an_outbox_that_has_filled_its_disk_is_emptied_by_the_cloud_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a rest of room nothing could be forgotten, and nothing be taken, until somebody came with a ladder."""
    monkeypatch.setattr(outboxes, "_SPARE_MB", 5.0)
    path, size = tmp_path / "edge.sqlite", 10_000_000
    async with Database(path, outboxes.SCHEMA) as database:
        outbox = await Outbox.load(
            database, 100_000_000, free_mb=lambda: (size - path.stat().st_size) / 1e6 if path.exists() else None
        )
        with no_file_grows_beyond(size):
            await fill(outbox, 14_000_000, 20_000)
            await outbox.trim([mark(outbox, Stream.BACKLOG, outbox.shelf(Stream.BACKLOG).next - 1)])
            assert outbox.shelf(Stream.BACKLOG).depth == 0
            await fill(outbox, 14_000_000, 20_000)


async def test_to_forget_takes_hardly_any_room(tmp_path: Path) -> None:
    """Neither of a disk that is nearly full, nor of the life of a flash card."""
    async with Database(tmp_path / "edge.sqlite", outboxes.SCHEMA) as database:
        outbox = await Outbox.load(database, 100_000_000)
        await fill(outbox, 4_000_000, 20_000)
        log = tmp_path / "edge.sqlite-wal"
        await database._in_thread(lambda: _emptied(database))
        assert log.stat().st_size == 0
        await outbox.trim([mark(outbox, Stream.BACKLOG, 200)])
        assert outbox.shelf(Stream.BACKLOG).depth == 0
        assert 0 < log.stat().st_size < 100_000


def _emptied(database: Database) -> None:
    """What is in the log goes into the file."""
    assert database._connection is not None
    database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


async def fill(outbox: Outbox, total: int, size: int) -> None:
    """With so many bytes of backlog, in batches of a size."""
    for _ in range(total // size // 20):
        await outbox.append(Stream.BACKLOG, [noise(size)] * 20)


async def pages_of(database: Database) -> int:
    (pages,) = await database.run(lambda connection: connection.execute("PRAGMA page_count").fetchone())
    return int(pages)


async def test_what_is_too_old_is_dropped_from_the_head_and_declared(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    now: list[float | None] = [1000.0]
    outbox = await Outbox.load(database, ROOM, timedelta(hours=1), lambda: now[0])
    for stream in (Stream.EVENT, Stream.BACKLOG):
        await outbox.append(stream, [b"a", b"b"])
    now[0] = 1000.0 + 1800
    await outbox.append(Stream.BACKLOG, [b"c"])
    assert outbox.age_s(Stream.BACKLOG) == 1800
    now[0] = 1000.0 + 3600 + 60
    await outbox.append(Stream.LIVE, [b"d"])
    assert await held(outbox, Stream.BACKLOG) == [(3, b"c")]
    assert (outbox.floor(Stream.BACKLOG), outbox.shelf(Stream.BACKLOG).dropped) == (3, 2)
    assert outbox.shelf(Stream.EVENT).depth == 2
    now[0] = None
    await outbox.append(Stream.LIVE, [b"e"])
    assert outbox.age_s(Stream.BACKLOG) is None
    now[0] = 1e9
    await outbox.append(Stream.LIVE, [b"f"])
    assert [outbox.shelf(stream).depth for stream in STREAMS] == [2, 2, 0], (
        "nobody knows how old the second live one is"
    )
    assert caplog.messages[0] == "backlog 1 to 2 have waited for too long: dropped"


async def test_what_came_while_there_was_no_time_is_not_too_old_when_there_is_one(database: Database) -> None:
    now: list[float | None] = [None]
    outbox = await Outbox.load(database, ROOM, timedelta(hours=1), lambda: now[0])
    await outbox.append(Stream.BACKLOG, [b"a"])
    now[0] = 1e9
    await outbox.append(Stream.LIVE, [b"b"])
    assert (outbox.shelf(Stream.BACKLOG).depth, outbox.age_s(Stream.BACKLOG)) == (1, None)
    await outbox.append(Stream.BACKLOG, [b"c"])
    for now[0] in (None, 1e9 + 7200):
        await outbox.append(Stream.BACKLOG, [b"d"])
    assert [seq for seq, _ in await held(outbox, Stream.BACKLOG)] == [1, 2, 3, 4]


async def test_a_clock_that_stands_years_ahead_makes_nothing_too_old(database: Database) -> None:
    """Nobody has confirmed it: it may have been set by a battery that is empty."""
    ahead, steady = [0.0], [0.0]
    machine = DomainClock(ClockSettings(origin=MIDNIGHT, started=0.0), lambda: steady[0] + ahead[0])
    keeper = Timekeeper(machine, lambda: steady[0], lambda: None)
    outbox = await Outbox.load(database, ROOM, timedelta(days=30), keeper.seconds)
    for years in (0, 5, 0):
        ahead[0] = years * 365 * 86_400.0
        keeper.look()
        await outbox.append(Stream.BACKLOG, [b"a"])
    for steady[0] in (0.0, 10.0):
        keeper.heard(MIDNIGHT + timedelta(seconds=steady[0]))
    assert keeper.trust is Trust.CHECKED
    await outbox.append(Stream.BACKLOG, [b"b"])
    assert [seq for seq, _ in await held(outbox, Stream.BACKLOG)] == [1, 2, 3, 4]


async def test_how_long_something_waits_survives_a_restart(tmp_path: Path) -> None:
    for at in (1000.0, 1030.0, 1090.0):
        async with Database(tmp_path / "edge.sqlite", outboxes.SCHEMA) as database:
            outbox = await Outbox.load(database, ROOM, None, functools.partial(float, at))
            await outbox.append(Stream.LIVE, [b"a"])
    async with Database(tmp_path / "edge.sqlite", outboxes.SCHEMA) as database:
        outbox = await Outbox.load(database, ROOM, None, lambda: 1100.0)
        assert outbox.age_s(Stream.LIVE) == 100
        await outbox.trim([mark(outbox, Stream.LIVE, 2)])
        assert outbox.age_s(Stream.LIVE) == 10
        await outbox.trim([mark(outbox, Stream.LIVE, 3)])
        assert outbox.age_s(Stream.LIVE) is None


async def test_a_damaged_batch_is_dropped_when_it_is_the_oldest_and_the_rest_goes_on(
    database: Database, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    await outbox.append(Stream.LIVE, [b"a" * 300, b"b" * 300, b"c" * 300])
    await spoil(database, Stream.LIVE, 2)
    again = await Outbox.load(database, ROOM)  # as after a restart: nothing of it is in memory
    assert await held(again, Stream.LIVE) == [(1, b"a" * 300)]
    assert (again.readable(Stream.LIVE).next, again.shelf(Stream.LIVE).next) == (2, 4), "the gap would not be declared"
    await again.trim([mark(again, Stream.LIVE, 1)])
    assert (again.floor(Stream.LIVE), again.shelf(Stream.LIVE).dropped) == (3, 1)
    assert await held(again, Stream.LIVE) == [(3, b"c" * 300)]
    assert caplog.messages == [m for m in caplog.messages if m.startswith("live 2 is damaged on the disk")]
    assert len(caplog.messages) == 1


async def test_on_a_full_disk_a_damaged_batch_waits(tmp_path: Path) -> None:
    async with FillingDisk(tmp_path / "edge.sqlite", outboxes.SCHEMA) as disk:
        outbox = await Outbox.load(disk, ROOM)
        await outbox.append(Stream.BACKLOG, [b"a" * 300, b"b" * 300])
        await spoil(disk, Stream.BACKLOG, 1)
        again = await Outbox.load(disk, ROOM)
        disk.full = True
        assert await held(again, Stream.BACKLOG) == []
        assert (again.readable(Stream.BACKLOG).depth, again.shelf(Stream.BACKLOG).depth) == (0, 2)
        disk.full = False
        await again.append(Stream.LIVE, [b"c"])
        await again.trim([mark(again, Stream.LIVE, 1)])
        assert await held(again, Stream.BACKLOG) == [(2, b"b" * 300)]


async def spoil(database: Database, stream: Stream, seq: int) -> None:
    """A batch on the disk is cut off, as by a failing card."""
    await database.run(
        lambda connection: connection.execute(
            "UPDATE batch SET body = substr(body, 1, length(body) / 2) WHERE stream = ? AND seq = ?", (stream, seq)
        ).fetchall()
    )


@given(st.binary(min_size=50, max_size=300), st.data())
def test_what_is_left_of_a_packed_body_is_no_body(body: bytes, data: st.DataObject) -> None:
    kept = packed(body + b"a" * 300)
    with pytest.raises(Damaged):
        unpacked(kept[: data.draw(st.integers(1, len(kept) - 1))])


@given(st.binary(max_size=300))
def test_a_body_comes_back_as_it_was(body: bytes) -> None:
    assert unpacked(packed(body)) == body


@given(st.binary(max_size=300), st.data())
def test_no_bit_of_a_body_can_change_unseen(body: bytes, data: st.DataObject) -> None:
    kept = bytearray(packed(body))
    bit = data.draw(st.integers(0, len(kept) * 8 - 1))
    kept[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Damaged):
        unpacked(bytes(kept))


def test_bodies_of_older_software_are_read() -> None:
    body = b'{"tables":[]}'
    press = zlib.compressobj(1, wbits=-zlib.MAX_WBITS, zdict=packing._REPEATED)
    small = press.compress(body) + press.flush()
    for kept in (body, b"\x00" + body, b"\x01" + small):
        assert unpacked(kept) == body
    with pytest.raises(Damaged):
        unpacked(b"\x00" + body[:-1])


async def test_an_old_copy_of_the_disk_becomes_a_new_epoch(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    """Its numbers name batches that the cloud already has: it would throw the new ones away as repetitions."""
    await outbox.append(Stream.LIVE, [b"a", b"b", b"c"])
    await outbox.append(Stream.EVENT, [b"e"])
    await outbox.trim([mark(outbox, Stream.LIVE, 1)])
    old = outbox.epoch
    await outbox.trim([mark(outbox, Stream.LIVE, 9)])
    assert outbox.epoch != old
    assert await held(outbox, Stream.LIVE) == [(1, b"b"), (2, b"c")]
    assert await held(outbox, Stream.EVENT) == [(1, b"e")]
    assert "an old copy of the file" in caplog.text


async def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "edge.sqlite"
    path.write_bytes(b"no database at all" * 1000)
    async with Database(path, outboxes.SCHEMA) as database:
        outbox = await Outbox.load(database, ROOM)
        await outbox.append(Stream.LIVE, [b"a"])
    assert (tmp_path / "edge.sqlite.damaged").read_bytes().startswith(b"no database")
    assert f"{path} is damaged" in caplog.text


async def test_two_agents_cannot_have_one_outbox(tmp_path: Path, database: Database) -> None:
    await Outbox.load(database, ROOM)
    second = Database(tmp_path / "edge.sqlite", outboxes.SCHEMA, patience_s=0.05)
    with pytest.raises(CannotOpen, match=r"edge\.sqlite: database is locked"):
        await second.__aenter__()


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database, outbox: Outbox) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO batch VALUES ('live', 1, x'00')")
        raise KeyError

    with pytest.raises(KeyError):
        await database.run(half)
    assert await held(outbox, Stream.LIVE) == []


CHILD = """
import asyncio, sys
from pathlib import Path
from edge_agent import outbox as outboxes
from edge_agent.database import Database
from edge_agent.outbox import Outbox
from protocols.topics import STREAMS

async def main():
    async with Database(Path(sys.argv[1]), outboxes.SCHEMA) as database:
        outbox = await Outbox.load(database, 100_000_000)
        async def fill(stream):
            while True:
                await outbox.append(stream, [b"x" * 2000] * 3)
                print(stream, outbox.shelf(stream).next - 1, flush=True)
        await asyncio.gather(*(fill(stream) for stream in STREAMS))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 7, 60])
async def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "edge.sqlite"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, str(path), stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    told = [await child.stdout.readline() for _ in range(lines)]
    child.kill()
    told.append(await child.stdout.read())
    await child.wait()
    whole = [line.split() for line in b"".join(told).splitlines(keepends=True) if line.endswith(b"\n")]
    acknowledged = {Stream(stream.decode()): int(seq) for stream, seq in whole}
    async with Database(path, outboxes.SCHEMA) as database:
        outbox = await Outbox.load(database, 100_000_000)
        for stream, seq in acknowledged.items():
            seqs = [entry.seq for entry in await outbox.unsent(stream, 0, 100_000)]
            assert seqs == list(range(1, len(seqs) + 1))
            assert len(seqs) >= seq
            assert outbox.shelf(stream).depth == len(seqs)


async def test_who_sends_is_told_of_news(outbox: Outbox) -> None:
    assert not outbox.news.is_set()
    await outbox.append(Stream.LIVE, [b"a"])
    assert outbox.news.is_set()


class OutboxMachine(RuleBasedStateMachine):
    """Appends, watermarks, restarts and want of room in any order, against three lists."""

    LIMIT = 400

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.taken: dict[Stream, list[bytes]] = {stream: [] for stream in STREAMS}
        self.floor = dict.fromkeys(STREAMS, 1)
        self.opened()

    def opened(self) -> None:
        self.database = Database(Path(self.folder.name) / "edge.sqlite", outboxes.SCHEMA)
        self.runner.run(self.database.__aenter__())
        self.outbox = self.runner.run(Outbox.load(self.database, self.LIMIT))

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.database.__aexit__())
            self.runner.close()
            self.folder.cleanup()

    @rule(stream=st.sampled_from(STREAMS), sizes=st.lists(st.integers(1, 150), max_size=3))
    def append(self, stream: Stream, sizes: list[int]) -> None:
        bodies = [random.Random(len(self.taken[stream])).randbytes(size) for size in sizes]
        self.runner.run(self.outbox.append(stream, bodies))
        self.taken[stream] += bodies
        for poor in (Stream.BACKLOG, Stream.LIVE):
            while self.size() > self.LIMIT and bodies and self.rest(poor):
                self.floor[poor] += 1

    @rule(stream=st.sampled_from(STREAMS), back=st.integers(0, 5))
    def watermark(self, stream: Stream, back: int) -> None:
        seq = max(0, len(self.taken[stream]) - back)
        self.runner.run(self.outbox.trim([mark(self.outbox, stream, seq)]))
        self.floor[stream] = max(self.floor[stream], seq + 1)

    @rule()
    def restart(self) -> None:
        epoch = self.outbox.epoch
        self.runner.run(self.database.__aexit__())
        self.opened()
        assert self.outbox.epoch == epoch

    def rest(self, stream: Stream) -> list[bytes]:
        return self.taken[stream][self.floor[stream] - 1 :]

    def size(self) -> int:
        return sum(len(packed(body)) for stream in STREAMS for body in self.rest(stream))

    @invariant()
    def holds_what_it_took_and_did_not_have_to_let_go(self) -> None:
        if not hasattr(self, "outbox"):
            return
        for stream in STREAMS:
            expected = list(enumerate(self.rest(stream), self.floor[stream]))
            assert self.runner.run(held(self.outbox, stream)) == expected
            assert self.outbox.floor(stream) == self.floor[stream]
            assert self.outbox.shelf(stream).bytes == sum(len(packed(body)) for body in self.rest(stream))


TestOutboxMachine = OutboxMachine.TestCase
TestOutboxMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
