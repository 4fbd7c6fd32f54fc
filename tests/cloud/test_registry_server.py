"""The registry's server is stopped, started and held: who only waited does not notice, and nothing is half there."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.database import PROMPT_S, Database, RegistryAway
from cloud.errors import ErrorOut, answer_refusals
from cloud.fleet.edges import Edges
from cloud.fleet.tables import EdgeRow
from cloud.latest.consumer import SAVE_EVERY_S
from cloud.main import CANNOT_START, serve
from cloud.people.tables import PersonRow
from cloud.settings import Settings
from protocols.clock import DomainClock
from protocols.wire import EdgeState
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import serving
from tests.postgresql import Cluster, copied, stopped_cluster
from tests.waiting import until, until_async


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """A server's folder, to be copied."""
    with stopped_cluster() as folder:
        yield folder


@pytest.fixture
async def postgresql(stopped: Path) -> AsyncIterator[Cluster]:
    """A server of a test's own, with a migrated database."""
    with copied(stopped) as running:
        yield running


@pytest.fixture
def told(settings: Settings, postgresql: Cluster) -> Settings:
    """A service whose registry is on that server."""
    return settings.model_copy(update={"database_url": postgresql.url("migrated")})


async def restart(server: Cluster) -> None:
    server.stop()
    server.start()
    await server.ready()


async def test_a_postgresql_that_restarts_between_transactions_is_not_noticed(
    told: Settings, postgresql: Cluster, clock: DomainClock
) -> None:
    async with serving(told, clock) as running, running.signed_in() as client:
        await restart(postgresql)
        assert (await client.get("/api/v1/session")).status_code == 200
        await restart(postgresql)
        await Feed(running).readings([lamp(1, EVENING)])
        assert (await client.get("/api/v1/audit?limit=1")).status_code == 200


async def test_a_transaction_that_postgresql_cuts_is_not_half_there(postgresql: Cluster) -> None:
    database = Database(postgresql.url("migrated"))
    with pytest.raises(RegistryAway):
        await _write_while_it_stops(database, postgresql)
    postgresql.start()
    await postgresql.ready()
    async with database.read() as session:
        assert await session.scalar(select(PersonRow)) is None
    await database.close()


async def _write_while_it_stops(database: Database, server: Cluster) -> None:
    person = {"username": "lan", "display_name": "Lan", "language": "vi", "password_hash": "x"}
    async with database.write() as session:
        session.add(PersonRow(**person))
        await session.flush()
        server.stop()
        await session.execute(text("SELECT 1"))


async def test_without_its_postgresql_values_go_on_and_what_follows_is_written_when_it_is_back(
    told: Settings, postgresql: Cluster, clock: DomainClock, wall: Wall
) -> None:
    wall.advance(hours=1)
    async with serving(told, clock) as running:
        hand = Wall(time.monotonic())
        running.parts.live._monotonic, feed = hand, Feed(running)
        await feed.readings([lamp(1, EVENING)])
        postgresql.stop()
        await feed.readings([lamp(3, EVENING + timedelta(minutes=n), active_power=0.0) for n in range(6)])
        value = running.parts.measurements.latest.get(lamp_id(3))
        assert value is not None
        assert value.values["active_power"] == 0.0
        assert running.parts.alarms.listed() == []
        assert running.parts.cursors.positions["live"] == 1
        postgresql.start()
        await postgresql.ready()
        hand.advance(seconds=SAVE_EVERY_S)
        await until(lambda: running.parts.cursors.positions["live"] == 2)
        async with running.signed_in() as client:
            (alarm,) = (await client.get("/api/v1/alarms?state=open")).json()
    assert alarm["source"] == lamp_id(3)


async def test_what_edges_say_while_postgresql_is_away_is_written_when_it_is_back(postgresql: Cluster) -> None:
    database, edges = Database(postgresql.url("migrated")), Edges({"HL-E01": "halong"}, lambda: EVENING, lambda: 0.0)
    edges.told("HL-E01", EdgeState(state="online"))
    postgresql.stop()
    with pytest.raises(RegistryAway):
        await _save(edges, database)
    postgresql.start()
    await postgresql.ready()
    await _save(edges, database)
    async with database.read() as session:
        assert await session.scalar(select(EdgeRow.state)) == "online"
    await database.close()


async def _save(edges: Edges, database: Database) -> None:
    async with database.write() as session:
        changed = await edges.save(session)
    edges.saved(changed)


