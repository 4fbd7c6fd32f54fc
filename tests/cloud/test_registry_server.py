"""The registry's server is stopped and started: who only waited does not notice, who was writing ends with a line."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from cloud.database import Database
from cloud.errors import ErrorOut, answer_refusals
from cloud.main import CANNOT_START, serve
from cloud.people.tables import PersonRow
from cloud.settings import Settings
from protocols.clock import DomainClock
from tests.cloud.clocks import EVENING
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import serving
from tests.postgresql import Cluster, copied, stopped_cluster


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
    with pytest.raises(DBAPIError):
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


async def test_without_its_postgresql_the_live_side_ends_the_service_with_one_line(
    told: Settings, postgresql: Cluster, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ExceptionGroup):
        await _go_on_without(postgresql, told, clock)
    (line,) = [message for message in caplog.messages if "cursors has ended the service" in message]
    assert "\n" not in line


async def _go_on_without(server: Cluster, settings: Settings, clock: DomainClock) -> None:
    async with asyncio.timeout(60), serving(settings, clock) as running:
        server.stop()
        await Feed(running).readings([lamp(1, EVENING)])


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
async def asking(url: str, hold: Callable[[], None] = lambda: None) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody whose questions the registry has to answer; nothing runs beside them. `hold` comes between two looks."""
    app, database = FastAPI(), Database(url)
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
    assert (answered.status_code, problem.code) == (503, "not_ready")
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
