"""The service starts and ends cleanly, and ends with the reason when a part of it dies."""

import asyncio
import logging
import socket

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from cloud.main import CANNOT_START, listening, serve
from cloud.settings import Address, Settings
from protocols.clock import DomainClock
from tests.cloud.clocks import EVENING
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import serving
from tests.ports import free_port, wait_for_port

LONGEST_START_S, LONGEST_END_S = 60.0, 10.0  # it listens before it is ready


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """On a port that a test knows, with a broker that is not there."""
    broker = settings.broker.model_copy(update={"port": free_port()})
    return settings.model_copy(update={"listen": Address(host="127.0.0.1", port=free_port()), "broker": broker})


async def test_it_serves_until_it_is_cancelled_also_without_a_broker(settings: Settings, clock: DomainClock) -> None:
    task = asyncio.create_task(serve(settings, clock))
    await wait_for_port(settings.listen.port)
    async with httpx2.AsyncClient(timeout=LONGEST_START_S) as client:
        answered = await client.get(f"http://127.0.0.1:{settings.listen.port}/api/v1/health")
    task.cancel()
    async with asyncio.timeout(LONGEST_END_S):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert answered.json()["status"] == "ok"


def test_an_answer_s_body_does_not_wait_until_its_head_was_acknowledged() -> None:
    with (
        listening(Address(host="127.0.0.1", port=0)) as door,
        socket.create_connection(door.getsockname()),
        door.accept()[0] as taken,
    ):
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_port_that_is_taken_is_said_in_one_line(
    settings: Settings, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", settings.listen.port)), pytest.raises(SystemExit) as caught:
        await serve(settings, clock)
    assert caught.value.code == CANNOT_START
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert str(settings.listen.port) in line
    assert "\n" not in line


async def test_an_inventory_that_is_not_there_is_said_in_one_line(
    settings: Settings, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    settings.sites[0].inventory.unlink()
    with pytest.raises(SystemExit):
        await serve(settings, clock)
    assert "inventory.json" in caplog.messages[-1]


@pytest.mark.parametrize("name", ["registry.sqlite", "inbox.sqlite", "telemetry.duckdb"])
async def test_a_file_that_is_damaged_is_said_in_one_line(
    settings: Settings, clock: DomainClock, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    (settings.data / name).write_bytes(b"not a database" * 1000)
    with pytest.raises(SystemExit) as caught:
        await serve(settings, clock)
    assert caught.value.code == CANNOT_START
    assert "\n" not in caplog.messages[-1]


async def test_a_registry_of_a_newer_version_is_said_in_one_line(
    settings: Settings, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(settings, clock) as running, running.parts.database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SystemExit):
        await serve(settings, clock)
    assert caplog.messages[-1].startswith("the registry (sqlite+aiosqlite) cannot be used")
    assert "9999" in caplog.messages[-1]


async def test_a_part_that_dies_ends_the_service_with_the_reason(
    settings: Settings, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await _run_over_a_broken_registry(settings, clock)
    assert caught.group_contains(DatabaseError, match="no such table: latest")
    assert any("cursors has ended the service" in message for message in caplog.messages)


async def _run_over_a_broken_registry(settings: Settings, clock: DomainClock) -> None:
    async with asyncio.timeout(30), serving(settings, clock) as running:
        async with running.parts.database.engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE latest")
        await Feed(running).readings([lamp(1, EVENING)])
