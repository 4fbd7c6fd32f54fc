"""The live map: a snapshot, then frames without a hole; whoever cannot keep up or is signed out is let go."""

import asyncio
import struct
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from cloud.fleet.fleet import Fleet
from cloud.fleet.view import View, Views
from cloud.live import frames
from cloud.live.hub import MOST_WAITING, SIGNED_OUT, SLOW, Closing, Hub
from cloud.live.map_feed import MapFeed
from cloud.people.rights import Right, Role, granted
from cloud.people.store import Session
from cloud.settings import Settings
from protocols.clock import DomainClock
from rules.areas import PROVINCE
from rules.lamp_state import LampState
from tests.cloud.cities import small_city
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import Service, serving

SNAPSHOT, LIVE_MAP = "/api/v1/map/lamps.bin", "/api/v1/map/live"


@dataclass(frozen=True)
class Snapshot:
    """A snapshot taken apart by hand, not by our own code."""

    version: int
    seq: int
    longitude: NDArray[np.int32]
    latitude: NDArray[np.int32]
    state: bytes
    level: bytes
    ward: bytes


def read_snapshot(raw: bytes) -> Snapshot:
    magic, n, version, seq = struct.unpack_from("<4sIII", raw)
    assert magic == b"HDL1"
    assert len(raw) == 16 + 11 * n
    positions = np.frombuffer(raw, "<i4", 2 * n, 16)
    rest = raw[16 + 8 * n :]
    return Snapshot(version, seq, positions[:n], positions[n:], rest[:n], rest[n : 2 * n], rest[2 * n :])


def read_frame(raw: bytes) -> tuple[int, float, dict[int, tuple[int, int]]]:
    seq, at = struct.unpack_from("<Id", raw)
    k, rest = divmod(len(raw) - 12, 6)
    assert rest == 0
    index = struct.unpack_from(f"<{k}I", raw, 12)
    states, levels = raw[12 + 4 * k : 12 + 5 * k], raw[12 + 5 * k :]
    return seq, at, {i: (s, level) for i, s, level in zip(index, states, levels, strict=True)}


