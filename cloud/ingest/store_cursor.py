"""From the inbox into the telemetry store, in commits of some seconds or many samples, until the store says yes.

How far it has come stands in the store, in one step with the data, or, where the engine cannot do that, in the inbox:
written after the data, so that what is delivered again after a crash is written over itself.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from cloud.ingest.arrivals import DeadLetter, dead_letter
from cloud.ingest.feed import Feed, Item
from cloud.ingest.inbox import Delivery, Inbox
from cloud.ingest.pause import Pause
from cloud.telemetry.store import Mark, RefusedPoint, StoreAway, StorePartly, StoreRefused, TelemetryStore
from protocols.readings import Table

_BYTES_PER_SAMPLE = 256  # far more than a sample takes on the wire
_CURSOR = "store"
_MOST_REASONS = 5  # that one absence of the store is told with

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
        stored = await self._insist(lambda: stored_upto(self._inbox, self._store))
        self.position = self.feed.position = reached(self._inbox, stored)

    async def step(self) -> None:
        """One commit: gather it, and write it until the store says yes."""
        load = await self._gather()
        await self._keep([_letter(item.delivery, item.why) for item in load.items if item.why])
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
        """Write until the store has it. Raises StoreRefused when it has nothing of it."""
        mark = Mark(self._inbox.uuid, items[-1].delivery.position)
        tables = [table for item in items for table in _tables(item)]
        try:
            await self._insist(lambda: self._store.write(tables, mark))
        except StorePartly as partly:
            await self._keep(list(_letters(items, partly.points)))
        if not self._store.capabilities().keeps_mark:
            await asyncio.to_thread(self._inbox.save_position, _CURSOR, mark.position)

    async def _write_singly(self, items: Sequence[Item]) -> None:
        """The store refused something: find out what, keep it for a person, and go on."""
        for item in items:
            try:
                await self._write([item])
            except StoreRefused as error:
                await self._keep([_letter(item.delivery, str(error))])
                await self._write([Item(item.delivery, None)])

    async def _keep(self, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            self._say_first(letter)
        if letters:
            await asyncio.to_thread(self._inbox.bury, letters)

    def _say_first(self, letter: DeadLetter) -> None:
        """Once for each edge; the letters themselves are kept and counted."""
        edge = letter.where.partition("/")[0]
        if edge not in self._unusable:
            self._unusable.add(edge)
            log.warning("not used as it is: %s: %s", letter.where, letter.why)

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Ask the store until it is there; the only place that tries again."""
        pause, began = Pause(self._commits.first_pause_s, self._commits.longest_pause_s), time.monotonic()
        reasons: set[str] = set()
        while True:
            try:
                answer = await call()
            except StoreAway as error:
                _say_away(str(error), reasons)
                await asyncio.sleep(pause.next())
            else:
                if reasons:
                    log.info("the telemetry store is back after %.0f s", time.monotonic() - began)
                return answer


async def stored_upto(inbox: Inbox, store: TelemetryStore) -> int:
    """The position in an inbox up to which the store holds everything; another inbox's mark says nothing."""
    if not store.capabilities().keeps_mark:
        return await asyncio.to_thread(inbox.position, _CURSOR)
    mark = await store.mark()
    return mark.position if mark and mark.inbox == inbox.uuid else 0


def reached(inbox: Inbox, position: int) -> int:
    """Where to go on from a saved position: at the beginning, when the inbox is an older copy that never was so far."""
    if position <= inbox.last_position():
        return position
    log.warning("position %d was saved for a newer copy of the inbox; starting at the beginning", position)
    return 0


def _say_away(why: str, said: set[str]) -> None:
    """Once, and again when the reason is another: a server that is back may not know the token any more."""
    if why not in said and len(said) < _MOST_REASONS:
        said.add(why)
        log.warning("the telemetry store is away: %s", why)


def _samples(item: Item) -> int:
    """How many samples a batch counts for: by its bytes at least, so that no batch is too light to be bounded."""
    samples = sum(len(table) * len(table.quantities) for table in _tables(item))
    return max(samples, len(item.delivery.payload) // _BYTES_PER_SAMPLE)


def _tables(item: Item) -> Sequence[Table]:
    return item.batch.tables if item.batch else ()


def _letters(items: Sequence[Item], points: Sequence[RefusedPoint]) -> Iterator[DeadLetter]:
    """A letter for each refused point, named by the batch that it came with."""
    wanted = {(point.kind, point.name, point.at): point for point in points}
    for item in items:
        for table in _tables(item):
            for device, at in zip(table.devices, table.at, strict=True):
                if point := wanted.pop((table.kind.lower(), device, at), None):
                    yield replace(_letter(item.delivery, point.why), payload=point.text)


def _letter(delivery: Delivery, why: str) -> DeadLetter:
    where = f"{delivery.edge}/{delivery.epoch}/{delivery.stream}/{delivery.seq}"
    return dead_letter(where, why, delivery.payload, delivery.received_at)
