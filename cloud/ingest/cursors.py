"""The ways out of the inbox: to the telemetry store, to live values and rules, and to the roll-ups.

None waits for another. The inbox forgets what all have passed.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cloud.ingest.feed import MOST_TOGETHER, Feed, Item, OwnerOf, unknown_owner
from cloud.ingest.inbox import Inbox
from cloud.ingest.store_cursor import Commits, StoreCursor, reached
from cloud.ingest.window import Window
from cloud.telemetry.store import TelemetryStore
from protocols.topics import Stream
from protocols.wire import Batch

TICK_S = 0.2  # between two rounds of the live side: what comes meanwhile is looked at together
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """One batch of one edge, decoded. `received_at` is the receiver's time in Unix seconds."""

    edge: str
    stream: Stream
    received_at: float
    batch: Batch


class LiveConsumer(Protocol):
    """What keeps live values and runs rules.

    `consume` saves `upto` together with `Inbox.uuid` in the same transaction as what follows from the batches, so that
    nothing is done twice; `position` gives it back, and 0 when it was saved for another inbox. What only moves memory
    may be saved some seconds later: `consume` returns the position that is saved, and is called again until that is
    `upto`. A batch that cannot be decoded is not among them, but `upto` passes it; there may be no batches at all. An
    error ends the service.
    """

    async def position(self) -> int: ...

    async def consume(self, batches: Sequence[Arrived], upto: int) -> int: ...


class RollupConsumer(Protocol):
    """What computes hours and sums.

    It reads its own feed. `position` is how far what it made of the batches is saved; `stored` says how far the store
    is. `save` is called at the end. An error ends the service.
    """

    position: int

    async def start(self, feed: Feed, stored: Callable[[], int]) -> None: ...

    async def step(self) -> None: ...

    def save(self) -> None: ...


class Cursors:
    """Runs them all; `wake` and everything else in the event loop's thread."""

    def __init__(
        self,
        inbox: Inbox,
        store: TelemetryStore,
        consumer: LiveConsumer,
        commits: Commits | None = None,
        owner_of: OwnerOf = unknown_owner,
        rollups: RollupConsumer | None = None,
    ) -> None:
        self._inbox, self._consumer, self._rollups = inbox, consumer, rollups
        window = Window(inbox, owner_of)
        self._store = StoreCursor(inbox, store, commits or Commits(), Feed(window.after))
        self._live, self._rolled = Feed(window.after), Feed(window.after)
        self._consumed = 0
        self._saved = 0  # what the live side would take up again after a crash
        self._trimmed = 0

    @property
    def behind(self) -> tuple[int, int]:
        """How many batches the store and the live side have not seen yet."""
        last = self._inbox.last_position()
        return last - self._store.position, last - self._consumed

    @property
    def positions(self) -> Mapping[str, int]:
        """How far each has come, by name; what it has passed it will not ask for again."""
        rollups = {"rollups": self._rollups.position} if self._rollups else {}
        return {"store": self._store.position, "live": self._saved, **rollups}

    def wake(self) -> None:
        """New batches are in the inbox."""
        self._live.wake()

    async def run(self) -> None:
        """Until cancelled, or until one of them fails."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_store(), name="store cursor")
            tasks.create_task(self._run_live(), name="live cursor")
            if self._rollups is not None:
                tasks.create_task(self._run_rollups(self._rollups), name="roll-up cursor")

    async def _run_store(self) -> None:
        await self._store.start()
        while True:
            await self._store.step()
            await self._trim()

    async def _run_live(self) -> None:
        self._saved = self._consumed = self._live.position = reached(self._inbox, await self._consumer.position())
        while True:
            began = time.monotonic()
            items = await self._live.next(_LOOK_EVERY_S)
            await self._tick(items)
            if len(items) < MOST_TOGETHER:
                await asyncio.sleep(max(0.0, began + TICK_S - time.monotonic()))

    async def _run_rollups(self, rollups: RollupConsumer) -> None:
        await rollups.start(self._rolled, lambda: self._store.position)
        try:
            while True:
                await rollups.step()
                await self._trim()
        finally:
            rollups.save()

    async def _tick(self, items: Sequence[Item]) -> None:
        if items or self._saved < self._consumed:
            self._saved = await self._consumer.consume(_arrived(items), self._live.position)
            self._consumed = self._live.position
            await self._trim()

    async def _trim(self) -> None:
        passed = min(self._store.position, self._saved, *([self._rollups.position] if self._rollups else []))
        if passed > self._trimmed:
            self._trimmed = passed
            await asyncio.to_thread(self._inbox.trim, passed)


def _arrived(items: Sequence[Item]) -> list[Arrived]:
    return [
        Arrived(item.delivery.edge, item.delivery.stream, item.delivery.received_at, item.batch)
        for item in items
        if item.batch is not None
    ]
