"""Many lamps at once in the demo's city with 5,000: draw a polygon, dim what is in it to 40 % for half an hour.

Real broker, simulator, edges and service on loopback. The clock begins when the request leaves and ends when the
console is told over /live that a lamp has confirmed: its own actual level was read back. A lamp's fade is in it (1.2 s
from full to 40 %). Then the same for the whole city; and last an override of two minutes over the polygon, during which
the cloud is killed with -9: when it ends is read from the simulator's lamps. GROUP_LAMPS and GROUP_CITY say how many.
"""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import orjson
from websockets.asyncio.client import ClientConnection, connect

from cloud.people.access import COOKIE
from protocols.inventory import Luminaire
from rules.fleet_geometry import inside
from tests.bench.loading import percentile
from tests.bench.report import Figure
from tests.system.api import logged_in
from tests.system.levels import levels
from tests.system.town import CITY, Town, lay_out
from tests.waiting import until, until_async

Corner = tuple[float, float]

_COMMANDS = "/api/v1/commands"
_MINUTES = 2  # of the last override
_SHORTLY_S = 3.0  # before the end every lamp must still be held
_CORNERS, _PATIENCE_S, _ONE_MINUTE = 6, 150.0, 60.0
_DIM, _DARKER, _NEAR = 40.0, 30.0, 1.0


@dataclass(slots=True)
class Heard:
    """What /live said of groups: when (steady clock), and how many lamps stood in each state."""

    said: list[tuple[float, str, Mapping[str, int]]] = field(default_factory=list)

    async def listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = orjson.loads(text)
            if message["type"] == "group":
                self.said.append((time.perf_counter(), message["group"], message["states"]))

    def confirmed_ms(self, group: str, since: float) -> list[float]:
        """From the click to the moment at which each lamp was told to have confirmed."""
        took: list[float] = []
        for at, name, states in self.said:
            if name == group:
                took += [1000 * (at - since)] * (states.get("confirmed", 0) - len(took))
        return took


