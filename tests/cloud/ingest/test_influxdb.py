"""From the inbox into an InfluxDB that stops, dies, refuses and comes back: nothing is lost, nothing is there twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from cloud.ingest.arrivals import Arrival
from cloud.ingest.cursors import Cursors
from cloud.ingest.feed import Feed, unknown_owner
from cloud.ingest.inbox import Inbox
from cloud.ingest.store_cursor import Commits, StoreCursor, stored_upto
from cloud.ingest.window import Window
from cloud.telemetry.influx_store import InfluxStore
from cloud.telemetry.series import readings
from protocols.readings import Table
from tests import influxdb
from tests.cloud.ingest.batches import EDGE, arrival, table
from tests.cloud.ingest.stores import Consumer
from tests.waiting import until

HALF_AN_HOUR = 1_800
LAMPS = [f"HL-{n:06d}" for n in range(20)]
QUICK = Commits(every_s=0.02, samples=4_000, look_every_s=0.01, first_pause_s=0.01, longest_pause_s=0.02)
ALWAYS = (0, 10**12)


@pytest.fixture(params=["influxdb"])
async def store(influxdb_server: influxdb.Server) -> AsyncIterator[InfluxStore]:
    async with influxdb.empty_store(influxdb_server) as opened:
        yield opened


@pytest.fixture(params=["influxdb"])
def server(own_influxdb_server: influxdb.Server) -> influxdb.Server:
    return own_influxdb_server


@asynccontextmanager
async def running(inbox: Inbox, store: InfluxStore, consumer: Consumer) -> AsyncIterator[Cursors]:
    cursors = Cursors(inbox, store, consumer, QUICK)
    task = asyncio.create_task(cursors.run())
    try:
        yield cursors
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def second(at: int) -> list[Arrival]:
    """What two edges send of one second; the second of them also tells the second before anew."""
    now = Table("luminaire", ("voltage", "current"), LAMPS, [at] * 20, [[at + 0.5] * 20, [0.1] * 20], [[1] * 20] * 2)
    before = table(LAMPS[0], [at - 1], [at + 0.25]) if at > 1 else table(LAMPS[0], [at], [at + 0.5])
    return [arrival(at, now), arrival(at, before, edge="HL-E02")]


async def everything_is_there_once(store: InfluxStore, seconds: int) -> None:
    told_anew = [at + 1.25 for at in range(1, seconds)] + [seconds + 0.5]
    once = [at + 0.5 for at in range(1, seconds + 1)]
    for lamp in LAMPS:
        columns = await store.raw("luminaire", lamp, ["voltage"], *ALWAYS)
        assert columns.at == [*range(1, seconds + 1)]
        assert columns.values["voltage"] == (told_anew if lamp == LAMPS[0] else once)


async def test_half_an_hour_without_the_store_loses_nothing_and_the_live_side_does_not_notice(
    inbox: Inbox, server: influxdb.Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    consumer = Consumer()
    async with influxdb.empty_store(server) as store, running(inbox, store, consumer) as cursors:
        server.stop_proxy()
        for minute in range(HALF_AN_HOUR // 60):
            inbox.accept([one for at in range(1, 61) for one in second(minute * 60 + at)])
            cursors.wake()
            await until(lambda: consumer.upto == inbox.last_position())
        await until(lambda: "is away" in caplog.text)
        assert len(inbox.after(0, 10_000)) == 2 * HALF_AN_HOUR
        server.start()
        await server.ready()
        await until(lambda: not inbox.after(0, 1), 60)
        await everything_is_there_once(store, HALF_AN_HOUR)
    assert caplog.text.count("the telemetry store is away") == 1
    assert caplog.text.count("the telemetry store is back") == 1
    assert inbox.dead() == []


async def test_a_commit_that_waits_for_the_store_is_all_that_is_held(
    inbox: Inbox, server: influxdb.Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with influxdb.empty_store(server) as store:
        server.stop_proxy()
        inbox.accept([one for at in range(1, 1_001) for one in second(at)])
        cursor = StoreCursor(inbox, store, QUICK, Feed(Window(inbox, unknown_owner).after))
        task = asyncio.create_task(cursor.step())
        await until(lambda: "is away" in caplog.text)
        assert cursor.feed.position <= 400
        assert cursor.position == 0
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        server.start()
        await server.ready()


async def test_a_server_that_is_killed_while_it_takes_samples_loses_none_of_them(
    inbox: Inbox, server: influxdb.Server
) -> None:
    seconds = 600
    inbox.accept([one for at in range(1, seconds + 1) for one in second(at)])
    async with influxdb.empty_store(server) as store, running(inbox, store, Consumer()):
        for already in (200, 700):
            await until(partial(_has_reached, inbox, already), 60)
            server.kill_influxd()
            server.start()
        await until(lambda: not inbox.after(0, 1), 60)
        await everything_is_there_once(store, seconds)


def _has_reached(inbox: Inbox, position: int) -> bool:
    return inbox.position("store") >= position


class Forgetful(Inbox):
    """A service that dies each time between the server's word and its own note of it."""

    def save_position(self, _cursor: str, _position: int) -> None:
        """Not in time."""


