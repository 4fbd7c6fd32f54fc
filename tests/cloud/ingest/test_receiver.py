"""From a real broker into the inbox: what is acknowledged is on disk, and the edges know how far they are safe."""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest

from cloud.ingest import drop
from cloud.ingest.arrivals import Arrival, DeadLetter
from cloud.ingest.inbox import Accepted, Inbox
from cloud.ingest.link import Link, Message
from protocols import topics, wire
from protocols.topics import Leaf, Stream
from protocols.wire import Birth, EdgeState, Mark, Watermark
from tests.cloud.ingest.batches import EDGE, EPOCH, SITE, arrival, broken_payload, payload
from tests.cloud.ingest.brokers import Address, RunningBroker
from tests.cloud.ingest.receiving import RECEIVED_AT, Heard, receiver_for, receiving
from tests.cloud.ingest.wiretap import Wiretap
from tests.forked import talking
from tests.waiting import until

LIVE = topics.topic(SITE, EDGE, Stream.LIVE)
WATERMARK = topics.topic(SITE, EDGE, Leaf.WATERMARK)


async def publish(client: aiomqtt.Client, *seqs: int, topic: str = LIVE) -> None:
    for seq in seqs:
        await client.publish(topic, payload(seq), qos=1)


def seqs(inbox: Inbox) -> list[int]:
    return [delivery.seq for delivery in inbox.after(0, 10_000)]


def live_mark(inbox: Inbox) -> int:
    return next((mark.seq for mark in inbox.marks(EDGE) if mark.stream is Stream.LIVE), 0)


@asynccontextmanager
async def watermarks(broker: RunningBroker) -> AsyncIterator[aiomqtt.Client]:
    async with broker.client("monitor") as monitor:
        await monitor.subscribe(WATERMARK, qos=1)
        yield monitor


async def watermark_with(monitor: aiomqtt.Client, *marks: Mark, other_than: str = "") -> Watermark:
    """Wait for the watermark that says this."""
    async with asyncio.timeout(30):
        async for message in monitor.messages:
            assert isinstance(message.payload, bytes)
            watermark = wire.decode_message(Watermark, message.payload)
            if set(watermark.marks) == set(marks) and watermark.boot != other_than:
                return watermark
    raise AssertionError("the monitor was disconnected")


def mark(seq: int, stream: Stream = Stream.LIVE) -> Mark:
    return Mark(epoch=EPOCH, stream=stream, seq=seq)


