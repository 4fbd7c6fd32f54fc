"""The embedded store: live rows in one DuckDB file, past ones in sealed Parquet beside it. One process opens it.

Data and mark are committed together, so what is delivered again after a crash is stored exactly once. One thread
writes, one reads, one seals.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import TypeVar

import duckdb

from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.exporting import Exporter, Format, Plan, Wish
from cloud.telemetry.families import Family
from cloud.telemetry.figures import Figures, figures
from cloud.telemetry.reading import Reader
from cloud.telemetry.sealing import Locks, Reached, Sealer
from cloud.telemetry.store import (
    Capabilities,
    Columns,
    Health,
    Mark,
    Rollup,
    StoreAway,
    StoreRefused,
    Summaries,
)
from cloud.telemetry.writing import Writer
from protocols.readings import Table

_BROKEN = (duckdb.FatalException, duckdb.InternalException)  # DuckDB wants the file opened again
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,  # nothing is downloaded at run time
    "autoload_known_extensions": False,
    "enable_external_file_cache": False,  # costs more than it saves: 47 ms of CPU for a lamp's day, 38 without
}
_NEVER = (duckdb.DataError, duckdb.IntegrityError)

_PIECE = 1 << 20  # bytes of an export

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Opened:
    """The open database: one connection for each thread."""

    connections: Sequence[duckdb.DuckDBPyConnection]
    catalogue: Catalogue
    writer: Writer
    reader: Reader
    exporter: Exporter
    sealer: Sealer


class DuckDbStore:
    """A TelemetryStore in one file and a folder of the same name. Made by `open`."""

    def __init__(self, path: Path, reached: Reached = lambda _: None) -> None:
        self._path, self._reached = path, reached
        self._locks, self._opening, self._closing = Locks(), Lock(), Event()
        self._threads = {
            lock: ThreadPoolExecutor(1, thread_name_prefix="duckdb")
            for lock in (self._locks.sealing, self._locks.reading, self._locks.writing)
        }
        self._opened: _Opened | None = None

    @classmethod
    async def open(cls, path: Path) -> "DuckDbStore":
        """Open or make the file. Raises StoreAway, for example when another process has it."""
        store = cls(path)
        try:
            await store.mark()
        except BaseException:
            await store.close()
            raise
        return store

    @property
    def folder(self) -> Path:
        """Where the sealed files are."""
        return self._path.with_suffix("")

    def capabilities(self) -> Capabilities:
        return Capabilities(keeps_mark=True, drops=True)

    async def write(self, tables: Sequence[Table], mark: Mark | None) -> None:
        await self._do(self._locks.writing, lambda db: db.writer.write(tables, mark))

    async def mark(self) -> Mark | None:
        return await self._do(self._locks.writing, lambda db: db.writer.mark())

    async def write_summaries(self, summaries: Sequence[Summaries]) -> None:
        await self._do(self._locks.writing, lambda db: db.writer.write_summaries(summaries))

    async def raw(self, kind: str, device: str, quantities: Sequence[str], start: int, end: int) -> Columns:
        return (await self.raw_many(kind, [device], quantities, start, end))[device]

    async def raw_many(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int
    ) -> Mapping[str, Columns]:
        return await self._do(self._locks.reading, lambda db: db.reader.raw(kind, devices, quantities, start, end))

    async def rollup(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int, step_s: int
    ) -> Rollup:
        return await self._do(
            self._locks.reading, lambda db: db.reader.rollup(kind, devices, quantities, start, end, step_s)
        )

    async def summaries(self, name: str, keys: Sequence[str], fields: Sequence[str], start: int, end: int) -> Summaries:
        return await self._do(self._locks.reading, lambda db: db.reader.summaries(name, keys, fields, start, end))

    async def drop_before(self, name: str, time: int) -> None:
        await self._do(self._locks.sealing, lambda db: db.sealer.drop_before(name, time))

    async def seal(self, now: int, grace_s: int) -> int:
        """Seal what has been over for `grace_s` seconds; how many files that made."""
        return await self._do(self._locks.sealing, lambda db: db.sealer.seal(now, grace_s))

    async def families(self) -> list[Family]:
        """Every kind and every summary that there is."""
        return await self._do(self._locks.sealing, lambda db: sorted(db.catalogue.shelves, key=str))

    async def figures(self) -> Figures:
        """How much is kept, and in what."""
        return await self._do(self._locks.reading, lambda db: figures(db.reader.db, db.catalogue))

    async def export(self, wish: Wish) -> AsyncIterator[bytes]:
        """One file in pieces, the first of which comes when the store has answered."""
        plan = await self._do(self._locks.reading, lambda db: db.exporter.plan(wish))
        try:
            if wish.format is Format.CSV:
                yield (",".join(plan.header) + "\n").encode()
            for n in range(len(plan.spans)):
                await self._do(self._locks.reading, partial(_lay_down, plan, n))
                if wish.format is Format.CSV:
                    async for piece in _pieces(plan.part(n)):
                        yield piece
            if wish.format is Format.PARQUET:
                await self._do(self._locks.reading, lambda db: db.exporter.join(plan))
                async for piece in _pieces(plan.whole):
                    yield piece
        finally:
            await asyncio.to_thread(shutil.rmtree, plan.folder)

    async def health(self) -> Health:
        try:
            await self.mark()
        except StoreAway as error:
            return Health(False, self._size(), str(error))
        return Health(True, self._size())

    async def close(self) -> None:
        """Finish what is under way and let go of the file."""
        self._closing.set()
        await asyncio.to_thread(self._let_go)
        for thread in self._threads.values():
            thread.shutdown()

    async def _do(self, lock: Lock, work: Callable[[_Opened], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads[lock], self._attempt, lock, work)

    def _attempt(self, lock: Lock, work: Callable[[_Opened], T]) -> T:
        try:
            with lock:
                return work(self._open())
        except _BROKEN as error:
            self._let_go()
            raise StoreAway(str(error)) from error
        except _NEVER as error:
            raise StoreRefused(str(error)) from error
        except (duckdb.Error, OSError) as error:
            raise StoreAway(str(error)) from error

    def _open(self) -> _Opened:
        with self._opening:
            if self._opened is None:
                self._opened = self._connected()
            return self._opened

    def _connected(self) -> _Opened:
        self.folder.mkdir(parents=True, exist_ok=True)
        is_new = not self._path.exists()
        connection = duckdb.connect(str(self._path), config=_SETTINGS)
        try:
            lock_down(connection, self.folder)
            reading, sealing = connection.cursor(), connection.cursor()
            catalogue = Catalogue(connection, self.folder, is_new=is_new)
        except BaseException:
            connection.close()
            raise
        return _Opened(
            (connection, reading, sealing),
            catalogue,
            Writer(connection, catalogue),
            Reader(reading, catalogue),
            Exporter(reading, catalogue),
            Sealer(sealing, catalogue, self._locks, self._closing, self._reached),
        )

    def _let_go(self) -> None:
        """Close the file when nobody uses it; the next call opens it again."""
        with self._locks.sealing, self._locks.reading, self._locks.writing:
            opened, self._opened = self._opened, None
            for connection in opened.connections if opened else ():
                connection.close()

    def _size(self) -> int:
        files = (self._path, self._path.with_name(self._path.name + ".wal"))
        sealed = self._opened.catalogue.bytes() if self._opened else 0
        return sealed + sum(file.stat().st_size for file in files if file.exists())


def _lay_down(plan: Plan, n: int, db: _Opened) -> None:
    db.exporter.lay_down(plan, n)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    """A file, which is gone afterwards."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    await asyncio.to_thread(path.unlink)


def lock_down(db: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """From here on SQL reaches no file but this one and those of the folder."""
    db.execute("SET temp_directory = ?", [str(folder / "spill")])
    db.execute("SET allowed_directories = ?", [[str(folder)]])
    db.execute("SET enable_external_access = false")
    db.execute("SET lock_configuration = true")
