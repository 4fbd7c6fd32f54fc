"""What is read goes into the outbox once for each second of a device, as far as it says something new."""

import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.database import Database
from edge_agent.outbox import Outbox
from edge_agent.recorder import Recorder
from protocols import wire
from protocols.readings import Quality, Reading
from protocols.topics import Stream
from protocols.wire import Header, Mark
from rules.reporting import Reporting
from tests.edge.full_disk import no_file_grows_beyond

EVERYTHING = Reporting(every=timedelta(0))


def reading(device: str, at: int, level: float | None = 50.0) -> Reading:
    return Reading(device, "luminaire", at, {"actual_level": level})


async def recorded(outbox: Outbox, stream: Stream = Stream.LIVE) -> list[tuple[str, int]]:
    entries = await outbox.unsent(stream, 0, 1000)
    batches = [wire.decode_batch(wire.seal(Header("e", entry.seq, 1), entry.body)) for entry in entries]
    return [(row.device, row.at) for batch in batches for table in batch.tables for row in table.readings()]


@pytest.fixture
def recorder(outbox: Outbox) -> Recorder:
    return Recorder(outbox, lambda: Stream.LIVE, EVERYTHING)


async def test_the_time_of_a_device_only_goes_forward(outbox: Outbox, recorder: Recorder) -> None:
    await recorder.record([reading("A", 10), reading("B", 10)])
    await recorder.record([reading("A", 10), reading("B", 11)])
    await recorder.record([reading("A", 9)])
    assert await recorded(outbox) == [("A", 10), ("B", 10), ("B", 11)]
    assert recorder.repeated == 2


