"""The inbox: every batch that an edge may forget lies here, on disk, until the store and the rules have passed it.

Each stream of each epoch of each edge has a mark: the highest seq with no hole below it. What is accepted above a
hole is held; a floor that an edge declares passes the hole and leaves a gap on record. A batch that turns up in a
declared gap after all is taken, and the gap shrinks.

`accept` belongs to the receiver's thread. Everything else may be called from any thread.
"""

import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.ingest.arrivals import Arrival, DeadLetter
from cloud.ingest.ledger import Ledger
from protocols.topics import Stream
from protocols.wire import Mark

MOST_DEAD = 1_000  # the newest are kept; all are counted
_LATEST_EPOCHS = 2  # in a watermark: the edge's own, and the one before a replaced disk
_TRIM_ROWS = 500  # per transaction, so that the receiver never waits long for the write lock
_WAIT_FOR_LOCK_S = 30.0

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (uuid TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, edge TEXT NOT NULL, epoch TEXT NOT NULL,
    stream TEXT NOT NULL, seq INTEGER NOT NULL, received_at REAL NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, "where" TEXT NOT NULL, why TEXT NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS homes (edge TEXT PRIMARY KEY, site TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursors (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One batch of the inbox. Positions grow and are never used twice, also after a trim."""

    position: int
    site: str
    edge: str
    epoch: str
    stream: Stream
    seq: int
    payload: bytes
    received_at: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a group brought: batches that were new, and batches that the inbox had seen before."""

    new: int
    known: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Batches that an edge had to forget before they arrived; both ends are lost."""

    edge: str
    epoch: str
    stream: Stream
    first: int
    last: int
    declared_at: float


@dataclass(frozen=True, slots=True)
class _Access:
    """One connection; its lock keeps `close` from pulling it away under a call."""

    connection: sqlite3.Connection
    lock: threading.Lock


class Inbox:
    """One SQLite file. Positions of a cursor belong to its `uuid`; in another inbox they mean nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: list[_Access] = []
        self._writer = self._open()
        self._clerk = self._open()
        self._readers = threading.local()
        self._writer.connection.executescript(_TABLES)
        self._ledger = Ledger(self._writer.connection)
        self.uuid = self._identity()

    def accept(self, arrivals: Sequence[Arrival], malformed: Sequence[DeadLetter] = ()) -> Accepted:
        """One transaction for a whole group; when it returns, the group is on disk."""
        with _transaction(self._writer) as db:
            self._ledger.turn()
            new = sum(self._accept(db, arrival) for arrival in arrivals)
            _bury(db, malformed)
        return Accepted(new, len(arrivals) - new)

    def after(self, position: int, limit: int) -> list[Delivery]:
        """The next batches behind a position, in the order in which they were accepted."""
        return self._deliveries("id > ? ORDER BY id LIMIT ?", (position, limit))

    def mentioning(self, text: bytes, position: int, limit: int) -> list[Delivery]:
        """The next batches behind a position whose payload has these bytes in it."""
        return self._deliveries("id > ? AND instr(payload, ?) ORDER BY id LIMIT ?", (position, text, limit))

    def last_position(self) -> int:
        """The position of the newest batch that was ever accepted; 0 when there was none."""
        rows = self._read("SELECT seq FROM sqlite_sequence WHERE name = 'inbox'")
        return int(rows[0][0]) if rows else 0

    def trim(self, position: int) -> int:
        """Forget the batches up to and including a position; how many there were. Their names stay known."""
        trimmed = 0
        while rows := self._trim_some(position):
            trimmed += rows
        return trimmed

    def position(self, cursor: str) -> int:
        """How far a cursor has come that has no better place to keep it; 0 when it never said."""
        rows = self._read("SELECT position FROM cursors WHERE name = ?", (cursor,))
        return int(rows[0][0]) if rows else 0

    def save_position(self, cursor: str, position: int) -> None:
        """On disk when it returns."""
        with _transaction(self._clerk) as db:
            db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (cursor, position))

    def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Keep what nobody can use."""
        with _transaction(self._clerk) as db:
            _bury(db, letters)

    def dead(self) -> list[DeadLetter]:
        """The newest dead letters, oldest first."""
        rows = self._read('SELECT "where", why, payload, at FROM dead ORDER BY id')
        return [DeadLetter(*row) for row in rows]

    def dead_count(self) -> int:
        """How many dead letters there have ever been."""
        rows = self._read("SELECT seq FROM sqlite_sequence WHERE name = 'dead'")
        return int(rows[0][0]) if rows else 0

    def edges(self) -> list[str]:
        """Every edge that has ever sent a batch."""
        return [row[0] for row in self._read("SELECT DISTINCT edge FROM marks ORDER BY edge")]

    def homes(self) -> dict[str, str]:
        """The site under which each edge's batches came first."""
        return dict(self._read("SELECT edge, site FROM homes"))

    def marks(self, edge: str) -> tuple[Mark, ...]:
        """The marks of an edge's latest epochs."""
        rows = self._read(
            "SELECT epoch, stream, contiguous FROM marks WHERE edge = :edge AND epoch IN "
            "(SELECT epoch FROM marks WHERE edge = :edge GROUP BY epoch ORDER BY max(turn) DESC LIMIT :epochs) "
            "ORDER BY turn DESC, epoch, stream",
            {"edge": edge, "epochs": _LATEST_EPOCHS},
        )
        return tuple(Mark(epoch=epoch, stream=Stream(stream), seq=seq) for epoch, stream, seq in rows)

    def gaps(self) -> list[Gap]:
        """Every declared loss, oldest first."""
        sql = (
            "SELECT edge, epoch, stream, first, last, at FROM gaps JOIN marks ON marks.id = gaps.mark ORDER BY gaps.id"
        )
        return [Gap(edge, epoch, Stream(stream), *rest) for edge, epoch, stream, *rest in self._read(sql)]

    def close(self) -> None:
        """Let go of the file, when the calls that are under way have ended."""
        for access in self._opened:
            with access.lock:
                access.connection.close()

    def _accept(self, db: sqlite3.Connection, arrival: Arrival) -> bool:
        if not self._ledger.take(arrival):
            return False
        header = arrival.header
        db.execute("INSERT OR IGNORE INTO homes VALUES (?, ?)", (arrival.edge, arrival.site))
        db.execute(
            "INSERT INTO inbox (site, edge, epoch, stream, seq, received_at, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                arrival.site,
                arrival.edge,
                header.epoch,
                arrival.stream,
                header.seq,
                arrival.received_at,
                arrival.payload,
            ),
        )
        return True

    def _deliveries(self, where: str, values: tuple[int | bytes, ...]) -> list[Delivery]:
        sql = f"SELECT id, site, edge, epoch, stream, seq, payload, received_at FROM inbox WHERE {where}"  # noqa: S608
        return [
            Delivery(position, site, edge, epoch, Stream(stream), *rest)
            for position, site, edge, epoch, stream, *rest in self._read(sql, values)
        ]

    def _read(self, sql: str, values: tuple[object, ...] | dict[str, object] = ()) -> list[Any]:
        reader = self._reader()
        with reader.lock:
            return reader.connection.execute(sql, values).fetchall()

    def _reader(self) -> _Access:
        """Each thread's own: a long scan for a chart holds nobody up."""
        access: _Access | None = getattr(self._readers, "access", None)
        if access is None:
            access = self._readers.access = self._open()
        return access

    def _trim_some(self, position: int) -> int:
        with _transaction(self._clerk) as db:
            sql = "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE id <= ? ORDER BY id LIMIT ?)"
            return db.execute(sql, (position, _TRIM_ROWS)).rowcount

    def _identity(self) -> str:
        with _transaction(self._writer) as db:
            if (row := db.execute("SELECT uuid FROM meta").fetchone()) is None:
                row = (uuid.uuid4().hex,)
                db.execute("INSERT INTO meta VALUES (?)", row)
        return str(row[0])

    def _open(self) -> _Access:
        db = sqlite3.connect(self._path, timeout=_WAIT_FOR_LOCK_S, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        access = _Access(db, threading.Lock())
        self._opened.append(access)
        return access


@contextmanager
def _transaction(access: _Access) -> Iterator[sqlite3.Connection]:
    db = access.connection
    with access.lock:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # a full disk may have rolled it back by itself
                db.execute("ROLLBACK")
            raise


def _bury(db: sqlite3.Connection, letters: Sequence[DeadLetter]) -> None:
    if not letters:
        return
    rows = [(letter.at, letter.where, letter.why, letter.payload) for letter in letters]
    db.executemany('INSERT INTO dead (at, "where", why, payload) VALUES (?, ?, ?, ?)', rows)
    db.execute("DELETE FROM dead WHERE id <= (SELECT max(id) FROM dead) - ?", (MOST_DEAD,))
