"""What is sent next, and what is sent again."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.flow import Flow, Wish
from edge_agent.outbox import Shelf
from protocols.topics import STREAMS, Stream

WINDOW = 5


class Shelves:
    """What the outbox holds: (first, next) of each stream."""

    def __init__(self, **streams: tuple[int, int]) -> None:
        self.shelves = {stream: Shelf(*streams.get(stream, (1, 1))) for stream in STREAMS}

    def __call__(self, stream: Stream) -> Shelf:
        return self.shelves[stream]


def flow(shelves: Shelves, backlog_per_second: float = 2) -> Flow:
    return Flow(shelves, WINDOW, stall_after=30, backlog_per_second=backlog_per_second)


def send_all(flow: Flow, now: float = 0) -> list[tuple[Stream, int]]:
    """Everything that may go at one moment."""
    sent = []
    while wish := flow.wish(now):
        for seq in range(wish.after + 1, wish.after + 1 + wish.limit):
            flow.published(wish.stream, seq, now)
            sent.append((wish.stream, seq))
    return sent


def seqs(sent: list[tuple[Stream, int]], stream: Stream = Stream.LIVE) -> list[int]:
    return [seq for of, seq in sent if of is stream]


def test_event_goes_before_live_and_live_before_backlog() -> None:
    sent = send_all(flow(Shelves(backlog=(1, 3), live=(1, 3), event=(1, 2))))
    assert sent == [(Stream.EVENT, 1), (Stream.LIVE, 1), (Stream.LIVE, 2), (Stream.BACKLOG, 1)]


def test_backlog_goes_at_its_rate() -> None:
    paced = flow(Shelves(backlog=(1, 9)))
    assert [seqs(send_all(paced, now), Stream.BACKLOG) for now in (0, 0.4, 0.5, 0.9, 1)] == [[1], [], [2], [], [3]]
    assert paced.wake_at() == 1.5


def test_the_window_waits_for_the_watermark() -> None:
    limited = flow(Shelves(live=(1, 20)))
    assert seqs(send_all(limited)) == [1, 2, 3, 4, 5]
    limited.acknowledged(Stream.LIVE, 2, now=1)
    assert seqs(send_all(limited, 1)) == [6, 7]


def test_a_new_connection_begins_after_the_watermark() -> None:
    again = flow(Shelves(live=(1, 4)))
    send_all(again)
    again.acknowledged(Stream.LIVE, 1, now=1)
    again.restart()
    assert seqs(send_all(again, 1)) == [2, 3]


def test_a_cloud_that_came_back_with_less_gets_it_again() -> None:
    again = flow(Shelves(live=(1, 5)))
    send_all(again)
    again.acknowledged(Stream.LIVE, 4, now=1)
    again.acknowledged(Stream.LIVE, 2, now=2)
    again.restart()
    assert seqs(send_all(again, 2)) == [3, 4]


def test_what_was_dropped_is_neither_sent_nor_waited_for() -> None:
    shelves = Shelves(live=(1, 6))
    poor = flow(shelves)
    send_all(poor)
    shelves.shelves[Stream.LIVE] = Shelf(first=8, next=10)
    assert poor.wish(0) == Wish(Stream.LIVE, after=7, limit=2)


def test_a_watermark_that_stands_still_gets_the_oldest_batch_again_and_the_rest_when_it_moves() -> None:
    still = flow(Shelves(live=(1, 9)))
    send_all(still, now=0)
    assert still.wake_at() == 30
    assert still.stalls(29.9) == []
    assert still.stalls(30) == [Stream.LIVE]
    assert seqs(send_all(still, 30)) == [1]
    assert still.stalls(59.9) == []
    assert still.stalls(60) == [Stream.LIVE]
    assert seqs(send_all(still, 60)) == [1]
    still.acknowledged(Stream.LIVE, 1, now=61)
    assert seqs(send_all(still, 61)) == [2, 3, 4, 5, 6]


def test_a_stall_counts_from_the_last_movement_or_from_the_first_batch_that_waits() -> None:
    shelves = Shelves(live=(1, 3))
    moving = flow(shelves)
    send_all(moving, now=0)
    moving.acknowledged(Stream.LIVE, 1, now=20)
    assert moving.stalls(49) == []
    moving.acknowledged(Stream.LIVE, 2, now=49)
    assert moving.stalls(1000) == []
    shelves.shelves[Stream.LIVE] = Shelf(3, 4)
    send_all(moving, now=1000)
    assert moving.stalls(1029) == []
    assert moving.stalls(1030) == [Stream.LIVE]


def test_a_new_epoch_knows_nothing_of_the_old_numbers() -> None:
    shelves = Shelves(live=(1, 9))
    old = flow(shelves)
    send_all(old)
    old.acknowledged(Stream.LIVE, 7, now=0)
    shelves.shelves[Stream.LIVE] = Shelf(1, 3)
    old.begin_epoch()
    assert seqs(send_all(old)) == [1, 2]


@settings(deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.9))
def test_everything_arrives_in_order_over_a_line_that_loses(seed: int, loss: float) -> None:
    """The cloud takes a batch only if it is the next of its stream; the line loses whole connections and batches."""
    dice = random.Random(seed)
    shelves = Shelves(event=(1, 4), live=(1, 30), backlog=(1, 12))
    line = flow(shelves, backlog_per_second=100)
    cloud = dict.fromkeys(STREAMS, 0)
    now = 0.0
    while any(cloud[stream] < shelves(stream).next - 1 for stream in STREAMS):
        now += 1
        assert now < 100_000
        if dice.random() < 0.05:
            line.restart()
        line.stalls(now)
        for stream, seq in send_all(line, now):
            if seq == cloud[stream] + 1 and dice.random() >= loss:
                cloud[stream] = seq
        if dice.random() >= loss:
            for stream, seq in cloud.items():
                line.acknowledged(stream, seq, now)
                shelves.shelves[stream] = Shelf(seq + 1, shelves(stream).next)


@pytest.mark.parametrize("stream", STREAMS)
def test_nothing_to_send_is_nothing_to_wake_for(stream: Stream) -> None:
    idle = flow(Shelves())
    assert idle.wish(0) is None
    assert idle.wake_at() is None
    idle.acknowledged(stream, 0, now=0)
    assert idle.stalls(1e9) == []
