"""A real store with a switch: away, or refusing some devices; and a consumer that keeps what it was given."""

import asyncio
from collections.abc import Sequence

from cloud.ingest.cursors import Arrived
from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import Mark, StoreAway, StoreRefused
from protocols.readings import Table


class SwitchedStore(DuckDbStore):
    """DuckDB behind a switch."""

    away = False
    refused_device = ""
    tries = 0
    commits = 0

    async def write(self, tables: Sequence[Table], mark: Mark | None) -> None:
        self.tries += 1
        if self.away:
            raise StoreAway("switched off")
        if any(self.refused_device in table.devices for table in tables):
            raise StoreRefused("a device that is not wanted")
        await super().write(tables, mark)
        self.commits += 1


class Consumer:
    """Keeps its position like a real one: together with what it made of the batches."""

    def __init__(self) -> None:
        self.batches: list[Arrived] = []
        self.upto = 0
        self.changed = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def position(self) -> int:
        return self.upto

    async def consume(self, batches: Sequence[Arrived], upto: int) -> int:
        await self.open.wait()
        self.batches += batches
        self.upto = upto
        self.changed.set()
        return upto

    def seqs(self) -> list[int]:
        """What it was given, in order."""
        return [arrived.batch.header.seq for arrived in self.batches]
