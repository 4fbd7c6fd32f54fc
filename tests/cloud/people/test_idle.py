"""A session ends twelve hours after it began, and earlier when nobody does anything in it."""

import asyncio
from datetime import UTC, datetime

import httpx2
import pytest
from sqlalchemy import select, update

from cloud.live.hub import SIGNED_OUT, Hub
from cloud.live.sessions import close_ended
from cloud.people.rights import Role
from cloud.people.tables import SessionRow
from tests.cloud.clocks import Wall
from tests.cloud.serving import Service
from tests.waiting import until

API = "/api/v1"
SESSION = f"{API}/session"
MAP, LIVE = f"{API}/map/live", f"{API}/live"
UNATTENDED = {"Haidang-Unattended": "1"}


async def status(client: httpx2.AsyncClient, headers: dict[str, str] | None = None) -> int:
    return (await client.get(SESSION, headers=headers)).status_code


async def seen_at(service: Service) -> datetime | None:
    async with service.parts.database.read() as session:
        return await session.scalar(select(SessionRow.seen_at))


async def look_through(service: Service) -> None:
    """What the service does twice a second."""
    await close_ended(service.parts.people, service.parts.tokens, hubs(service))


def hubs(service: Service) -> list[Hub]:
    return [service.parts.map_hub, service.parts.event_hub]


async def test_a_session_ends_after_twelve_hours_however_busy(service: Service, wall: Wall) -> None:
    async with service.signed_in(Role.OPERATOR) as client:
        for _ in range(11):
            wall.advance(hours=1)
            assert await status(client) == 200
        wall.advance(minutes=59)
        assert await status(client) == 200
        wall.advance(minutes=1)
        assert await status(client) == 401


@pytest.mark.parametrize(("role", "minutes"), [(Role.ADMINISTRATOR, 30), (Role.OPERATOR, 240), (Role.VIEWER, 240)])
async def test_a_session_that_nobody_uses_ends(service: Service, wall: Wall, role: Role, minutes: int) -> None:
    async with service.signed_in(role) as client:
        wall.advance(minutes=minutes - 1)
        assert await status(client) == 200
        wall.advance(minutes=minutes - 1)
        assert await status(client) == 200
        wall.advance(minutes=minutes)
        assert await status(client) == 401


async def test_what_the_console_asks_while_nobody_is_there_keeps_no_session(service: Service, wall: Wall) -> None:
    async with service.signed_in() as client:
        wall.advance(minutes=29)
        assert await status(client, UNATTENDED) == 200
        wall.advance(minutes=1)
        assert await status(client, UNATTENDED) == 401


async def test_a_use_is_written_once_a_minute(service: Service, wall: Wall) -> None:
    async with service.signed_in() as client:
        opened = datetime.fromtimestamp(wall(), UTC)
        wall.advance(seconds=59)
        await status(client)
        assert await seen_at(service) == opened
        wall.advance(seconds=1)
        await status(client)
        assert await seen_at(service) == datetime.fromtimestamp(wall(), UTC)


@pytest.mark.parametrize("path", [MAP, LIVE])
async def test_an_open_socket_alone_keeps_no_session(service: Service, wall: Wall, path: str) -> None:
    async with service.signed_in() as client, service.socket(path, client) as socket:
        await until(lambda: sum(map(len, hubs(service))))
        await socket.send('{"subscribe": []}')  # what the console says by itself when it connects
        wall.advance(minutes=29)
        async with service.socket(path, client):  # a line that was lost
            pass
        wall.advance(minutes=1)
        async with asyncio.timeout(30):
            await socket.wait_closed()
    assert socket.close_code == SIGNED_OUT


async def test_who_asks_for_other_readings_over_the_socket_is_not_idle(service: Service, wall: Wall) -> None:
    async with service.signed_in() as client, service.socket(LIVE, client) as socket:
        await until(lambda: len(service.parts.event_hub))
        wall.advance(minutes=29)
        await socket.send('{"subscribe": []}')
        await socket.send('{"subscribe": ["HL-000001"]}')
        await until(lambda: any(listener.devices for listener in service.parts.event_hub))
        await look_through(service)
        wall.advance(minutes=29)
        assert await status(client) == 200


async def test_an_operator_who_watches_the_map_for_forty_minutes_stays(service: Service, wall: Wall) -> None:
    async with service.signed_in(Role.OPERATOR) as client, service.socket(MAP, client):
        await until(lambda: len(service.parts.map_hub))
        wall.advance(minutes=40)
        await look_through(service)
        assert await status(client) == 200


async def test_a_session_from_before_there_was_an_idle_limit_gets_one_when_it_is_used(
    service: Service, wall: Wall
) -> None:
    async with service.signed_in() as client:
        async with service.parts.database.write() as session:
            await session.execute(update(SessionRow).values(seen_at=None, idle_until=None))
        wall.advance(hours=1)
        assert await status(client) == 200
        wall.advance(minutes=30)
        assert await status(client) == 401


async def test_the_list_says_when_and_from_where_each_session_was_used(service: Service, wall: Wall) -> None:
    async with service.signed_in() as client:
        wall.advance(minutes=5)
        listed = (await client.get(f"{API}/sessions")).json()
    assert [one["address"] for one in listed] == ["127.0.0.1"]
    assert datetime.fromisoformat(listed[0]["seen_at"]) == datetime.fromtimestamp(wall(), UTC)
    assert datetime.fromisoformat(listed[0]["opened_at"]) < datetime.fromtimestamp(wall(), UTC)