async def received(socket: ClientConnection) -> bytes:
    """The next frame."""
    async with asyncio.timeout(30):
        frame = await socket.recv()
    assert isinstance(frame, bytes)
    return frame


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The map stands still but for the ticks of a test."""
    return settings.model_copy(update={"live_every": settings.session_lasts})


async def test_the_snapshot_has_every_lamp_in_the_order_of_the_inventory(service: Service) -> None:
    await Feed(service).readings([lamp(3, EVENING, actual_level=100.0)])
    await service.parts.map_feed.tick()
    async with service.signed_in() as client:
        found = read_snapshot((await client.get(SNAPSHOT)).content)
    assert (found.version, found.seq) == (1, service.parts.map_feed.seq)
    assert list(found.longitude) == [1_070_800_000 + 1000 * n for n in range(1, 7)]
    assert list(found.latitude) == [209_500_000] * 6
    assert list(found.state) == [0, 0, LampState.ON, 0, 0, 0]
    assert list(found.level) == [255, 255, 200, 255, 255, 255]
    assert list(found.ward) == [0, 1] * 3


async def test_who_has_the_snapshot_is_not_sent_it_again(service: Service) -> None:
    async with service.signed_in() as client:
        first = await client.get(SNAPSHOT)
        again = await client.get(SNAPSHOT, headers={"If-None-Match": first.headers["etag"]})
        await service.parts.map_feed.tick()
        later = await client.get(SNAPSHOT, headers={"If-None-Match": first.headers["etag"]})
    assert [answered.status_code for answered in (first, again, later)] == [200, 304, 200]


async def test_a_frame_carries_what_looks_different_and_nothing_else(service: Service) -> None:
    feed, ticks = Feed(service), service.parts.map_feed
    async with service.signed_in() as client, service.socket(LIVE_MAP, client) as socket:
        before = ticks.seq
        await feed.readings([lamp(1, EVENING), lamp(5, EVENING, actual_level=0.0)])
        await ticks.tick()
        await ticks.tick()
        await feed.readings([lamp(5, EVENING, actual_level=100.0)])
        await ticks.tick()
        first, beat, second = [read_frame(await received(socket)) for _ in range(3)]
    assert first == (before + 1, EVENING.timestamp(), {0: (LampState.ON, 200), 4: (LampState.WARNING, 0)})
    assert beat == (before + 2, EVENING.timestamp(), {})
    assert second == (before + 3, EVENING.timestamp(), {4: (LampState.ON, 200)})


async def test_a_snapshot_and_the_frames_after_it_are_the_city(service: Service, wall: Wall) -> None:
    feed, ticks = Feed(service), service.parts.map_feed
    async with service.signed_in() as client, service.socket(LIVE_MAP, client) as socket:
        await feed.readings([lamp(1, EVENING)])
        await ticks.tick()
        start = read_snapshot((await client.get(SNAPSHOT)).content)
        wall.advance(seconds=60)
        await feed.readings([lamp(1, EVENING.replace(minute=1), actual_level=0.0), lamp(3, EVENING.replace(minute=1))])
        await ticks.tick()
        city = dict(enumerate(zip(start.state, start.level, strict=True)))
        seen = [read_frame(await received(socket)) for _ in range(2)]
        for seq, _, changes in seen:
            city.update(changes if seq > start.seq else {})
        end = read_snapshot((await client.get(SNAPSHOT)).content)
    assert city == dict(enumerate(zip(end.state, end.level, strict=True)))


@pytest.mark.parametrize("seconds", [2, 5, 86_400])
async def test_after_a_restart_every_client_sees_a_hole_and_fetches_the_city_anew(
    service: Service, clock: DomainClock, wall: Wall, seconds: int
) -> None:
    last = service.parts.map_feed.seq + seconds  # a frame a second
    wall.advance(seconds=seconds)
    parts = service.parts
    again = MapFeed(parts.fleet, parts.lamps.watch, clock, Hub(parts.views), parts.settings.live_every)
    await again.tick()
    assert again.seq > last + 1


async def test_the_map_is_alive_by_itself(settings: Settings, clock: DomainClock) -> None:
    fast = settings.model_copy(update={"live_every": EVENING.replace(second=1) - EVENING})
    async with (
        serving(fast, clock) as running,
        running.signed_in() as client,
        running.socket(LIVE_MAP, client) as socket,
    ):
        assert read_frame(await received(socket))[2] == {}


async def test_nobody_watches_without_a_session(service: Service) -> None:
    async with service.anonymous() as client:
        with pytest.raises(InvalidStatus) as caught:
            async with service.socket(LIVE_MAP, client):
                pass
    assert caught.value.response.status_code == 401


async def test_another_sites_page_cannot_watch_in_my_name(service: Service) -> None:
    async with service.signed_in() as client:
        with pytest.raises(InvalidStatus) as caught:
            async with service.socket(LIVE_MAP, client, origin="https://evil.example"):
                pass
        async with service.socket(LIVE_MAP, client, origin=service.url) as socket:
            await service.parts.map_feed.tick()
            await socket.recv()
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("path", [LIVE_MAP, "/api/v1/live"])
async def test_a_session_that_ends_closes_its_sockets(service: Service, path: str) -> None:
    async with service.signed_in() as client, service.socket(path, client) as socket:
        await client.delete("/api/v1/session")
        async with asyncio.timeout(30):
            await socket.wait_closed()
    assert socket.close_code == SIGNED_OUT


def _somebody() -> Session:
    return Session("hash", "lan", "Lan", [granted(Role.VIEWER, PROVINCE)], "vi")


def _say(text: str, _view: View) -> str:
    return text


async def test_who_does_not_keep_up_is_let_go_and_holds_nobody_up() -> None:
    hub = Hub(Views(Fleet([small_city()], 1)))
    slow, quick = hub.join(_somebody()), hub.join(_somebody())
    for n in range(MOST_WAITING + 1):
        hub.say(partial(_say, str(n)), Right.VIEW_CITY)
        assert await quick.next() == str(n)
    assert await slow.next() == Closing(SLOW, "too slow")
    await slow.let_go()


async def test_what_a_role_may_not_know_is_not_said_to_it() -> None:
    hub = Hub(Views(Fleet([small_city()], 1)))
    listener = hub.join(_somebody())
    hub.say(partial(_say, "secret"), Right.VIEW_AUDIT)
    hub.say(partial(_say, "open"), Right.VIEW_CITY)
    assert await listener.next() == "open"


@given(st.data())
def test_a_frame_says_exactly_what_has_changed(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 50))
    arrays = st.lists(st.integers(0, 255), min_size=n, max_size=n).map(lambda values: np.array(values, dtype=np.uint8))
    state, level = data.draw(arrays), data.draw(arrays)
    index = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1)))), dtype=np.intp)
    seq, at, changes = read_frame(frames.frame(7, 1.5, index, state[index], level[index]))
    assert (seq, at) == (7, 1.5)
    assert changes == {int(i): (int(state[i]), int(level[i])) for i in index}


def test_a_thousand_changes_are_six_kilobytes() -> None:
    fleet = Fleet([small_city()], 1)
    state = np.zeros(1000, dtype=np.uint8)
    assert len(frames.frame(1, 0.0, np.arange(1000), state, state)) == 6012
    assert len(frames.snapshot(View(fleet), 1, state[:6], state[:6])) == 16 + 11 * 6