async def test_a_clock_that_was_wrong_and_is_put_right_does_not_silence_an_edge(
    outbox: Outbox, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    await recorder.record([reading("A", 1_000_000), reading("B", 1_000_000)])
    await recorder.record([reading("A", 5000), reading("B", 5000)])
    await recorder.record([reading("A", 5000), reading("B", 5001)])
    assert await recorded(outbox) == [("A", 1_000_000), ("B", 1_000_000), ("A", 5000), ("B", 5000), ("B", 5001)]
    assert caplog.messages == ["the clock was put back: readings are recorded by its new time"]


async def test_what_has_not_changed_is_not_sent_until_its_heartbeat(outbox: Outbox) -> None:
    recorder = Recorder(outbox, lambda: Stream.LIVE)
    for at in range(100, 171, 10):
        await recorder.record([reading("A", at, 50.0 if at < 130 else 60.0)])
    assert await recorded(outbox) == [("A", 100), ("A", 130)]
    await recorder.record([reading("A", 190, 60.0)])
    assert await recorded(outbox) == [("A", 100), ("A", 130), ("A", 190)]


async def test_what_goes_live_begins_whole(outbox: Outbox) -> None:
    """The late stream tells of a change when it gets there; the live map must not wait for it."""
    streams = [Stream.LIVE, Stream.BACKLOG, Stream.LIVE, Stream.LIVE]
    recorder = Recorder(outbox, lambda: streams.pop(0))
    for at in (10, 11, 12, 13):
        await recorder.record([reading("A", at)])
    assert await recorded(outbox) == [("A", 10), ("A", 12)]
    assert await recorded(outbox, Stream.BACKLOG) == [("A", 11)]


async def test_what_is_read_while_there_is_no_time_is_suspect(outbox: Outbox) -> None:
    known = [False, True]
    recorder = Recorder(outbox, lambda: Stream.LIVE, EVERYTHING, lambda: known.pop(0))
    for at in (10, 11):
        await recorder.record([Reading("A", "luminaire", at, {"actual_level": 50.0, "voltage": None})])
    entries = await outbox.unsent(Stream.LIVE, 0, 10)
    tables = [wire.decode_batch(wire.seal(Header("e", entry.seq, 1), entry.body)).tables[0] for entry in entries]
    flags = [next(table.readings()).flags for table in tables]
    assert flags == [{"actual_level": Quality.SUSPECT}, {}]


async def test_a_clock_that_was_set_begins_its_seconds_anew(outbox: Outbox, recorder: Recorder) -> None:
    await recorder.record([reading("A", 1000)])
    recorder.clock_was_set()
    await recorder.record([reading("A", 900)])
    assert await recorded(outbox) == [("A", 1000), ("A", 900)]


async def test_a_round_of_one_kind_is_one_batch(outbox: Outbox, recorder: Recorder) -> None:
    await recorder.record([reading(f"L{n}", 10) for n in range(100)])
    assert outbox.shelf(Stream.LIVE).depth == 1


async def test_nothing_new_is_no_batch(outbox: Outbox, recorder: Recorder) -> None:
    await recorder.record([])
    assert outbox.shelf(Stream.LIVE).depth == 0


async def test_live_or_late_is_asked_at_each_append(outbox: Outbox) -> None:
    streams = iter([Stream.BACKLOG, Stream.LIVE])
    recorder = Recorder(outbox, lambda: next(streams))
    await recorder.record([reading("A", 10)])
    await recorder.record([reading("A", 11)])
    assert await recorded(outbox, Stream.BACKLOG) == [("A", 10)]
    assert await recorded(outbox) == [("A", 11)]


async def test_a_full_disk_loses_readings_and_nothing_else(
    database: Database, outbox: Outbox, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await recorder.record([reading("A", 1)])
    await database.run(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchall())
    for second in (2, 3):
        await recorder.record([reading(f"L{n}", second, random.random()) for n in range(1000)])
    assert recorder.lost == 2000
    assert [record.getMessage() for record in caplog.records] == [
        "the disk takes nothing (database or disk is full): readings are lost until it does"
    ]
    await database.run(lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchall())
    await recorder.record([reading("A", 4)])
    assert await recorded(outbox) == [("A", 1), ("A", 4)]
    assert outbox.shelf(Stream.LIVE).depth == 2
    assert caplog.messages[1:] == ["the disk takes readings again; 2000 were lost since the start"]


async def test_a_disk_that_takes_nothing_more_stops_growing_and_is_used_again_when_it_does(
    tmp_path: Path, outbox: Outbox, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await recorder.record([reading("A", 1)])

    async def second(at: int) -> None:
        await recorder.record([reading(f"L{n}", at, random.random()) for n in range(500)])

    def size() -> int:
        return sum(path.stat().st_size for path in tmp_path.glob("edge.sqlite*"))

    with no_file_grows_beyond(100_000):
        await until_lost(recorder, second)
        full, depth = size(), outbox.shelf(Stream.LIVE).depth
        for at in range(1000, 1010):
            await second(at)
        assert size() <= max(full, 200_000)
        assert outbox.shelf(Stream.LIVE).depth == depth
        await outbox.trim([Mark(epoch=outbox.epoch, stream=Stream.LIVE, seq=1)])
    lost = recorder.lost
    await second(2000)
    assert recorder.lost == lost == 11 * 500
    assert len(await recorded(outbox)) > 500
    told = [record.getMessage() for record in caplog.records if record.name == "edge_agent.recorder"]
    assert len(told) == 2
    assert told[0].startswith("the disk takes nothing (disk I/O error)")
    assert told[1] == f"the disk takes readings again; {lost} were lost since the start"


async def until_lost(recorder: Recorder, second: Callable[[int], Awaitable[None]]) -> None:
    """Record until the disk refuses."""
    for at in range(2, 1000):
        await second(at)
        if recorder.lost:
            return
    pytest.fail("the disk took everything")


async def test_a_value_that_cannot_be_is_kept_and_flagged(outbox: Outbox, recorder: Recorder) -> None:
    await recorder.record([Reading("A", "luminaire", 10, {"voltage": 6553.4, "current": 0.5})])
    [entry] = await outbox.unsent(Stream.LIVE, 0, 10)
    [table] = wire.decode_batch(wire.seal(Header("e", entry.seq, 1), entry.body)).tables
    [row] = table.readings()
    assert row.values == {"voltage": 6553.4, "current": 0.5}
    assert row.flags == {"voltage": Quality.SUSPECT}
