"""What luminaires are held by, over restarts and over versions of the software."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent import overrides
from edge_agent.database import Database
from edge_agent.overrides import Overrides
from protocols.commands import Emergency, Held, LockOut, Override

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
DIMMED = Override(level=40, until=NOW + timedelta(hours=1))
LIGHT = Emergency(until=NOW + timedelta(hours=2))
ALL = Held(LockOut(), LIGHT, DIMMED)


async def _reopened(path: Path) -> Overrides:
    async with Database(path, overrides.SCHEMA) as database:
        return await Overrides.load(database)


async def test_every_rung_survives_a_restart_but_for_a_self_test(tmp_path: Path) -> None:
    async with Database(tmp_path / "edge.sqlite", overrides.SCHEMA) as database:
        first = await Overrides.load(database)
        await first.put("L1", ALL)
        first.test("L1", Override(level=25, until=NOW + timedelta(minutes=1)))
        first.test("L2", Override(level=25, until=NOW + timedelta(minutes=1)))
    second = await _reopened(tmp_path / "edge.sqlite")
    assert second.held("L1", NOW) == ALL
    assert second.held("L2", NOW) == Held()
    assert second.held("L1", LIGHT.until) == Held(LockOut())
    assert second.held("L1", NOW + timedelta(days=3650)).lock_out is not None


async def test_overrides_that_older_software_wrote_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "edge.sqlite"
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE override (device TEXT PRIMARY KEY, override TEXT NOT NULL)")
        old.execute("INSERT INTO override VALUES ('L1', ?)", (DIMMED.model_dump_json(),))
    old.close()
    for _ in range(2):
        assert (await _reopened(path)).held("L1", NOW) == Held(override=DIMMED)
    async with Database(path, overrides.SCHEMA) as database:
        await (await Overrides.load(database)).put("L1", Held())
    assert (await _reopened(path)).held("L1", NOW) == Held()
