"""The inbox as a cursor reads it: batch after batch, decoded, woken when there is more.

An edge speaks for its own devices only: what it says of another edge's is kept as a dead letter and goes no further.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from cloud.ingest.inbox import Delivery
from protocols import wire
from protocols.wire import Batch, WireError

MOST_TOGETHER = 200

OwnerOf = Callable[[str], str | None]  # the edge of a device; None for one that nobody knows


def unknown_owner(_device: str) -> str | None:
    """Without an inventory nobody knows whose a device is."""
    return None


@dataclass(frozen=True, slots=True)
class Item:
    """A delivery and what is in it. `why` says what kept all of it, or a part, from being used."""

    delivery: Delivery
    batch: Batch | None
    why: str = ""


Read = Callable[[int, int], list[Item]]  # some of the next items behind a position, at most so many


class Feed:
    """One cursor's place in the inbox. Reading and decoding happen in a thread."""

    def __init__(self, read: Read, position: int = 0) -> None:
        self._read = read
        self._more = asyncio.Event()
        self.position = position

    def wake(self) -> None:
        """There is more. Call it in the event loop's thread."""
        self._more.set()

    async def next(self, wait_s: float) -> list[Item]:
        """What comes after the last item that was returned; waits for it, but not longer than `wait_s`."""
        self._more.clear()
        items = await self._some()
        if not items:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._more.wait()
            items = await self._some()
        if items:
            self.position = items[-1].delivery.position
        return items

    async def _some(self) -> list[Item]:
        return await asyncio.to_thread(self._read, self.position, MOST_TOGETHER)


def item(delivery: Delivery, owner_of: OwnerOf = unknown_owner) -> Item:
    """Decode one delivery, without what the edge may not speak of."""
    try:
        batch = wire.decode_batch(delivery.payload)
    except WireError as error:
        return Item(delivery, None, str(error))
    devices = {device for table in batch.tables for device in table.devices}
    foreign = {device for device in devices if owner_of(device) not in (None, delivery.edge)}
    return Item(delivery, _without(batch, foreign), _whose(foreign, owner_of)) if foreign else Item(delivery, batch)


def _without(batch: Batch, foreign: set[str]) -> Batch:
    return replace(batch, tables=[table.where(lambda device: device not in foreign) for table in batch.tables])


def _whose(foreign: set[str], owner_of: OwnerOf) -> str:
    first = min(foreign)
    return f"{first} belongs to {owner_of(first)}, and {len(foreign) - 1} more devices are not this edge's"
