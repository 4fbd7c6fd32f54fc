"""What may be sent next. Pure: the outbox's shelves and a steady clock's seconds come in, a decision goes out.

Event goes before live, live before backlog; nothing overtakes inside a stream. A bounded window of batches may be on
its way without the cloud's watermark. When the watermark stands still the oldest batch alone is sent again, and again,
until it moves: a cloud that is away for a day must not find a day of repetitions in the broker.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.outbox import Shelf
from protocols.topics import STREAMS, Stream

_AT_ONCE = 16  # batches of one stream before an event may come in between

Shelves = Callable[[Stream], Shelf]


@dataclass(frozen=True, slots=True)
class Wish:
    """The batches of a stream after seq `after`, at most `limit` of them."""

    stream: Stream
    after: int
    limit: int

    def same_place(self, other: "Wish | None") -> bool:
        """True when both begin at the same batch."""
        return other is not None and (self.stream, self.after) == (other.stream, other.after)


@dataclass(slots=True)
class _Lane:
    acknowledged: int = 0
    sent: int = 0
    moved_at: float = 0.0
    stalled: bool = False

    @property
    def waits(self) -> bool:
        return self.sent > self.acknowledged


class Flow:
    """Where each stream stands on this link."""

    def __init__(self, shelves: Shelves, window: int, stall_after: float, backlog_per_second: float) -> None:
        self._shelves = shelves
        self._window = window
        self._stall_after = stall_after
        self._backlog_every = 1.0 / backlog_per_second
        self._backlog_at = 0.0
        self._lanes: dict[Stream, _Lane] = {}
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """The seqs of before name other batches now."""
        self._lanes = {stream: _Lane() for stream in STREAMS}

    def restart(self) -> None:
        """What is not acknowledged goes out again: a new connection, or a cloud that did not hear it."""
        for lane in self._lanes.values():
            lane.sent, lane.stalled = lane.acknowledged, False

    def acknowledged(self, stream: Stream, seq: int, now: float) -> bool:
        """The cloud's watermark of a stream. True when it has moved."""
        lane = self._lanes[stream]
        moved = seq > lane.acknowledged
        if moved:
            lane.moved_at = now
            lane.stalled = False
        lane.acknowledged = seq
        lane.sent = max(lane.sent, seq)
        return moved

    def published(self, stream: Stream, seq: int, now: float) -> None:
        """A batch is on its way."""
        lane = self._lanes[stream]
        if not lane.waits:
            lane.moved_at = now
        lane.sent = seq
        if stream is Stream.BACKLOG:
            self._backlog_at = now + self._backlog_every

    def wish(self, now: float) -> Wish | None:
        """What to send now, or `None`."""
        for stream in STREAMS:
            wish = self._wish(stream)
            if wish and (stream is not Stream.BACKLOG or now >= self._backlog_at):
                return wish
        return None

    def stalls(self, now: float) -> list[Stream]:
        """The streams whose watermark has stood still for too long; their oldest batch becomes wished for again."""
        still = [stream for stream, lane in self._lanes.items() if lane.waits and now >= self._stall_at(lane)]
        for stream in still:
            lane = self._lanes[stream]
            lane.sent, lane.stalled = lane.acknowledged, True
        return still

    def wake_at(self) -> float | None:
        """When to look again although nothing has happened."""
        moments = [self._stall_at(lane) for lane in self._lanes.values() if lane.waits]
        if self._wish(Stream.BACKLOG):
            moments.append(self._backlog_at)
        return min(moments, default=None)

    def _stall_at(self, lane: _Lane) -> float:
        return lane.moved_at + self._stall_after

    def _wish(self, stream: Stream) -> Wish | None:
        lane, shelf = self._lanes[stream], self._shelves(stream)
        gone = shelf.first - 1  # trimmed or dropped: not to be had, and not to be waited for
        after = max(lane.sent, gone)
        room = (1 if lane.stalled else self._window) - (after - max(lane.acknowledged, gone))
        limit = min(room, shelf.next - 1 - after, 1 if stream is Stream.BACKLOG else _AT_ONCE)
        return Wish(stream, after, limit) if limit > 0 else None