async def test_what_is_delivered_again_after_a_crash_is_written_over_itself(tmp_path: Path, store: InfluxStore) -> None:
    inbox = Forgetful(tmp_path / "inbox.sqlite")
    inbox.accept([one for at in range(1, 301) for one in second(at)])
    consumer = Consumer()
    consumer.open.clear()  # the live side keeps everything in the inbox
    async with running(inbox, store, consumer) as cursors:
        await until(lambda: cursors.behind[0] == 0)
    inbox.close()
    again = Inbox(tmp_path / "inbox.sqlite")
    assert await stored_upto(again, store) == 0
    async with running(again, store, Consumer()):
        await until(lambda: not again.after(0, 1))
    assert await stored_upto(again, store) == 600
    await everything_is_there_once(store, 300)
    again.close()


async def test_after_a_restart_the_cursor_goes_on_where_it_was(inbox: Inbox, store: InfluxStore) -> None:
    async with running(inbox, store, Consumer()):
        inbox.accept([arrival(1), arrival(2)])
        await until(lambda: not inbox.after(0, 1))
    cursor = StoreCursor(inbox, store, QUICK, Feed(Window(inbox, unknown_owner).after))
    await cursor.start()
    assert cursor.position == 2


async def test_a_line_that_the_server_refuses_is_a_dead_letter_and_its_neighbours_are_stored(
    inbox: Inbox, influxdb_server: influxdb.Server, store: InfluxStore
) -> None:
    await influxdb_server.put(store.settings.bucket, 'luminaire,device=by-hand current="about half an ampere" 1000')
    bad = Table(
        "luminaire", ("voltage", "current"), [LAMPS[1], LAMPS[2]], [7, 8], [[230.0, 231.0], [0.5, 0.6]], [[1, 1]] * 2
    )
    inbox.accept([arrival(1, table(LAMPS[0], [7], [1.0])), arrival(2, bad), arrival(3, table(LAMPS[0], [8], [2.0]))])
    async with running(inbox, store, Consumer()):
        await until(lambda: not inbox.after(0, 1))
    assert await stored(store, LAMPS[0]) == [7, 8]
    assert [letter.payload for letter in inbox.dead()] == [
        b"luminaire,device=HL-000001 voltage_q=1,voltage=230.0,current_q=1,current=0.5 7000",
        b"luminaire,device=HL-000002 voltage_q=1,voltage=231.0,current_q=1,current=0.6 8000",
    ]
    assert {letter.where for letter in inbox.dead()} == {f"{EDGE}/abcdefgh01234567/live/2"}
    assert all('field type conflict: input field "current"' in letter.why for letter in inbox.dead())


async def stored(store: InfluxStore, device: str) -> Sequence[int]:
    return (await store.raw("luminaire", device, ["voltage"], *ALWAYS)).at


async def test_another_reason_for_being_away_is_said_too(
    inbox: Inbox, server: influxdb.Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with influxdb.empty_store(server, token="wrong") as store:
        server.stop_proxy()
        inbox.accept([arrival(1)])
        async with running(inbox, store, Consumer()):
            await until(lambda: "cannot be reached" in caplog.text)
            server.start()
            await server.ready()
            await until(lambda: "401" in caplog.text)
    assert len(inbox.after(0, 10)) == 1
    [_, refused] = [text for text in caplog.messages if "is away" in text]
    assert "put a token that may read and write the bucket" in refused


async def test_a_chart_goes_on_where_the_store_ends(inbox: Inbox, store: InfluxStore) -> None:
    async with running(inbox, store, Consumer()):
        inbox.accept([arrival(1, table(LAMPS[0], [10], [230.0]))])
        await until(lambda: not inbox.after(0, 1))
    inbox.accept([arrival(2, table(LAMPS[0], [20], [None]))])
    columns = await readings(store, inbox, "luminaire", LAMPS[0], ["voltage"], 0, 100)
    assert (columns.at, columns.values, columns.flags) == ([10, 20], {"voltage": [230.0, None]}, {"voltage": [1, 9]})
