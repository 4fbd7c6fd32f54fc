"""The registry: its schema, its one writer, its moments in time."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from cloud import migrations
from cloud.audit.tables import AuditRow
from cloud.commands import store as commands
from cloud.database import Database, RegistryAway, insert_new, left_out_while_away, upsert
from cloud.fleet import store as fleet
from cloud.fleet.fleet import Device
from cloud.latest.documents import decode
from cloud.latest.store import load_latest
from cloud.latest.values import Latest, LatestValues
from cloud.migrations import migrate, newest, upgrade
from cloud.people.rights import Role, granted
from cloud.people.store import load_grants
from cloud.people.tables import PersonRow
from cloud.tables import METADATA
from protocols.commands import State
from rules.areas import PROVINCE

_LAN = {"id": 1, "username": "lan", "display_name": "Lan", "language": "vi", "password_hash": "x"}


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


def test_a_schema_is_the_newest_when_it_has_the_version_of_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [newest()]


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


_OLD_DEVICES = """
INSERT INTO device (id, kind, edge) VALUES ('L1', 'luminaire', 'E1'), ('L2', 'luminaire', 'E1'), ('M', 'meter', 'E1')
"""
_OLD_LATEST = """
INSERT INTO latest (device, kind, at, "values", flags, rules) VALUES
('L1', 'luminaire', 100, '{"voltage": 230.5, "current": null}', '{"voltage": 3}',
 '{"lamp_out": {"at": 100, "raised": true, "lit_since": null, "samples": 1, "held_s": 60, "counted_at": 40}}'),
('L2', 'luminaire', 200, '{"voltage": 229.0}', '{}', '{}'),
('M', 'meter', 300, '{"frequency": 50.0}', '{}', '{}')
"""


async def test_newest_values_in_rows_become_documents(empty_registry: str, tmp_path: Path) -> None:
    database = Database(empty_registry)
    async with database.engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(upgrade, "0006")
        for statement in (_OLD_DEVICES, _OLD_LATEST):
            await connection.exec_driver_sql(statement)
    await migrate(database, tmp_path)
    latest = LatestValues(
        [Device("L2", "luminaire", "E1"), Device("L1", "luminaire", "E1"), Device("M", "meter", "E1")]
    )
    async with database.read() as session:
        found = {part: decode(latest.kinds[part[1]], raw) async for part, raw in load_latest(session)}
    await database.close()
    for (_, kind), document in found.items():
        latest.kinds[kind].take(document.rows)
    assert latest.get("L1") == Latest("luminaire", 100, {"current": None, "voltage": 230.5}, {"voltage": 3})
    assert latest.get("L2") == Latest("luminaire", 200, {"voltage": 229.0})
    assert latest.get("M") == Latest("meter", 300, {"frequency": 50.0})
    lamps = found["E1", "luminaire"]
    states = {name: column.tolist() for name, column in lamps.rules["lamp_out"].items()}
    assert lamps.rows.places.tolist() == [1, 0]
    assert states == {
        "at": [100, -1],
        "raised": [True, False],
        "lit_since": [-1, -1],
        "samples": [1, 0],
        "held_s": [60, 0],
        "counted_at": [40, -1],
    }


_OLD_PERSON = """
INSERT INTO person (id, username, display_name, role, language, password_hash)
VALUES (7, 'lan', 'Lan', 'operator', 'vi', 'x')
"""


async def test_who_had_a_role_everywhere_keeps_it_everywhere(empty_registry: str, tmp_path: Path) -> None:
    database = Database(empty_registry)
    async with database.engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(upgrade, "0009")
        await connection.exec_driver_sql(_OLD_PERSON)
    await migrate(database, tmp_path)
    async with database.read() as session:
        assert await load_grants(session, 7) == [granted(Role.OPERATOR, PROVINCE)]
    await database.close()


_OLD_INVENTORIES = """
INSERT INTO inventory (version, hash, imported_at, document) VALUES
(1, 'a', '2026-11-20 12:00:00.000000', '{"site": "halong"}'),
(2, 'b', '2026-11-21 12:00:00.000000', '{"site": "halong"}')
"""


async def test_the_one_city_of_before_is_in_force_with_its_newest_inventory(
    empty_registry: str, tmp_path: Path
) -> None:
    database = Database(empty_registry)
    async with database.engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(upgrade, "0010")
        await connection.exec_driver_sql(_OLD_INVENTORIES)
    await migrate(database, tmp_path)
    async with database.read() as session:
        held = await fleet.load_in_force(session)
    assert {site: row.version for site, row in held.items()} == {"halong": 2}
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


async def test_a_look_at_a_registry_that_is_away_is_left_out_and_a_mistake_of_ours_is_not(database: Database) -> None:
    with left_out_while_away("a test"):
        raise RegistryAway("it starts")
    with pytest.raises(DBAPIError), left_out_while_away("a test"):
        async with database.read() as session:
            await session.execute(text("SELECT nonsense"))


async def test_many_rows_are_written_in_statements_that_are_soon_answered(database: Database) -> None:
    people = [{**_LAN, "id": n, "username": f"lan {n}"} for n in range(1, 12_001)]
    together: list[int] = []
    for engine in {database.engine.sync_engine, database.prompt.sync_engine}:
        event.listen(engine, "before_cursor_execute", lambda *told: together.append(len(told[3])))
    async with database.write() as session:
        await upsert(session, PersonRow, people)
        await insert_new(session, PersonRow, people)
    assert max(together) == 5_000
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM person")) == 12_000


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


def test_a_registry_in_sqlite_needs_no_driver_of_postgresql() -> None:
    program = "import sys; sys.modules['asyncpg'] = None; import cloud.main"
    found = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


async def test_a_writer_that_is_told_to_end_in_the_middle_of_a_statement_makes_room_for_the_next(
    database: Database, empty_registry: str
) -> None:
    async def write() -> None:
        async with database.write() as session:
            await session.execute(select(PersonRow))
            await session.execute(text("SELECT 1 UNION ALL SELECT 2 /* told to end */"))

    def tell(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "told to end" in statement:
            asyncio.get_running_loop().call_soon(writing.cancel)  # before the answer can come

    event.listen(database.prompt.sync_engine, "before_cursor_execute", tell)
    writing = asyncio.ensure_future(write())
    with pytest.raises(asyncio.CancelledError) as remembered:
        await writing
    next_one = Database(empty_registry)
    async with next_one.write() as session:
        await session.execute(text("SELECT 1"))
    await next_one.close()
    assert remembered.traceback, "as long as that is so, the cursor is there"
