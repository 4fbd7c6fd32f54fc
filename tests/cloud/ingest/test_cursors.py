"""The two ways out of the inbox: nothing is lost, nothing is done twice, and neither waits for the other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from cloud.ingest.cursors import Arrived, Cursors
from cloud.ingest.feed import OwnerOf, unknown_owner
from cloud.ingest.inbox import Inbox
from cloud.ingest.store_cursor import Commits
from cloud.telemetry.store import Mark
from protocols.readings import Table
from protocols.topics import Stream
from tests.cloud.ingest.batches import EDGE, arrival, broken_payload, payload, table
from tests.cloud.ingest.stores import Consumer, SwitchedStore
from tests.waiting import until

LAMP = "HL-000001"
QUICK = Commits(every_s=0.02, look_every_s=0.01, first_pause_s=0.01, longest_pause_s=0.02)
ALWAYS = (0, 10**12)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SwitchedStore]:
    opened = await SwitchedStore.open(tmp_path / "telemetry.duckdb")
    assert isinstance(opened, SwitchedStore)
    yield opened
    await opened.close()


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@asynccontextmanager
async def running(
    inbox: Inbox,
    store: SwitchedStore,
    consumer: Consumer,
    commits: Commits = QUICK,
    owner_of: OwnerOf = unknown_owner,
) -> AsyncIterator[Cursors]:
    cursors = Cursors(inbox, store, consumer, commits, owner_of)
    task = asyncio.create_task(cursors.run())
    try:
        yield cursors
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def receive(inbox: Inbox, cursors: Cursors, *seqs: int) -> None:
    inbox.accept([arrival(seq) for seq in seqs])
    cursors.wake()


async def stored(store: SwitchedStore, device: str = LAMP) -> Sequence[int]:
    return (await store.raw("luminaire", device, ["voltage"], *ALWAYS)).at


async def test_a_batch_reaches_the_store_and_the_live_side_and_then_leaves_the_inbox(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    async with running(inbox, store, consumer) as cursors:
        receive(inbox, cursors, 1, 2)
        await until(lambda: not inbox.after(0, 10))
    assert await stored(store) == [1, 2]
    assert await store.mark() == Mark(inbox.uuid, 2)
    assert (consumer.seqs(), consumer.upto, cursors.behind) == ([1, 2], 2, (0, 0))
    [first, _] = consumer.batches
    assert (first.edge, first.stream, first.received_at) == (EDGE, Stream.LIVE, 1_001.0)


async def test_what_lay_in_the_inbox_before_the_start_is_delivered_too(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    inbox.accept([arrival(seq) for seq in range(1, 451)])
    async with running(inbox, store, consumer):
        await until(lambda: not inbox.after(0, 10))
    assert consumer.seqs() == [*range(1, 451)]
    assert await stored(store) == [*range(1, 451)]


async def test_the_live_side_does_not_wait_for_a_store_that_is_away_and_nothing_is_lost(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    store.away = True
    async with running(inbox, store, consumer) as cursors:
        receive(inbox, cursors, 1)
        await until(lambda: store.tries >= 3)
        receive(inbox, cursors, 2)
        await until(lambda: consumer.upto == 2)
        assert [delivery.seq for delivery in inbox.after(0, 10)] == [1, 2]
        store.away = False
        await until(lambda: not inbox.after(0, 10))
    assert await stored(store) == [1, 2]


async def test_the_store_does_not_wait_for_a_live_side_that_is_slow_and_the_inbox_keeps_what_it_needs(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    consumer.open.clear()
    async with running(inbox, store, consumer) as cursors:
        receive(inbox, cursors, 1)
        await until(lambda: store.commits)
        assert cursors.behind[1] == 1
        assert len(inbox.after(0, 10)) == 1
        consumer.open.set()
        await until(lambda: not inbox.after(0, 10))


async def test_after_a_restart_nothing_comes_twice(inbox: Inbox, store: SwitchedStore, consumer: Consumer) -> None:
    consumer.open.clear()
    async with running(inbox, store, consumer) as cursors:
        receive(inbox, cursors, 1, 2)
        await until(lambda: store.commits)
    consumer.open.set()
    async with running(inbox, store, consumer) as cursors:
        receive(inbox, cursors, 3)
        await until(lambda: not inbox.after(0, 10))
    assert consumer.seqs() == [1, 2, 3]
    assert await stored(store) == [1, 2, 3]


async def test_a_mark_of_another_inbox_says_nothing_about_this_one(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    await store.write([], Mark("another", 50))
    consumer.upto = 50
    async with running(inbox, store, consumer) as cursors:
        receive(inbox, cursors, 1)
        await until(lambda: not inbox.after(0, 10))
    assert (await stored(store), consumer.seqs()) == ([1], [1])
    assert await store.mark() == Mark(inbox.uuid, 1)


async def test_a_mark_that_this_inbox_has_not_reached_is_of_a_newer_copy_and_skips_nothing(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    """The inbox was restored from a backup and the store was not."""
    await store.write([], Mark(inbox.uuid, 50))
    consumer.upto = 50
    async with running(inbox, store, consumer) as cursors:
        receive(inbox, cursors, 1)
        await until(lambda: not inbox.after(0, 10))
    assert (await stored(store), consumer.seqs()) == ([1], [1])


async def test_a_batch_without_sense_is_kept_for_a_person_and_holds_nobody_up(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    inbox.accept([arrival(1), arrival(2, broken_payload(2)), arrival(3)])
    async with running(inbox, store, consumer):
        await until(lambda: not inbox.after(0, 10))
    assert (consumer.seqs(), consumer.upto) == ([1, 3], 3)
    assert await stored(store) == [1, 3]
    [letter] = inbox.dead()
    assert letter.where == f"{EDGE}/abcdefgh01234567/live/2"
    assert "tables[0]" in letter.why
    assert letter.payload == broken_payload(2)


async def test_an_edge_speaks_for_its_own_devices_only(inbox: Inbox, store: SwitchedStore, consumer: Consumer) -> None:
    theirs = "HL-000777"
    forged = Table("luminaire", ("voltage",), [LAMP, theirs], [1, 1], [[230.0, 0.0]], [[1, 1]])
    owners = {LAMP: EDGE, theirs: "HL-E02"}
    async with running(inbox, store, consumer, owner_of=owners.get) as cursors:
        inbox.accept([arrival(1, forged)])
        cursors.wake()
        await until(lambda: not inbox.after(0, 10))
    assert (await stored(store), await stored(store, theirs)) == ([1], [])
    assert [table.devices for arrived in consumer.batches for table in arrived.batch.tables] == [[LAMP]]
    [letter] = inbox.dead()
    assert letter.why.startswith(f"{theirs} belongs to HL-E02")
    assert letter.payload == payload(1, forged)


async def test_a_batch_that_the_store_refuses_for_ever_is_kept_for_a_person_and_its_neighbours_are_stored(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    store.refused_device = "HL-000002"
    inbox.accept([arrival(1), arrival(2, table("HL-000002", [2], [2.0])), arrival(3)])
    async with running(inbox, store, consumer):
        await until(lambda: not inbox.after(0, 10))
    assert (await stored(store), await stored(store, "HL-000002")) == ([1, 3], [])
    [letter] = inbox.dead()
    assert letter.why == "a device that is not wanted"
    assert await store.mark() == Mark(inbox.uuid, 3)


async def test_a_commit_is_full_after_some_samples_without_waiting_for_its_time(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    patient = Commits(every_s=600.0, samples=3, look_every_s=0.01)
    async with running(inbox, store, consumer, patient) as cursors:
        receive(inbox, cursors, 1, 2, 3)
        await until(lambda: not inbox.after(0, 10))
    assert store.commits == 1


async def test_batches_that_come_one_by_one_share_a_commit(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer
) -> None:
    patient = Commits(every_s=600.0, samples=10, look_every_s=0.01)
    async with running(inbox, store, consumer, patient) as cursors:
        for seq in range(1, 11):
            consumer.changed.clear()
            receive(inbox, cursors, seq)
            await asyncio.wait_for(consumer.changed.wait(), 10)
        await until(lambda: not inbox.after(0, 10))
    assert store.commits == 1


async def test_a_live_side_that_fails_ends_the_run(inbox: Inbox, store: SwitchedStore) -> None:
    class Failing(Consumer):
        async def consume(self, _batches: Sequence[Arrived], _upto: int) -> int:
            raise RuntimeError("the registry is gone")

    inbox.accept([arrival(1)])
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(30):
            await Cursors(inbox, store, Failing(), QUICK).run()
    assert caught.group_contains(RuntimeError, match="the registry is gone")


async def test_what_cannot_be_used_is_said_once_for_each_edge(
    inbox: Inbox, store: SwitchedStore, consumer: Consumer, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.accept([arrival(seq, broken_payload(seq)) for seq in (1, 2, 3)])
    inbox.accept([arrival(1, broken_payload(1), edge="HL-E02")])
    async with running(inbox, store, consumer):
        await until(lambda: not inbox.after(0, 10))
    assert [text for text in caplog.messages if "not used as it is" in text] == [
        f"not used as it is: {letter.where}: {letter.why}" for letter in (inbox.dead()[0], inbox.dead()[3])
    ]
