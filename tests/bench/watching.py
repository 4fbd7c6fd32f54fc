"""A console that is open: it watches the map, some devices, the alarms and the store, and notes when things come."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect

from cloud.people.access import COOKIE
from tests.bench.fleet import Fleet
from tests.bench.running import Service

_API = "/api/v1"
_LOOK_EVERY_S = 2.0
_MOST_WATCHED = 200


@dataclass(frozen=True, slots=True)
class Behind:
    """How many batches of the inbox each cursor has not passed, and how many it has; `at` is of the steady clock."""

    at: float
    cursors: dict[str, int]
    passed: dict[str, int]


@dataclass(slots=True)
class Console:
    """When (Unix seconds of the wall) each device's second, and each lamp's alarm, was shown."""

    client: httpx2.AsyncClient
    shown: dict[tuple[str, int], float] = field(default_factory=dict)
    alarms: dict[str, float] = field(default_factory=dict)
    behind: list[Behind] = field(default_factory=list)

    async def hear(self, socket: ClientConnection) -> None:
        """Newest values and alarms."""
        async for message in socket:
            self._note(orjson.loads(message), time.time())

    async def map(self, socket: ClientConnection) -> None:
        """Frames, which nobody looks at here."""
        async for _ in socket:
            pass

    async def look(self) -> None:
        """At the store's page, again and again."""
        while True:
            await self.behind_now()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def behind_now(self) -> Behind:
        """How far the cursors are."""
        status = (await self.client.get(f"{_API}/store")).raise_for_status().json()
        cursors = {one["name"]: one for one in status["cursors"]}
        behind, passed = ({name: one[what] for name, one in cursors.items()} for what in ("behind", "position"))
        self.behind.append(Behind(time.monotonic(), behind, passed))
        return self.behind[-1]

    def delays_s(self, sent: Mapping[tuple[str, int], float]) -> Sequence[float]:
        """From the moment that a reading left until it was shown, for each that was."""
        return [at - sent[key] for key, at in self.shown.items() if key in sent]

    def alarm_delays_s(self, sent: Mapping[tuple[str, int], float], dead: Collection[str]) -> Sequence[float]:
        """From the reading that proves a lamp dead to its alarm, for each that was shown."""
        left: dict[str, float] = {}
        for (device, _), at in sent.items():
            if device in dead:
                left.setdefault(device, at)
        return [self.alarms[lamp] - at for lamp, at in left.items() if lamp in self.alarms]

    def _note(self, said: dict[str, Any], at: float) -> None:
        if said["type"] == "latest":
            second = int(datetime.fromisoformat(said["at"]).timestamp())
            self.shown.setdefault((said["device"], second), at)
        elif said["type"] == "alarm":
            self.alarms.setdefault(said["alarm"]["source"], at)


def watched(fleet: Fleet) -> Sequence[str]:
    """As many devices as one page may ask for, stations and lamps."""
    stations, lamps = fleet.station_ids, fleet.lamp_ids
    return [*stations[:: max(1, len(stations) // 100)], *lamps[7 :: len(lamps) // 100]][:_MOST_WATCHED]


@asynccontextmanager
async def console(service: Service, devices: Iterable[str]) -> AsyncIterator[Console]:
    """Signed in as the administrator, until the block ends."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", timeout=60) as client:
        who = {"username": "admin", "password": service.password("admin")}
        (await client.post(f"{_API}/session", json=who)).raise_for_status()
        (await client.get(f"{_API}/map/lamps.bin")).raise_for_status()
        seen = Console(client)
        async with _socket(service, client, "/live") as events, _socket(service, client, "/map/live") as lamps:
            await events.send(orjson.dumps({"subscribe": list(devices)}).decode())
            tasks = [asyncio.create_task(one) for one in (seen.hear(events), seen.map(lamps), seen.look())]
            try:
                yield seen
            finally:
                await _over(tasks)


async def _over(tasks: Iterable[asyncio.Task[None]]) -> None:
    """One that has failed meanwhile says so."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


def _socket(service: Service, client: httpx2.AsyncClient, path: str) -> connect:
    cookie = {"Cookie": f"{COOKIE}={client.cookies.get(COOKIE)}"}
    url = f"ws://127.0.0.1:{service.port}{_API}{path}"
    return connect(url, additional_headers=cookie, proxy=None, max_size=None)