class GatedInbox(Inbox):
    """An inbox whose commits wait at a gate."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.waiting = threading.Event()
        self.gate = threading.Event()

    def accept(self, arrivals: Sequence[Arrival], malformed: Sequence[DeadLetter] = ()) -> Accepted:
        self.waiting.set()
        self.gate.wait(20)
        return super().accept(arrivals, malformed)


async def test_batches_of_every_stream_reach_the_inbox_with_their_edge_from_the_topic(
    broker: RunningBroker, inbox: Inbox
) -> None:
    heard = Heard()
    async with receiving(broker.address(), inbox, heard), broker.client() as edge, broker.client("HL-E02") as other:
        for stream in Stream:
            await publish(edge, 1, 2, topic=topics.topic(SITE, EDGE, stream))
        await publish(other, 1, topic=topics.topic(SITE, "HL-E02", Stream.LIVE))
        await until(lambda: len(inbox.after(0, 10)) == 7)
    assert set(inbox.marks(EDGE)) == {mark(2, stream) for stream in Stream}
    assert inbox.marks("HL-E02") == (mark(1),)
    assert {delivery.received_at for delivery in inbox.after(0, 10)} == {RECEIVED_AT}
    assert heard.wakes


async def test_the_broker_may_forget_a_batch_only_when_it_is_in_the_inbox(
    broker: RunningBroker, wiretap: Wiretap, tmp_path: Path
) -> None:
    inbox = GatedInbox(tmp_path / "gated.sqlite")
    async with receiving(broker.address(wiretap.port), inbox), broker.client() as edge:
        await publish(edge, 1)
        assert await asyncio.to_thread(inbox.waiting.wait, 20)
        await publish(edge, 2)
        await until(lambda: wiretap.delivered >= 2)  # whatever went the other way before has been seen by now
        assert wiretap.acknowledged == 0
        inbox.gate.set()
        await until(lambda: len(seqs(inbox)) == 2 and wiretap.acknowledged >= 2)
    assert sorted(seqs(inbox)) == [1, 2]  # nats-server sends again what it has waited for
    inbox.close()


async def test_a_cut_between_receiving_and_acknowledging_doubles_nothing(
    broker: RunningBroker, wiretap: Wiretap, tmp_path: Path
) -> None:
    inbox = GatedInbox(tmp_path / "gated.sqlite")
    async with receiving(broker.address(wiretap.port), inbox) as receiver:
        async with broker.client() as edge:
            await publish(edge, 1)
            assert await asyncio.to_thread(inbox.waiting.wait, 20)
            wiretap.cut()
            inbox.gate.set()
            await publish(edge, 2, 3)
            await until(lambda: live_mark(inbox) == 3 and receiver.tally.known)
        assert sorted(seqs(inbox)) == [1, 2, 3]  # nats-server changes the order when it sends again
    for connection in wiretap.connections:
        assert set(connection.acknowledged) <= set(connection.delivered)
    inbox.close()


async def test_an_acknowledgement_never_goes_out_over_a_later_connection(
    broker: RunningBroker, wiretap: Wiretap
) -> None:
    async with driven(Link(broker.address(wiretap.port), "cloud", [LIVE])) as (link, received, to_acknowledge):
        await until(lambda: link.connected)
        async with broker.client() as edge:
            await publish(edge, 1)
        await until(lambda: received)
        wiretap.cut()
        await until(lambda: received[-1].connection == 2)
        to_acknowledge.append(received[0])
        await until(lambda: not to_acknowledge)
        async with broker.client() as edge:
            await publish(edge, 2)
        await until(lambda: received[-1].payload == payload(2))  # whatever went the other way has been seen by now
        assert wiretap.acknowledged == 0
        to_acknowledge.append(received[-1])
        await until(lambda: wiretap.acknowledged == 1)


@asynccontextmanager
async def driven(link: Link) -> AsyncIterator[tuple[Link, list[Message], deque[Message]]]:
    """A link in a thread of its own, what it has received, and what it shall acknowledge."""
    received: list[Message] = []
    to_acknowledge: deque[Message] = deque()
    ended = threading.Event()

    def drive() -> None:
        while not ended.is_set():
            received.extend(link.receive(0.02))
            if to_acknowledge:
                link.acknowledge([to_acknowledge[0]])
                to_acknowledge.popleft()
        link.close()

    driver = asyncio.create_task(asyncio.to_thread(drive))
    try:
        yield link, received, to_acknowledge
    finally:
        ended.set()
        await driver


async def test_a_receiver_that_is_killed_again_and_again_loses_and_doubles_nothing(
    broker: RunningBroker, inbox: Inbox, tmp_path: Path
) -> None:
    async with receiving(broker.address(), inbox):
        pass  # from now on the broker keeps what comes for us
    async with broker.client() as edge:
        for first in (1, 101, 201):
            async with a_receiver_to_kill(broker, tmp_path / "inbox.sqlite"):
                await publish(edge, *range(first, first + 60))
                await until(lambda seq=first: live_mark(inbox) >= seq, 30)  # type: ignore[misc]  # of its default
                await publish(edge, *range(first + 60, first + 80))
            await publish(edge, *range(first + 80, first + 100))
    async with receiving(broker.address(), inbox):
        await until(lambda: live_mark(inbox) == 300, 30)
    assert sorted(seqs(inbox)) == [*range(1, 301)]


def a_receiver_to_kill(broker: RunningBroker, inbox: Path) -> AbstractAsyncContextManager[object]:
    """A process that receives until the block ends, and not a moment longer."""
    return talking("tests.cloud.ingest.receiving", str(broker.port), str(broker.password_file), str(inbox))


async def test_the_watermark_is_retained_and_stands_below_the_first_hole(broker: RunningBroker, inbox: Inbox) -> None:
    async with receiving(broker.address(), inbox) as receiver, broker.client() as edge:
        await publish(edge, 1, 2, 4)
        async with watermarks(broker) as monitor:
            watermark = await watermark_with(monitor, mark(2))
        await until(lambda: len(seqs(inbox)) == 3)
        await publish(edge, 3)
        async with watermarks(broker) as monitor:
            await watermark_with(monitor, mark(4))
        assert watermark.boot == receiver.boot
    async with watermarks(broker) as latecomer:
        kept = await watermark_with(latecomer, mark(4))
        assert (kept.boot, kept.marks) == (receiver.boot, (mark(4),))
        assert kept.at is not None


async def test_a_restarted_cloud_tells_every_edge_that_it_knows(broker: RunningBroker, inbox: Inbox) -> None:
    inbox.accept([arrival(1), arrival(2)])
    async with watermarks(broker) as monitor:
        async with receiving(broker.address(), inbox):
            first = await watermark_with(monitor, mark(2))
        async with receiving(broker.address(), inbox):
            await watermark_with(monitor, mark(2), other_than=first.boot)


async def test_an_edge_that_repeats_itself_is_told_again(broker: RunningBroker, inbox: Inbox) -> None:
    async with receiving(broker.address(), inbox) as receiver, broker.client() as edge, watermarks(broker) as monitor:
        await publish(edge, 1)
        await watermark_with(monitor, mark(1))
        await publish(edge, 1)
        await watermark_with(monitor, mark(1))
        assert (receiver.tally.new, receiver.tally.known) == (1, 1)


async def test_a_birth_is_passed_on_and_answered_with_a_watermark(broker: RunningBroker, inbox: Inbox) -> None:
    heard = Heard()
    birth = Birth(epoch=EPOCH, software="1.0", at=datetime(2026, 3, 20, tzinfo=UTC))
    async with broker.client() as edge, watermarks(broker) as monitor:
        await edge.publish(topics.topic(SITE, EDGE, Leaf.BIRTH), wire.encode_message(birth), qos=1, retain=True)
        async with receiving(broker.address(), inbox, heard):
            await watermark_with(monitor)
            state = EdgeState(state="offline")
            await edge.publish(topics.topic(SITE, EDGE, Leaf.STATE), wire.encode_message(state), qos=1, retain=True)
            await until(lambda: len(heard.statuses) == 2)
            await edge.publish(topics.topic(SITE, EDGE, Leaf.STATE), b"", qos=1, retain=True)  # cleared
            await publish(edge, 1)
            await watermark_with(monitor, mark(1))
    assert heard.statuses == [(EDGE, birth), (EDGE, state)]
    assert inbox.dead() == []


HOSTILE: dict[str, tuple[Stream | Leaf, bytes]] = {
    "no JSON": (Stream.LIVE, b"\xff\x00\x01"),
    "cut": (Stream.LIVE, payload(1)[:20]),
    "another version": (Stream.BACKLOG, b'{"v":2,"epoch":"a","seq":1,"floor":1}'),
    "a seq that is none": (Stream.LIVE, b'{"v":1,"epoch":"a","seq":-5,"floor":1}'),
    "too large": (Stream.EVENT, b"[" * 64_001),
    "empty": (Stream.LIVE, b""),
    "a birth of nobody": (Leaf.BIRTH, b'{"v":1}'),
    "a state that is none": (Leaf.STATE, b'{"v":1,"state":"on fire"}'),
}


async def test_hostile_payloads_are_kept_acknowledged_and_harm_nobody(
    broker: RunningBroker, wiretap: Wiretap, inbox: Inbox
) -> None:
    heard = Heard()
    async with receiving(broker.address(wiretap.port), inbox, heard) as receiver, broker.client() as edge:
        for leaf, content in HOSTILE.values():
            await edge.publish(topics.topic(SITE, EDGE, leaf), content, qos=1)
        await edge.publish(LIVE, broken_payload(2), qos=1)  # has a name, so the cursor will find out
        await publish(edge, 1)
        await until(lambda: len(seqs(inbox)) == 2 and wiretap.acknowledged >= len(HOSTILE) + 2)
        assert receiver.connected
        assert receiver.tally.malformed >= len(HOSTILE)  # nats-server sends again what it has waited for
    assert {letter.payload for letter in inbox.dead()} == {content[: wire.MAX_BYTES] for _, content in HOSTILE.values()}
    assert {letter.where.rpartition("/")[0] for letter in inbox.dead()} == {f"haidang/v1/{SITE}/{EDGE}"}
    assert (sorted(seqs(inbox)), live_mark(inbox)) == ([1, 2], 2)
    assert (heard.statuses, heard.failures) == ([], [])


async def test_a_batch_that_is_lost_between_memory_and_disk_is_asked_for_by_the_mark(
    broker: RunningBroker, wiretap: Wiretap, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(drop.VARIABLE, "HL-*:live:2")
    async with receiving(broker.address(wiretap.port), inbox), broker.client() as edge:
        await publish(edge, 1, 2, 3)
        await until(lambda: 3 in seqs(inbox) and wiretap.acknowledged >= 3)
        assert live_mark(inbox) == 1
        await publish(edge, 2)
        await until(lambda: live_mark(inbox) == 3)
    assert seqs(inbox) == [1, 3, 2]


@pytest.mark.parametrize("text", ["HL-E01", "HL-E01:live:x", ":::"])
def test_a_test_fault_that_cannot_be_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"{drop.VARIABLE}={text}: write edge-glob:stream:seq"):
        drop.from_environment({drop.VARIABLE: text})


def test_without_the_variable_nothing_is_dropped() -> None:
    assert drop.from_environment({}) is None


async def test_a_command_reaches_its_edge(broker: RunningBroker, inbox: Inbox) -> None:
    topic = topics.topic(SITE, EDGE, Leaf.COMMAND)
    async with receiving(broker.address(), inbox) as receiver, broker.client() as edge:
        await edge.subscribe(topic, qos=1)
        assert await asyncio.to_thread(receiver.publish, topic, b"light!")
        async with asyncio.timeout(30):
            message = await anext(aiter(edge.messages))
    assert (str(message.topic), message.payload, message.qos) == (topic, b"light!", 1)
    assert not receiver.publish(topic, b"too late")


async def test_a_broker_that_comes_back_is_used_again(broker: RunningBroker, inbox: Inbox) -> None:
    async with receiving(broker.address(), inbox) as receiver:
        async with broker.client() as edge:
            await publish(edge, 1)
            await until(lambda: live_mark(inbox) == 1)
        await broker.kill()
        await until(lambda: not receiver.connected)
        assert not receiver.publish(LIVE, b"lost")
        await broker.start()
        await until(lambda: receiver.connected)
        async with broker.client() as edge, watermarks(broker) as monitor:
            await watermark_with(monitor, mark(1))
            await publish(edge, 2)
            await watermark_with(monitor, mark(2))


async def test_a_wrong_password_is_said_once_and_ends_nothing(
    broker: RunningBroker, inbox: Inbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("guessed")
    heard = Heard()
    receiver = receiver_for(Address(broker.port, "cloud", wrong), inbox, heard)
    receiver.start()
    try:
        await until(lambda: caplog.messages)
        wrong.write_text(broker.accounts()["cloud"].password)
        await until(lambda: receiver.connected)
    finally:
        await asyncio.to_thread(receiver.stop)
    assert len([message for message in caplog.messages if "is away" in message]) == 1
    assert heard.failures == []


async def test_an_inbox_that_cannot_be_written_ends_the_receiver_with_its_reason(
    broker: RunningBroker, inbox: Inbox, tmp_path: Path
) -> None:
    heard = Heard()
    async with receiving(broker.address(), inbox, heard), broker.client() as edge:
        with sqlite3.connect(tmp_path / "inbox.sqlite") as saboteur:
            saboteur.execute("DROP TABLE inbox")
        saboteur.close()
        await publish(edge, 1)
        await until(lambda: heard.failures)
    assert isinstance(heard.failures[0], sqlite3.OperationalError)


async def test_a_receiver_that_was_never_started_can_be_stopped(inbox: Inbox) -> None:
    receiver_for(Address(1, "cloud", None), inbox, Heard()).stop()


async def test_a_receiver_stops_at_once_while_there_is_no_broker(
    inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = receiver_for(Address(1, "cloud", None), inbox, Heard())
    receiver.start()
    try:
        await until(lambda: caplog.messages)
    finally:
        async with asyncio.timeout(30):
            await asyncio.to_thread(receiver.stop)
    assert not receiver.connected
