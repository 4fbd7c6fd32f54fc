"""What stands above the programme of each luminaire. Kept on disk; what has an end ends here, without anybody else."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Self

from edge_agent.database import Act, Database
from protocols.commands import Emergency, Held, LockOut, Override
from rules.held import in_force

SCHEMA = """
CREATE TABLE IF NOT EXISTS held (
    device TEXT NOT NULL, rung TEXT NOT NULL, action TEXT NOT NULL, PRIMARY KEY (device, rung)
);
CREATE TABLE IF NOT EXISTS override (device TEXT PRIMARY KEY, override TEXT NOT NULL);
INSERT OR IGNORE INTO held SELECT device, 'override', override FROM override;
DELETE FROM override;
"""  # until November 2026 there was one rung, in a table of its own

_RUNGS: Mapping[str, Callable[[str], LockOut | Emergency | Override]] = {
    "lock_out": LockOut.model_validate_json,
    "emergency": Emergency.model_validate_json,
    "override": Override.model_validate_json,
}

NOTHING = Held()


class Overrides:
    """One of each rung for each luminaire at most. Open it with `load`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[str, Held] = {}

    @classmethod
    async def load(cls, database: Database) -> Self:
        """What a database that has SCHEMA holds."""
        overrides = cls(database)
        overrides._held = await database.run(_read)
        return overrides

    def held(self, device: str, now: datetime) -> Held:
        """What is in force."""
        held = self._held.get(device)
        return NOTHING if held is None else in_force(held, now)

    async def put(self, device: str, held: Held) -> None:
        """From now on this, and nothing else. When this returns, it is on the disk, but for the level of a test."""
        await self._database.run(holding(device, held))
        self.remember(device, held)

    def remember(self, device: str, held: Held) -> None:
        """What `holding` has written is on the disk."""
        if held == NOTHING:
            self._held.pop(device, None)
        else:
            self._held[device] = held

    def test(self, device: str, level: Override | None) -> None:
        """The level that a self-test has a luminaire at, or `None` at its end. A restart ends every test."""
        self.remember(device, replace(self._held.get(device, NOTHING), test=level))


def holding(device: str, held: Held) -> Act:
    """Writes what a luminaire is held by, together with something else."""
    found = {rung: getattr(held, rung) for rung in _RUNGS}
    rows = [(device, rung, action.model_dump_json()) for rung, action in found.items() if action is not None]

    def act(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM held WHERE device = ?", (device,))
        connection.executemany("INSERT INTO held VALUES (?, ?, ?)", rows)

    return act


def _read(connection: sqlite3.Connection) -> dict[str, Held]:
    found: dict[str, dict[str, LockOut | Emergency | Override]] = defaultdict(dict)
    for device, rung, action in connection.execute("SELECT device, rung, action FROM held"):
        found[device][rung] = _RUNGS[rung](action)
    return {device: Held(**rungs) for device, rungs in found.items()}  # type: ignore[arg-type]  # by _RUNGS