async def test_a_service_that_finds_no_postgresql_says_so_in_one_line_and_ends(
    told: Settings, postgresql: Cluster, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    postgresql.stop()
    with pytest.raises(SystemExit) as caught:
        await serve(told, clock)
    assert caught.value.code == CANNOT_START
    assert caplog.messages[-1].startswith("the registry (postgresql+asyncpg) cannot be used: ")
    assert "\n" not in caplog.messages[-1]


@asynccontextmanager
async def asking(
    url: str, hold: Callable[[], None] = lambda: None, prompt_s: float = PROMPT_S
) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody whose questions the registry has to answer; nothing runs beside them. `hold` comes between two looks."""
    app, database = FastAPI(), Database(url, prompt_s)
    answer_refusals(app)

    @app.get("/{table}")
    async def look(table: str) -> int:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))
            hold()
            return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608

    try:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://haidang") as client:
            yield client
    finally:
        await database.close()


def says_away(answered: httpx2.Response) -> None:
    problem = ErrorOut.model_validate_json(answered.content).detail
    assert (answered.status_code, problem.code) == (503, "registry_away")
    assert problem.message == "the registry does not answer; try again"


async def test_a_request_while_postgresql_is_away_is_answered_with_503_until_it_is_back(postgresql: Cluster) -> None:
    async with asking(postgresql.url("migrated")) as client:
        assert (await client.get("/person")).json() == 0
        postgresql.stop()
        says_away(await client.get("/person"))
        postgresql.start()
        await postgresql.ready()
        assert (await client.get("/person")).status_code == 200


async def test_a_request_that_loses_postgresql_on_the_way_is_answered_with_503(postgresql: Cluster) -> None:
    async with asking(postgresql.url("migrated"), hold=postgresql.stop) as client:
        says_away(await client.get("/person"))


async def test_a_request_while_postgresql_keeps_silent_is_answered_with_503_until_it_speaks(
    postgresql: Cluster,
) -> None:
    async with asking(postgresql.url("migrated"), prompt_s=0.3) as client:
        assert (await client.get("/person")).json() == 0
        with postgresql.silent():
            says_away(await client.get("/person"))  # by the connection that was there
            says_away(await client.get("/person"))  # by a new one
        assert (await client.get("/person")).json() == 0


async def test_a_request_on_the_way_of_which_postgresql_falls_silent_is_answered_with_503(postgresql: Cluster) -> None:
    with ExitStack() as silence:

        def hold() -> None:
            silence.enter_context(postgresql.silent())

        async with asking(postgresql.url("migrated"), hold, prompt_s=0.3) as client:
            says_away(await client.get("/person"))


async def test_a_transaction_that_is_not_confirmed_is_not_said_to_be_done(postgresql: Cluster) -> None:
    database = Database(postgresql.url("migrated"), 0.3)
    with ExitStack() as silence, pytest.raises(RegistryAway):
        await _commit_into(silence, database, postgresql)
    await database.close()


async def _commit_into(silence: ExitStack, database: Database, server: Cluster) -> None:
    async with database.write() as session:
        await session.execute(text("SELECT 1"))
        silence.enter_context(server.silent())


async def test_who_is_patient_waits_longer_for_a_statement(postgresql: Cluster) -> None:
    database = Database(postgresql.url("migrated"), 0.2)
    with pytest.raises(RegistryAway):
        await _wait(database.read())
    with pytest.raises(RegistryAway):
        await _wait(database.write())
    await _wait(database.read(patient=True))
    await _wait(database.write(patient=True))
    await database.close()


async def _wait(asked: AbstractAsyncContextManager[AsyncSession], seconds: int = 1) -> None:
    async with asked as session:
        await session.execute(text(f"SELECT pg_sleep({seconds})"))


async def test_who_is_told_to_end_in_the_middle_of_a_statement_ends(postgresql: Cluster) -> None:
    """And does not take it for a registry that is away, and go on."""
    database = Database(postgresql.url("migrated"))
    asked = asyncio.ensure_future(_wait(database.read(), seconds=600))
    await until_async(lambda: _is_asleep(database))
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await database.close()


async def _is_asleep(database: Database) -> bool:
    at_work = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'"
    async with database.read() as session:
        return bool((await session.execute(text(at_work))).scalar_one())


async def test_when_every_connection_is_waited_for_the_next_is_told_so(postgresql: Cluster) -> None:
    database = Database(postgresql.url("migrated"), 0.2)
    async with AsyncExitStack() as taken:
        for _ in range(20):
            await taken.enter_async_context(database.read())
        with pytest.raises(RegistryAway):
            await taken.enter_async_context(database.read())
    async with database.read() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await database.close()


async def test_a_question_that_postgresql_does_not_understand_is_our_mistake(postgresql: Cluster) -> None:
    async with asking(postgresql.url("migrated")) as client:
        with pytest.raises(DBAPIError):
            await client.get("/no_such_table")


async def test_readers_of_a_postgresql_see_one_state_from_the_first_statement_to_the_last(postgresql: Cluster) -> None:
    database = Database(postgresql.url("migrated"))
    person = {"username": "lan", "display_name": "Lan", "language": "vi", "password_hash": "x"}
    async with database.read() as reader:
        assert await reader.scalar(select(PersonRow)) is None
        async with database.write() as writer:
            writer.add(PersonRow(**person))
        assert await reader.scalar(select(PersonRow)) is None
    async with database.read() as reader:
        assert await reader.scalar(select(PersonRow.username)) == "lan"
    await database.close()
