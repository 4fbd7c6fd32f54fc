"""Which luminaires are held by hand, and until when. Kept on disk; they end here, without anybody else."""

import sqlite3
from datetime import datetime
from typing import Self

from edge_agent.database import Act, Database
from protocols.commands import Override

SCHEMA = """
CREATE TABLE IF NOT EXISTS override (device TEXT PRIMARY KEY, override TEXT NOT NULL);
"""


class Overrides:
    """One for each luminaire at most. Open it with `load`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[str, Override] = {}

    @classmethod
    async def load(cls, database: Database) -> Self:
        """The overrides of a database that has SCHEMA."""
        overrides = cls(database)
        rows = await database.run(lambda connection: connection.execute("SELECT * FROM override").fetchall())
        overrides._held = {device: Override.model_validate_json(text) for device, text in rows}
        return overrides

    def current(self, device: str, now: datetime) -> Override | None:
        """The override that is in force."""
        override = self._held.get(device)
        return override if override and now < override.until else None

    async def put(self, device: str, override: Override | None) -> None:
        """Hold a luminaire, or let it go. When this returns, it is on the disk."""
        await self._database.run(holding(device, override))
        self.remember(device, override)

    def remember(self, device: str, override: Override | None) -> None:
        """What `holding` has written is on the disk."""
        if override is None:
            self._held.pop(device, None)
        else:
            self._held[device] = override


def holding(device: str, override: Override | None) -> Act:
    """Writes that a luminaire is held, or is not, together with something else."""

    def act(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM override WHERE device = ?", (device,))
        if override is not None:
            connection.execute("INSERT INTO override VALUES (?, ?)", (device, override.model_dump_json()))

    return act