@dataclass(frozen=True, slots=True)
class Given:
    """A group command that has ended."""

    group: Mapping[str, Any]
    preview: Mapping[str, Any]
    took_ms: Sequence[float]


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at the console of a town."""

    town: Town
    client: httpx2.AsyncClient
    heard: Heard

    async def give(self, targets: Mapping[str, object], level: float, minutes: int) -> Given:
        """Preview, confirm with the password, send, and wait for the last word of every lamp."""
        wanted = {"targets": targets, "action": {"type": "override", "level": level, "minutes": minutes}}
        preview = await self._posted(f"{_COMMANDS}/preview", wanted)
        password = (self.town.folder / "secrets" / "admin").read_text().strip()
        proof = await self._posted("/api/v1/session/confirm", {"password": password})
        began = time.perf_counter()
        sent = await self._posted(
            f"{_COMMANDS}/group", {**wanted, "reason": "bench", "confirmation": proof["confirmation"]}
        )
        group = await until_async(lambda: self._ended(sent["group"]["id"]), _PATIENCE_S, 0.5)
        return Given(group, preview, self.heard.confirmed_ms(group["id"], began))

    async def _ended(self, group: str) -> Mapping[str, Any] | None:
        found: dict[str, Any] = (await self.client.get(f"{_COMMANDS}/groups/{group}")).json()
        return None if found["is_open"] else found

    async def _posted(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        answered = await self.client.post(path, json=body)
        found: dict[str, Any] = answered.raise_for_status().json()
        return found


def run() -> Iterator[Figure]:
    """One town."""
    city = int(os.environ.get("GROUP_CITY", "5000"))
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measured(Path(folder), city, int(os.environ.get("GROUP_LAMPS", "500"))))


async def _measured(folder: Path, city: int, lamps: int) -> list[Figure]:
    consent = {"alone": 20, "one_person": city}  # one administrator stands at this console
    town = lay_out(
        folder, None, city=CITY.read_text("utf-8"), lamps=city, poll_every="10s", cloud_settings={"consent": consent}
    )
    without = town.commands["sim"].index("--read-log")  # writing down every answer is no part of the demo
    del town.commands["sim"][without : without + 2]
    try:
        await town.start_all()
        async with _desk(town) as desk:
            corners = polygon(town.city.luminaires, lamps)
            drawn = {"polygon": corners}
            figures = list(_figures("polygon", town, await desk.give(drawn, _DIM, 30)))
            figures += _figures("city", town, await desk.give({"area": f"/{town.city.site}"}, _DIM, 30))
            short = await desk.give(drawn, _DARKER, _MINUTES)
        return figures + [figure async for figure in _alone(town, short, corners)]
    finally:
        await town.end()


def polygon(lamps: Sequence[Luminaire], count: int) -> list[Corner]:
    """Round the middle of the city, so wide that it holds about so many lamps."""
    x, y = np.array([lamp.longitude for lamp in lamps]), np.array([lamp.latitude for lamp in lamps])
    middle, low, high = (float(np.median(x)), float(np.median(y))), 0.0, 1.0
    for _ in range(40):
        half = (low + high) / 2
        low, high = (low, half) if inside(x, y, _drawn(middle, half)).sum() > count else (half, high)
    return _drawn(middle, low)


def _drawn(middle: Corner, radius: float) -> list[Corner]:
    turns = [2 * pi * n / _CORNERS for n in range(_CORNERS)]
    return [(middle[0] + radius * cos(turn), middle[1] + radius * sin(turn)) for turn in turns]


def _figures(name: str, town: Town, given: Given) -> Iterator[Figure]:
    group, lamps = given.group, given.group["lamps"]
    states = Counter(group["states"])
    assert given.preview["lamps"] == lamps == states.total(), (given.preview, group)
    assert len(group["not_confirmed"]) == lamps - states["confirmed"] or lamps > 500, "each of the others is named"
    at_edge = _at_edge_ms(town, group["id"])
    yield Figure(f"{name}_lamps", lamps, "")
    yield Figure(f"{name}_edges", len(given.preview["edges"]), "")
    yield Figure(f"{name}_confirmed_share", states["confirmed"] / lamps, "of_lamps")
    for share in (50, 95, 99):
        yield Figure(f"{name}_confirmed_p{share}_ms", percentile(given.took_ms, share / 100), "ms")
    yield Figure(f"{name}_read_back_at_edge_p95_ms", percentile(at_edge, 0.95), "ms")
    for why, count in Counter(str(one["refusal"] or one["state"]) for one in group["not_confirmed"]).items():
        yield Figure(f"{name}_not_confirmed_{why}", count, "")


def _at_edge_ms(town: Town, group: str) -> list[float]:
    """From the moment that the command bears to that at which the edge had read the lamp back."""
    with sqlite3.connect(f"file:{town.folder / 'registry.sqlite'}?mode=ro", uri=True) as registry:
        query = "SELECT history FROM command WHERE group_id = ? AND state = 'confirmed'"
        histories = [orjson.loads(row[0]) for row in registry.execute(query, (group,))]
    return [1000 * (_moment(told[-1]["at"]) - _moment(told[0]["at"])) for told in histories]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def _alone(town: Town, short: Given, corners: Sequence[Corner]) -> AsyncIterator[Figure]:
    """Without the cloud: how late (s) after its end each lamp has left the override, as the simulator's lamps say."""
    await town.kill("cloud")
    place = (
        np.array([lamp.longitude for lamp in town.city.luminaires]),
        np.array([lamp.latitude for lamp in town.city.luminaires]),
    )
    within = np.flatnonzero(inside(*place, corners))
    names = {town.city.luminaires[n].id for n in within.tolist()}
    ends = _moment(short.group["action"]["until"])
    await until(lambda: town.now() >= ends - _SHORTLY_S, 4 * _ONE_MINUTE)
    held = await levels(town, names)
    before = sum(_is(level, _DARKER) for level in held.values())
    assert town.now() < ends, "there was no time left to look"
    await until(lambda: town.now() >= ends, 2 * _ONE_MINUTE)
    late = await _lateness(town, held.keys(), ends)
    yield Figure("cloud_killed_held_before_the_end_share", before / len(held), "of_lamps")
    yield Figure("cloud_killed_over_after_the_end_share", len(late) / len(held), "of_lamps")
    yield Figure("cloud_killed_late_p95_s", percentile(list(late.values()), 0.95), "s")
    yield Figure("cloud_killed_latest_s", max(late.values(), default=float("nan")), "s")


async def _lateness(town: Town, names: Collection[str], ends: float) -> dict[str, float]:
    """By lamp, at the latest: when the answer had come. One that still stands at the override's level after a minute is
    not in it."""
    late: dict[str, float] = {}
    while len(late) < len(names) and town.now() < ends + _ONE_MINUTE:
        left = [name for name in names if name not in late]
        found = await levels(town, left)
        late |= {name: town.now() - ends for name, level in found.items() if not _is(level, _DARKER)}
    return late


def _is(level: float | None, wanted: float) -> bool:
    return level is not None and abs(level - wanted) <= _NEAR


@asynccontextmanager
async def _desk(town: Town) -> AsyncIterator[Desk]:
    """In front of a city whose lamps have all been heard of and are lit."""
    async with logged_in(town, _PATIENCE_S) as client:
        await until_async(lambda: _all_lit(client, len(town.city.luminaires)), _PATIENCE_S, 1.0)
        address = f"ws://127.0.0.1:{town.ports['cloud']}/api/v1/live"
        cookie = {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
        async with connect(address, additional_headers=cookie, proxy=None, max_size=None) as socket:
            heard = Heard()
            listening = asyncio.create_task(heard.listen(socket))
            try:
                yield Desk(town, client, heard)
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening


async def _all_lit(client: httpx2.AsyncClient, lamps: int) -> bool:
    found: dict[str, Any] = (await client.get("/api/v1/overview")).json()
    return bool(found["lamps"]["on"] + found["lamps"]["dimmed"] == lamps)
