"""The registry: its schema, its one writer, its moments in time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from cloud.audit.tables import AuditRow
from cloud.commands import store as commands
from cloud.database import Database, upsert
from cloud.migrations import migrate, upgrade
from cloud.people.tables import PersonRow
from cloud.tables import METADATA
from protocols.commands import State

_LAN = {"id": 1, "username": "lan", "display_name": "Lan", "role": "viewer", "language": "vi", "password_hash": "x"}


@pytest.fixture
async def database(empty_registry: str, tmp_path: Path) -> AsyncIterator[Database]:
    """A registry with the newest schema."""
    made = Database(empty_registry)
    await migrate(made, tmp_path)
    yield made
    await made.close()


async def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


_OLD_COMMAND = """
INSERT INTO command (id, target, edge, action, state, who, issued_at, expires_at, history, failure)
VALUES ('c1', 'HL-000001', 'HL-E01', '{"type": "resume"}', 'failed', 'lan', '2026-11-21 12:00:00.000000',
        '2026-11-21 12:01:00.000000', '[{"state": "failed", "at": "2026-11-21T12:00:05Z"}]', 'does not answer')
"""


async def test_a_failure_that_was_told_in_a_sentence_keeps_it(empty_registry: str, tmp_path: Path) -> None:
    database = Database(empty_registry)
    async with database.engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(upgrade, "0004")
        await connection.exec_driver_sql(_OLD_COMMAND)
    await migrate(database, tmp_path)
    async with database.read() as session:
        order = (await commands.load(session, ["c1"]))["c1"]
    assert (order.state, order.refusal, order.detail) == (State.FAILED, None, "does not answer")
    await database.close()


async def test_migrating_twice_at_once_is_migrating_once(empty_registry: str, tmp_path: Path) -> None:
    databases = [Database(empty_registry) for _ in range(2)]
    await asyncio.gather(*(asyncio.to_thread(asyncio.run, _migrate(database, tmp_path)) for database in databases))
    async with databases[0].read() as session:
        assert await session.scalar(text("SELECT count(*) FROM alembic_version")) == 1
    await databases[0].close()


async def _migrate(database: Database, folder: Path) -> None:
    await migrate(database, folder)
    await database.close()


async def test_the_registry_in_a_file_survives_a_power_cut(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'registry.sqlite'}")
    async with database.read() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await session.scalar(text("PRAGMA synchronous")) == 2
        assert await session.scalar(text("PRAGMA foreign_keys")) == 1
    await database.close()


async def test_a_writer_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(RuntimeError, match="half-way"):
        await _fail_half_way(database)
    async with database.read() as session:
        assert await session.scalar(select(PersonRow)) is None


async def _fail_half_way(database: Database) -> None:
    async with database.write() as session:
        session.add(PersonRow(**_LAN))
        await session.flush()
        raise RuntimeError("half-way")


async def test_writers_wait_for_each_other_and_readers_for_nobody(database: Database) -> None:
    order: list[str] = []

    async def write(name: str) -> None:
        async with database.write() as session:
            order.append(f"{name} begins")
            await upsert(session, PersonRow, [{**_LAN, "display_name": name}])
            async with database.read() as reader:
                await reader.scalar(select(PersonRow))
            order.append(f"{name} ends")

    await asyncio.gather(write("a"), write("b"))
    assert order in (["a begins", "a ends", "b begins", "b ends"], ["b begins", "b ends", "a begins", "a ends"])


async def test_a_moment_comes_back_as_the_same_moment_in_utc(database: Database) -> None:
    at = datetime(2026, 11, 21, 19, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=7)))
    row = {"seq": 1, "who": "", "act": "", "target": "", "reason": "", "result": "", "previous": "", "hash": ""}
    async with database.write() as session:
        session.add(AuditRow(at=at, **row))
    async with database.read() as session:
        found = await session.scalar(select(AuditRow.at))
    assert found == at
    assert found is not None
    assert found.tzinfo == UTC
