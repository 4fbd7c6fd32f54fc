"""The inbox as a cursor reads it: batch after batch, decoded, woken when there is more."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from cloud.ingest.inbox import Delivery, Inbox
from protocols import wire
from protocols.wire import Batch, WireError

_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Item:
    """A delivery and what is in it; or why nobody can tell."""

    delivery: Delivery
    batch: Batch | None
    why: str = ""


class Feed:
    """One cursor's place in the inbox. Reading and decoding happen in a thread."""

    def __init__(self, inbox: Inbox, position: int) -> None:
        self._inbox = inbox
        self._more = asyncio.Event()
        self.position = position

    def wake(self) -> None:
        """There is more. Call it in the event loop's thread."""
        self._more.set()

    async def next(self, wait_s: float) -> list[Item]:
        """What comes after the last item that was returned; waits for it, but not longer than `wait_s`."""
        self._more.clear()
        items = await asyncio.to_thread(self._read)
        if not items:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._more.wait()
            items = await asyncio.to_thread(self._read)
        if items:
            self.position = items[-1].delivery.position
        return items

    def _read(self) -> list[Item]:
        return [item(delivery) for delivery in self._inbox.after(self.position, _TOGETHER)]


def item(delivery: Delivery) -> Item:
    """Decode one delivery."""
    try:
        return Item(delivery, wire.decode_batch(delivery.payload))
    except WireError as error:
        return Item(delivery, None, str(error))
