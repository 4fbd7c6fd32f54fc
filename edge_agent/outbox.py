"""What waits for the cloud: three streams on disk, each with its own sequence without holes.

A batch stays here until the cloud's watermark covers it. When there are too many bytes, or some are too old, the oldest
of `backlog` is dropped, then the oldest of `live`, never an event; the floor of the stream tells the cloud. A batch
that the disk has damaged is dropped as well, when the cloud has all before it. The file does not grow into the last of
the disk: without room not even what the cloud has could be forgotten, and nothing would ever be taken again.

The seqs of a stream that are held are always `first` to `next - 1`: appended at the end, forgotten from the head.
"""

import asyncio
import logging
import secrets
import sqlite3
import string
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from edge_agent import ages
from edge_agent.ages import Ages
from edge_agent.database import Act, Database, disk_refuses
from edge_agent.packing import Damaged, packed, unpacked
from protocols.topics import STREAMS, Stream
from protocols.wire import Mark

log = logging.getLogger(__name__)

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS epoch (epoch TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stream (
    stream TEXT PRIMARY KEY, first INTEGER NOT NULL, next INTEGER NOT NULL,
    bytes INTEGER NOT NULL, dropped INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS batch (
    stream TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (stream, seq)
);
{ages.SCHEMA}
"""

_DROPPED_FIRST = (Stream.BACKLOG, Stream.LIVE)
_ROOM_AGAIN = 0.9  # of the limit, before a full outbox counts as having room

_SPARE_MB = 20.0  # of the disk: what is being written needs it, beside the file
_LEAST = 4_000_000  # bytes that may wait however little room the disk has
_BESIDE = 65_536  # bytes of the file that batches take beside their bodies: index, ages, pages that are not full

_MOST_FRESH = 16  # batches, of at most 64 kB

Name = tuple[str, Stream, int]  # epoch, stream, seq
Now = Callable[[], float | None]  # the city's time in Unix seconds; None while no clock can be trusted
FreeMb = Callable[[], float | None]  # of the disk; None where that is not known


def _no_time() -> None:
    """Without a clock nothing becomes too old."""


def _not_known() -> None:
    """The disk is taken for large enough."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A batch without its header."""

    seq: int
    body: bytes


class Fresh:
    """What was appended last, as it was: at most so many batches, which are on the disk as well."""

    def __init__(self, most: int = _MOST_FRESH) -> None:
        self._most = most
        self._bodies: OrderedDict[Name, bytes] = OrderedDict()

    def remember(self, names: Sequence[Name], bodies: Sequence[bytes]) -> None:
        """They are on the disk."""
        self._bodies.update(zip(names, bodies, strict=True))
        while len(self._bodies) > self._most:
            self._bodies.popitem(last=False)

    def entries(self, names: Sequence[Name]) -> list[Entry]:
        """All of them, or none when one is missing."""
        if not all(name in self._bodies for name in names):
            return []
        return [Entry(name[2], self._bodies[name]) for name in names]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is held of one stream. `bytes` are those on the disk; `dropped` counts the batches that were lost because
    there were too many, because they were too old or because the disk had damaged them."""

    first: int = 1
    next: int = 1
    bytes: int = 0
    dropped: int = 0

    @property
    def depth(self) -> int:
        return self.next - self.first


class Outbox:
    """Open it with `load`. `news` is set by every append, for the one who sends."""

    def __init__(
        self, database: Database, limit: int, keep: timedelta | None, now: Now, free_mb: FreeMb = _not_known
    ) -> None:
        self._database = database
        self._limit = limit
        self._keep_for = keep
        self._now = now
        self._free_mb = free_mb
        self._full = False
        self._disk_refuses = False
        self._shelves = dict.fromkeys(STREAMS, Shelf())
        self._ages = Ages()
        self._fresh = Fresh()
        self._damaged: dict[Stream, int] = {}
        self.epoch = ""
        self.news = asyncio.Event()

    @classmethod
    async def load(
        cls,
        database: Database,
        limit: int,
        keep: timedelta | None = None,
        now: Now = _no_time,
        free_mb: FreeMb = _not_known,
    ) -> Self:
        """The outbox of a database that has SCHEMA; a new file is a new epoch. At most `limit` bytes wait on the disk,
        and none for longer than `keep`."""
        outbox = cls(database, limit, keep, now, free_mb)
        await database.run(outbox._load)
        return outbox

    async def append(self, stream: Stream, bodies: Sequence[bytes], also: Act | None = None) -> None:
        """When this returns, the batches are on the disk, and in the same transaction what `also` writes."""
        kept = [packed(body) for body in bodies]
        names: list[Name] = []

        def act(connection: sqlite3.Connection) -> None:
            first = self._append(connection, stream, kept)
            names.extend((self.epoch, stream, first + n) for n in range(len(bodies)))
            if also:
                also(connection)

        await self._run(act)
        self._fresh.remember(names, bodies)
        self.news.set()

    async def unsent(self, stream: Stream, after: int, limit: int) -> list[Entry]:
        """The oldest batches above `after`, in order. What has just been appended is not read again from the disk,
        where it would wait for its turn."""
        shelf = self._shelves[stream]
        seqs = range(max(after + 1, shelf.first), min(after + limit + 1, shelf.next))
        return self._fresh.entries([(self.epoch, stream, seq) for seq in seqs]) or await self._read(
            stream, after, limit
        )

    async def trim(self, marks: Iterable[Mark]) -> None:
        """Forget what the cloud has. Nothing else forgets, but for want of room or for age."""
        ours = [mark for mark in marks if mark.epoch == self.epoch]
        if any(self._would_trim(mark) for mark in ours):
            await self._forget(ours)

    def shelf(self, stream: Stream) -> Shelf:
        """What is held of a stream."""
        return self._shelves[stream]

    def readable(self, stream: Stream) -> Shelf:
        """What is held of a stream up to the first batch that is known to be damaged."""
        shelf, damaged = self._shelves[stream], self._damaged.get(stream, 0)
        return replace(shelf, next=damaged) if shelf.first <= damaged < shelf.next else shelf

    def floor(self, stream: Stream) -> int:
        """The oldest seq that is held, or the next one."""
        return self._shelves[stream].first

    def age_s(self, stream: Stream) -> float | None:
        """Since when the oldest batch of a stream waits; `None` when nothing waits or no clock can be trusted."""
        since, now = self._ages.oldest(stream), self._now()
        return None if since is None or now is None or not self.shelf(stream).depth else max(0.0, now - since)

    async def _read(self, stream: Stream, after: int, limit: int) -> list[Entry]:
        """From the disk; of a damaged batch, and those behind it, nothing."""
        rows = await self._database.run(lambda connection: _rows(connection, stream, after, limit))
        entries: list[Entry] = []
        for seq, kept in rows:
            try:
                entries.append(Entry(seq, unpacked(kept)))
            except Damaged as error:
                log.error("%s %d is damaged on the disk (%s): dropped", stream, seq, error)  # noqa: TRY400
                self._damaged[stream] = seq
                await self._forget([])
                break
        return entries

    async def _forget(self, ours: Sequence[Mark]) -> None:
        """To forget needs room as well. On a full disk it waits for a later watermark: the street goes first. Whatever
        is appended to any stream brings one, which tells of all, and the edge's own figures are appended every
        minute."""
        try:
            await self._run(lambda connection: self._trim(connection, ours))
            self._disk_refuses = False
        except sqlite3.OperationalError as error:
            if not disk_refuses(error):
                raise
            if not self._disk_refuses:
                log.warning("the disk takes nothing (%s): what the cloud has is kept until it does", error)
            self._disk_refuses = True

    async def _run(self, act: Act) -> None:
        try:
            await self._database.run(act)
        except sqlite3.Error:
            await self._database.run(self._load)  # nothing of it happened, so nothing of it is remembered
            raise

    def _load(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT epoch FROM epoch").fetchone()
        if row is None:
            _begin_epoch(connection)
            row = connection.execute("SELECT epoch FROM epoch").fetchone()
        self.epoch = row[0]
        self._shelves = {stream: _shelf(connection, stream) for stream in STREAMS}
        self._ages.load(connection)

    def _append(self, connection: sqlite3.Connection, stream: Stream, bodies: Sequence[bytes]) -> int:
        """The seq of the first."""
        size = sum(map(len, bodies))
        self._spare_the_disk(connection, size)
        shelf, now = _shelf(connection, stream), self._now()
        rows = [(stream, seq, body) for seq, body in enumerate(bodies, shelf.next)]
        connection.executemany("INSERT INTO batch VALUES (?, ?, ?)", rows)
        grown = replace(shelf, next=shelf.next + len(bodies), bytes=shelf.bytes + size)
        self._keep(connection, stream, grown)
        self._ages.note(connection, stream, shelf.next, now)
        if now is not None:
            self._drop_the_old(connection, now)
        self._make_room(connection, self._limit, "outbox")
        return shelf.next

    def _drop_the_old(self, connection: sqlite3.Connection, now: float) -> None:
        if self._keep_for is None:
            return
        for stream in _DROPPED_FIRST:
            shelf = self._shelves[stream]
            first = self._ages.first_younger(stream, now - self._keep_for.total_seconds(), shelf.next)
            if shelf.depth and first > shelf.first:
                log.warning("%s %d to %d have waited for too long: dropped", stream, shelf.first, first - 1)
                self._drop(connection, stream, first)

    def _spare_the_disk(self, connection: sqlite3.Connection, size: int) -> None:
        """On a disk with little room what comes takes the place of what has gone: the file does not grow."""
        free = self._free_mb()
        if free is not None and free < _SPARE_MB:
            lacking = size + _BESIDE - _room_inside(connection)
            self._make_room(connection, max(_LEAST, self._bytes() - lacking), "disk")

    def _make_room(self, connection: sqlite3.Connection, limit: int, what: str) -> None:
        """`what` is full when more bytes than this wait."""
        for stream in _DROPPED_FIRST:
            excess = self._bytes() - limit
            if excess > 0 and self._shelves[stream].depth:
                if not self._full:
                    log.error(
                        "the %s is full: the oldest batches of %s are dropped until the cloud is back", what, stream
                    )
                self._full = True
                self._drop(connection, stream, _seq_after(connection, stream, excess))

    def _drop(self, connection: sqlite3.Connection, stream: Stream, first: int) -> None:
        before = self._shelves[stream]
        shelf = _forget_below(connection, stream, before, first)
        self._keep(connection, stream, replace(shelf, dropped=shelf.dropped + first - before.first))

    def _bytes(self) -> int:
        return sum(shelf.bytes for shelf in self._shelves.values())

    def _would_trim(self, mark: Mark) -> bool:
        return mark.seq >= self._shelves[mark.stream].first

    def _trim(self, connection: sqlite3.Connection, marks: Sequence[Mark]) -> None:
        for mark in marks:
            shelf = _shelf(connection, mark.stream)
            if mark.seq >= shelf.next:
                self._renew(connection, mark, shelf)
                return
            if mark.seq >= shelf.first:
                self._keep(connection, mark.stream, _forget_below(connection, mark.stream, shelf, mark.seq + 1))
        self._drop_the_damaged(connection)
        self._full &= self._bytes() > _ROOM_AGAIN * self._limit

    def _drop_the_damaged(self, connection: sqlite3.Connection) -> None:
        """Where they are the oldest: only a gap at the head can be declared."""
        for stream, seq in tuple(self._damaged.items()):
            if seq == self._shelves[stream].first:
                self._drop(connection, stream, seq + 1)

    def _renew(self, connection: sqlite3.Connection, mark: Mark, shelf: Shelf) -> None:
        """The cloud holds more of this epoch than we ever gave: this file is an old copy. Its seqs would name batches
        that the cloud believes to have, so they begin again under a new epoch."""
        log.error(
            "the cloud has %s up to %d, this outbox has only given %d: an old copy of the file; a new epoch is begun",
            mark.stream,
            mark.seq,
            shelf.next - 1,
        )
        _begin_epoch(connection)
        self._damaged.clear()
        self._load(connection)

    def _keep(self, connection: sqlite3.Connection, stream: Stream, shelf: Shelf) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO stream VALUES (?, ?, ?, ?, ?)",
            (stream, shelf.first, shelf.next, shelf.bytes, shelf.dropped),
        )
        self._shelves = {**self._shelves, stream: shelf}
        self._ages.forget_below(connection, stream, shelf.first)


def _shelf(connection: sqlite3.Connection, stream: Stream) -> Shelf:
    row = connection.execute("SELECT first, next, bytes, dropped FROM stream WHERE stream = ?", (stream,)).fetchone()
    return Shelf(*row) if row else Shelf()


def _rows(connection: sqlite3.Connection, stream: Stream, after: int, limit: int) -> list[tuple[int, bytes]]:
    return connection.execute(
        "SELECT seq, body FROM batch WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?", (stream, after, limit)
    ).fetchall()


def _seq_after(connection: sqlite3.Connection, stream: Stream, excess: int) -> int:
    """The first seq that may stay when at least `excess` bytes go from the head, or all of it."""
    seq = 0
    for seq, size in connection.execute(  # noqa: B007 - the last one is what we want
        "SELECT seq, LENGTH(body) FROM batch WHERE stream = ? ORDER BY seq", (stream,)
    ):
        excess -= size
        if excess <= 0:
            break
    return seq + 1


def _room_inside(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold nothing."""
    (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages * size)


def _forget_below(connection: sqlite3.Connection, stream: Stream, shelf: Shelf, first: int) -> Shelf:
    place = (stream, first)
    (freed,) = connection.execute(
        "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM batch WHERE stream = ? AND seq < ?", place
    ).fetchone()
    connection.execute("DELETE FROM batch WHERE stream = ? AND seq < ?", place)
    return replace(shelf, first=first, bytes=shelf.bytes - freed)


def _begin_epoch(connection: sqlite3.Connection) -> None:
    """A new epoch, in which every stream that is held begins at 1."""
    name = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(16))
    connection.execute("DELETE FROM epoch")
    connection.execute("INSERT INTO epoch VALUES (?)", (name,))
    # By way of negative numbers, so that no two batches have one name in between.
    connection.execute("UPDATE batch SET seq = (SELECT first FROM stream s WHERE s.stream = batch.stream) - 1 - seq")
    connection.execute("UPDATE batch SET seq = -seq")
    ages.renumber(connection)
    connection.execute("UPDATE stream SET next = next - first + 1, first = 1")
