"""The inbox's bookkeeping of names: which batches have been accepted, where the holes are, and what an edge gave up.

The mark of a stream is the highest seq below which nothing is missing. Accepted seqs above a hole are held one by
one. An edge's floor passes a hole and leaves a gap on record; a batch that turns up in a gap after all shrinks it.
"""

import itertools
import logging
import sqlite3

from cloud.ingest.arrivals import Arrival

log = logging.getLogger(__name__)

_TABLES = """
CREATE TABLE IF NOT EXISTS marks (
    id INTEGER PRIMARY KEY, edge TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL,
    contiguous INTEGER NOT NULL, turn INTEGER NOT NULL, UNIQUE (edge, epoch, stream)
);
CREATE TABLE IF NOT EXISTS held (
    mark INTEGER NOT NULL REFERENCES marks (id), seq INTEGER NOT NULL, PRIMARY KEY (mark, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gaps (
    id INTEGER PRIMARY KEY, mark INTEGER NOT NULL REFERENCES marks (id),
    first INTEGER NOT NULL, last INTEGER NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS gaps_of_a_stream ON gaps (mark, last);
"""


class Ledger:
    """Works inside the transactions of the connection that it is given."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.executescript(_TABLES)
        self._db = connection
        self._turn = int(connection.execute("SELECT coalesce(max(turn), 0) FROM marks").fetchone()[0])

    def turn(self) -> None:
        """A new group: the epochs that it touches become the latest."""
        self._turn += 1

    def take(self, arrival: Arrival) -> bool:
        """Enter one batch; False when its name is known already."""
        stream, mark = self._stream(arrival)
        passed = self._pass_floor(stream, mark, arrival)
        new = self._enter(stream, passed, arrival.header.seq)
        joined = self._joined(stream, passed)
        if joined > mark:
            self._db.execute("DELETE FROM held WHERE mark = ? AND seq <= ?", (stream, joined))
            self._db.execute("UPDATE marks SET contiguous = ? WHERE id = ?", (joined, stream))
        return new

    def _stream(self, arrival: Arrival) -> tuple[int, int]:
        """The stream's id and its mark; touching it makes its epoch one of the latest."""
        name = (arrival.edge, arrival.header.epoch, str(arrival.stream))
        self._db.execute(
            "INSERT INTO marks (edge, epoch, stream, contiguous, turn) VALUES (?, ?, ?, 0, ?) "
            "ON CONFLICT (edge, epoch, stream) DO UPDATE SET turn = excluded.turn",
            (*name, self._turn),
        )
        sql = "SELECT id, contiguous FROM marks WHERE edge = ? AND epoch = ? AND stream = ?"
        stream, mark = self._db.execute(sql, name).fetchone()
        return stream, mark

    def _pass_floor(self, stream: int, mark: int, arrival: Arrival) -> int:
        """The edge has nothing below its floor any more: what is missing there is lost, and said so."""
        floor = arrival.header.floor
        if floor - 1 <= mark:
            return mark
        for first, last in self._missing(stream, mark, floor):
            self._add_gap(stream, first, last, arrival.received_at)
            log.warning("%s has given up %s %d to %d; they are lost", arrival.edge, arrival.stream, first, last)
        return floor - 1

    def _missing(self, stream: int, mark: int, floor: int) -> list[tuple[int, int]]:
        """The holes between a mark and a floor; both ends are missing."""
        sql = "SELECT seq FROM held WHERE mark = ? AND seq < ? ORDER BY seq"
        there = [mark, *(row[0] for row in self._db.execute(sql, (stream, floor))), floor]
        return [(low + 1, high - 1) for low, high in itertools.pairwise(there) if high - low > 1]

    def _enter(self, stream: int, mark: int, seq: int) -> bool:
        if seq <= mark:
            return self._heal(stream, seq)
        return self._db.execute("INSERT OR IGNORE INTO held (mark, seq) VALUES (?, ?)", (stream, seq)).rowcount > 0

    def _heal(self, stream: int, seq: int) -> bool:
        """A batch below the mark is new only when it had been given up for lost."""
        sql = "SELECT id, first, last, at FROM gaps WHERE mark = ? AND last >= ? AND first <= ?"
        row = self._db.execute(sql, (stream, seq, seq)).fetchone()
        if row is None:
            return False
        gap, first, last, at = row
        self._db.execute("DELETE FROM gaps WHERE id = ?", (gap,))
        for low, high in ((first, seq - 1), (seq + 1, last)):
            if low <= high:
                self._add_gap(stream, low, high, at)
        return True

    def _add_gap(self, stream: int, first: int, last: int, at: float) -> None:
        self._db.execute("INSERT INTO gaps (mark, first, last, at) VALUES (?, ?, ?, ?)", (stream, first, last, at))

    def _joined(self, stream: int, mark: int) -> int:
        """The mark, moved over everything that is held right above it."""
        sql = "SELECT seq FROM held WHERE mark = ? AND seq > ? ORDER BY seq"
        for (seq,) in self._db.execute(sql, (stream, mark)):
            if seq != mark + 1:
                break
            mark = seq
        return mark
