"""The newest batches of the inbox, read and decoded once for all cursors that keep up.

A cursor that has fallen behind reads the inbox for itself: it must not push out what the others share.
"""

import threading
from bisect import bisect_right
from collections.abc import Sequence

from cloud.ingest.feed import Item, OwnerOf, item, unknown_owner
from cloud.ingest.inbox import Inbox

MOST_BYTES = 2_000_000  # of payload: ten seconds of a hundred thousand lamps


class Window:
    """Everything behind some position, as far as anybody has read. For any thread."""

    def __init__(self, inbox: Inbox, owner_of: OwnerOf = unknown_owner, most_bytes: int = MOST_BYTES) -> None:
        self._inbox, self._owner_of, self._most_bytes = inbox, owner_of, most_bytes
        self._lock = threading.Lock()
        self._items: list[Item] = []
        self._since = 0  # what is held begins behind this position
        self._bytes = 0

    def after(self, position: int, limit: int) -> list[Item]:
        """Some of the next batches behind a position, in order; none when there are none."""
        with self._lock:
            if position >= self._since:
                return self._shared(position, limit)
        return self._read(position, limit)

    def _shared(self, position: int, limit: int) -> list[Item]:
        start = bisect_right(self._items, position, key=_position)
        if start == len(self._items):
            self._read_on(position, limit)
            start = bisect_right(self._items, position, key=_position)
        return self._items[start : start + limit]

    def _read_on(self, position: int, limit: int) -> None:
        """Read at the front, and forget at the back. Who stands in front of it all moves the whole window."""
        if position > self._front:
            self._forget(len(self._items))
            self._since = position
        new = self._read(position, limit)
        self._items += new
        self._bytes += _size(new)
        self._forget(self._too_many(len(new)))

    def _too_many(self, new: int) -> int:
        """How many of the oldest have to go; the newest `new` stay, for somebody is just asking for them."""
        left, count = self._bytes, 0
        while left > self._most_bytes and count < len(self._items) - new:
            left -= len(self._items[count].delivery.payload)
            count += 1
        return count

    def _forget(self, count: int) -> None:
        if count:
            self._since = _position(self._items[count - 1])
            self._bytes -= _size(self._items[:count])
            del self._items[:count]

    @property
    def _front(self) -> int:
        return _position(self._items[-1]) if self._items else self._since

    def _read(self, position: int, limit: int) -> list[Item]:
        return [item(delivery, self._owner_of) for delivery in self._inbox.after(position, limit)]


def _position(held: Item) -> int:
    return held.delivery.position


def _size(items: Sequence[Item]) -> int:
    return sum(len(held.delivery.payload) for held in items)
