"""The embedded store: one DuckDB file, opened by this process alone, and one thread that does all the work.

Data and mark are committed together, so what is delivered again after a crash is stored exactly once.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import duckdb

from cloud.telemetry.duckdb_tables import Tables
from cloud.telemetry.store import Capabilities, Columns, Health, Mark, Rollup, StoreAway, StoreRefused, Summaries
from protocols.readings import Table

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,  # nothing is downloaded at run time
    "autoload_known_extensions": False,
    "enable_external_access": False,  # SQL reaches no file but this one
}
_BROKEN = (duckdb.FatalException, duckdb.InternalException)  # DuckDB wants the file opened again
_NEVER = (duckdb.DataError, duckdb.IntegrityError)

T = TypeVar("T")


class DuckDbStore:
    """A TelemetryStore in one file. Made by `open`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="duckdb")
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._tables: Tables | None = None

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

    def capabilities(self) -> Capabilities:
        return Capabilities(keeps_mark=True, drops=True)

    async def write(self, tables: Sequence[Table], mark: Mark | None) -> None:
        await self._do(lambda db: db.write(tables, mark))

    async def mark(self) -> Mark | None:
        return await self._do(Tables.mark)

    async def raw(self, kind: str, device: str, quantities: Sequence[str], start: int, end: int) -> Columns:
        return await self._do(lambda db: db.raw(kind, device, quantities, start, end))

    async def rollup(
        self, kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int, step_s: int
    ) -> Rollup:
        return await self._do(lambda db: db.rollup(kind, devices, quantities, start, end, step_s))

    async def series(self, kind: str) -> Sequence[str]:
        return await self._do(lambda db: db.series(kind))

    async def write_summaries(self, summaries: Sequence[Summaries]) -> None:
        await self._do(lambda db: db.write_summaries(summaries))

    async def summaries(self, name: str, keys: Sequence[str], fields: Sequence[str], start: int, end: int) -> Summaries:
        return await self._do(lambda db: db.summaries(name, keys, fields, start, end))

    async def drop_before(self, name: str, time: int) -> None:
        await self._do(lambda db: db.drop_before(name, time))

    async def health(self) -> Health:
        try:
            await self.mark()
        except StoreAway as error:
            return Health(False, self._size(), str(error))
        return Health(True, self._size())

    async def close(self) -> None:
        """Finish what is under way and let go of the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown()

    async def _do(self, work: Callable[[Tables], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._attempt, work)

    def _attempt(self, work: Callable[[Tables], T]) -> T:
        try:
            return work(self._opened())
        except _BROKEN as error:
            self._let_go()
            raise StoreAway(str(error)) from error
        except _NEVER as error:
            raise StoreRefused(str(error)) from error
        except duckdb.Error as error:
            raise StoreAway(str(error)) from error

    def _opened(self) -> Tables:
        if self._tables is None:
            self._connection = duckdb.connect(str(self._path), config=_SETTINGS)
            self._tables = Tables(self._connection)
        return self._tables

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._tables = None

    def _size(self) -> int:
        files = (self._path, self._path.with_name(self._path.name + ".wal"))
        return sum(file.stat().st_size for file in files if file.exists())
