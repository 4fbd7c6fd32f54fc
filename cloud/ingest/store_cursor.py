"""From the inbox into the telemetry store, in commits of some seconds or many samples, until the store says yes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cloud.ingest.arrivals import DeadLetter, dead_letter
from cloud.ingest.feed import Feed, Item
from cloud.ingest.inbox import Delivery, Inbox
from cloud.ingest.pause import Pause
from cloud.telemetry.store import Mark, StoreAway, StoreRefused, TelemetryStore
from protocols.readings import Table

_BYTES_PER_SAMPLE = 256  # far more than a sample takes on the wire

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Commits:
    """How large a commit becomes, and how long to wait after one that failed."""

    every_s: float = 10.0
    samples: int = 100_000
    look_every_s: float = 1.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0


@dataclass(slots=True)
class _Load:
    """What goes into one commit."""

    items: list[Item] = field(default_factory=list)
    samples: int = 0

    def add(self, items: Sequence[Item]) -> None:
        self.items += items
        self.samples += sum(map(_samples, items))


class StoreCursor:
    """`position` is what the store holds durably."""

    def __init__(self, inbox: Inbox, store: TelemetryStore, commits: Commits, feed: Feed) -> None:
        self._inbox, self._store, self._commits = inbox, store, commits
        self.feed = feed
        self.position = 0
        self._unusable: set[str] = set()  # edges that have sent what could not be used

    async def start(self) -> None:
        """Take up where the store's mark stands."""
        self.position = self.feed.position = await self._place()

    async def step(self) -> None:
        """One commit: gather it, and write it until the store says yes."""
        load = await self._gather()
        await self._bury(load.items)
        try:
            await self._write(load.items)
        except StoreRefused:
            await self._write_singly(load.items)
        self.position = self.feed.position

    async def _gather(self) -> _Load:
        load, end = _Load(), float("inf")
        while load.samples < self._commits.samples and (left := end - time.monotonic()) > 0:
            load.add(await self.feed.next(min(left, self._commits.look_every_s)))
            if load.items and end == float("inf"):
                end = time.monotonic() + self._commits.every_s
        return load

    async def _write(self, items: Sequence[Item]) -> None:
        """Write until the store has it. Raises StoreRefused."""
        mark = Mark(self._inbox.uuid, items[-1].delivery.position)
        tables = [table for item in items for table in _tables(item)]
        await self._insist(lambda: self._store.write(tables, mark))

    async def _write_singly(self, items: Sequence[Item]) -> None:
        """The store refused something: find out what, keep it for a person, and go on."""
        for item in items:
            try:
                await self._write([item])
            except StoreRefused as error:
                await asyncio.to_thread(self._inbox.bury, [_letter(item.delivery, str(error))])
                await self._write([Item(item.delivery, None)])

    async def _bury(self, items: Sequence[Item]) -> None:
        letters = [_letter(item.delivery, item.why) for item in items if item.why]
        if letters:
            for letter in letters:
                self._say_first(letter)
            await asyncio.to_thread(self._inbox.bury, letters)

    def _say_first(self, letter: DeadLetter) -> None:
        """Once for each edge; the letters themselves are kept and counted."""
        edge = letter.where.partition("/")[0]
        if edge not in self._unusable:
            self._unusable.add(edge)
            log.warning("not used as it is: %s: %s", letter.where, letter.why)

    async def _place(self) -> int:
        """The store's mark in this inbox; another inbox's mark says nothing."""
        mark = await self._insist(self._store.mark)
        return reached(self._inbox, mark.position) if mark and mark.inbox == self._inbox.uuid else 0

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Ask the store until it is there; the only place that tries again."""
        pause, since = Pause(self._commits.first_pause_s, self._commits.longest_pause_s), None
        while True:
            try:
                answer = await call()
            except StoreAway as error:
                if since is None:
                    since = time.monotonic()
                    log.warning("the telemetry store is away: %s", error)
                await asyncio.sleep(pause.next())
            else:
                if since is not None:
                    log.info("the telemetry store is back after %.0f s", time.monotonic() - since)
                return answer


def reached(inbox: Inbox, position: int) -> int:
    """Where to go on from a saved position: at the beginning, when the inbox is an older copy that never was so far."""
    if position <= inbox.last_position():
        return position
    log.warning("position %d was saved for a newer copy of the inbox; starting at the beginning", position)
    return 0


def _samples(item: Item) -> int:
    """How many samples a batch counts for: by its bytes at least, so that no batch is too light to be bounded."""
    samples = sum(len(table) * len(table.quantities) for table in _tables(item))
    return max(samples, len(item.delivery.payload) // _BYTES_PER_SAMPLE)


def _tables(item: Item) -> Sequence[Table]:
    return item.batch.tables if item.batch else ()


def _letter(delivery: Delivery, why: str) -> DeadLetter:
    where = f"{delivery.edge}/{delivery.epoch}/{delivery.stream}/{delivery.seq}"
    return dead_letter(where, why, delivery.payload, delivery.received_at)
