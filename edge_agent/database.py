"""The one SQLite file of an edge, spoken to from one thread of its own, so that the loop never waits for a disk.

What `run` returned is on the disk: WAL with synchronous=FULL survives kill -9 and loss of power. A file that turns out
to be damaged is set aside and begun anew: the street has to be lit, whatever became of the old samples.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
Act = Callable[[sqlite3.Connection], None]

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_REFUSED = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)
_PRAGMAS = (
    "PRAGMA locking_mode = EXCLUSIVE",  # two agents on one outbox would give every seq twice
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA journal_size_limit = 16000000",
    "PRAGMA secure_delete = OFF",  # Debian's SQLite writes zeros over what it forgets: as much again, for nobody
)


class CannotOpen(OSError):
    """The file is not to be had: no right to it, no folder, or another agent has it."""


class Database:
    """An open file. `schema` statements must be harmless when they run again; `patience_s` is how long to wait for
    another process that still has the file."""

    def __init__(self, path: Path, schema: str, patience_s: float = 5.0) -> None:
        self._path = path
        self._patience_s = patience_s
        self._schema = schema
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._connection: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            await self._in_thread(self._open)
        except sqlite3.Error as error:
            self._thread.shutdown()
            raise CannotOpen(f"{self._path}: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._in_thread(self._close)
        self._thread.shutdown()

    async def run(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction: all of what `act` does is on the disk, or nothing of it. Raises sqlite3.Error."""
        return await self._in_thread(lambda: self._transaction(act))

    async def _in_thread(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)

    def _transaction(self, act: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            raise sqlite3.ProgrammingError("the database is not open")
        try:
            with self._connection:
                self._connection.execute("BEGIN")
                return act(self._connection)
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                self._set_aside(error)
            raise

    def _open(self) -> None:
        try:
            self._connect()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._set_aside(error)
            self._connect()

    def _connect(self) -> None:
        self._connection = sqlite3.connect(self._path, self._patience_s, isolation_level=None)
        for pragma in _PRAGMAS:
            self._connection.execute(pragma)
        self._connection.executescript(self._schema)

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        aside = self._path.with_name(f"{self._path.name}.damaged")
        log.error("%s is damaged (%s); it is kept as %s and a new one is begun", self._path, error, aside.name)
        self._close()
        self._path.replace(aside)
        for end in ("-wal", "-shm"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def together(acts: Iterable[Act]) -> Act:
    """All of them in one transaction, in their order."""

    def act(connection: sqlite3.Connection) -> None:
        for one in acts:
            one(connection)

    return act


def disk_refuses(error: sqlite3.Error) -> bool:
    """True when the disk did not take something: there was no room on it, or it is read-only or failing. Somebody may
    put that right, and the street has to be lit meanwhile."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _REFUSED


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
