"""Lamps that speak MQTT, from the device to the console and back: real processes, a real broker, every make."""

import asyncio
from collections.abc import Mapping
from datetime import UTC
from functools import partial
from typing import Any

import httpx2
import orjson
import pytest

from edge_agent import status_door
from edge_agent.config import EdgeConfig, load_config
from protocols.mqtt.messages import decode
from protocols.profiles.mqtt import MqttProfile, library
from tests.system.api import logged_in, when_all_have_reported
from tests.system.conftest import MakeTown
from tests.system.town import Town, downtown
from tests.system.truth import Key, stored
from tests.waiting import until, until_async

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

OPEN = {"requested", "sent", "acknowledged", "waiting"}
FAST_CLOUD = {"commit_every": "1s"}


@pytest.fixture
def town(make_town: MakeTown) -> Town:
    """Twelve lamps, six of which speak for themselves."""
    return make_town(city=downtown().replace("from_lamps: 200", "from_lamps: 1"), cloud_settings=FAST_CLOUD)


def configured(town: Town) -> EdgeConfig:
    (edge,) = town.edges
    return load_config(town.folder / "edges" / f"{edge}.yaml")


def lamp_of(town: Town, profile: str) -> str:
    """One lamp of a make."""
    return next(device.id for device in configured(town).mqtt[0].devices if device.profile == profile)


async def test_three_makes_are_read_and_commanded_and_outlive_their_broker(town: Town) -> None:
    makes = {profile: lamp_of(town, profile) for profile in library()}
    await town.start("broker", "cloud", *town.edges)
    await until(status_door.door(town.outbox(town.edges[0])).exists)
    await town.start("sim")  # not before: what a node says before it sleeps for the first time is heard
    async with logged_in(town) as client:
        await when_all_have_reported(client)
        for lamp in makes.values():
            await comes_to(client, await ordered(client, lamp, 40), "confirmed", 40)
            await until_async(partial(is_shown, client, lamp, "dimmed"), every_s=0.2)
        await town.kill("broker")
        await town.start("broker")
        again = town.now()
        for lamp in makes.values():
            await until_async(partial(has_spoken, client, lamp, town, again), every_s=0.2)
            await comes_to(client, await ordered(client, lamp, 70), "confirmed", 70)
        node = makes["nbiot-street-node"]
        await town.kill("sim")
        await until_async(partial(sleeps, client, node), timeout_s=60, every_s=0.2)
        await comes_to(client, await ordered(client, node, 20), "expired", None, look_every_s=1.0)
        assert (await shown(client, node))["last_command"]["refusal"] == "slept_through"
    for name in (*town.edges, "cloud"):
        await town.stop(name)
    assert await asyncio.to_thread(invented, town) == []


async def ordered(client: httpx2.AsyncClient, lamp: str, level: float) -> str:
    action = {"type": "override", "level": level, "minutes": 10}
    answer = await client.post("/api/v1/commands", json={"target": lamp, "action": action})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def comes_to(
    client: httpx2.AsyncClient, command: str, state: str, level: float | None, look_every_s: float = 0.2
) -> None:
    """How a command ends, and what the lamp said of itself then."""

    async def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = (await client.get(f"/api/v1/commands/{command}")).json()
        return None if found["state"] in OPEN else found

    found = await until_async(ended, 120, look_every_s)
    assert found["state"] == state, found
    assert found["actual_level"] == (None if level is None else pytest.approx(level, abs=0.5))


async def sleeps(client: httpx2.AsyncClient, node: str) -> bool:
    """True when it has been silent for so long that it listens no more."""
    control = library()["nbiot-street-node"].control
    assert control is not None
    assert control.listens_for is not None
    age = (await shown(client, node))["latest"]["age_s"]
    return bool(age > control.listens_for.total_seconds() + 5)


async def has_spoken(client: httpx2.AsyncClient, lamp: str, town: Town, since: float) -> bool:
    """True when it has said something since a moment (domain Unix seconds)."""
    now = town.now()  # before the answer, in which it is older than now
    return bool((await shown(client, lamp))["latest"]["age_s"] < now - since)


async def is_shown(client: httpx2.AsyncClient, lamp: str, state: str) -> bool:
    return bool((await shown(client, lamp))["state"] == state)


async def shown(client: httpx2.AsyncClient, lamp: str) -> dict[str, Any]:
    """A lamp as the console shows it."""
    answer = await client.get(f"/api/v1/luminaires/{lamp}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def invented(town: Town) -> list[tuple[Key, float, float | None]]:
    """What is stored of these lamps and was never said by them; nothing is known of a lamp after its last will."""
    said = reported(town)
    return [
        (key, at, value)
        for key, seen in stored(town.store).items()
        if key[0] in said
        for at, value in seen
        if value is not None and (key[1], value) not in said[key[0]]
    ]


def reported(town: Town) -> Mapping[str, set[tuple[str, float | None]]]:
    """Every value that a lamp has brought to its broker, by the lamp."""
    profiles: dict[str, tuple[str, MqttProfile]] = {
        f"haidang-devices/{town.city.site}/{configured(town).edge}/{device.topic}": (
            device.id,
            library()[device.profile],
        )
        for device in configured(town).mqtt[0].devices
    }
    said: dict[str, set[tuple[str, float | None]]] = {device: set() for device, _ in profiles.values()}
    for line in (town.folder / "reads.jsonl").read_bytes().splitlines():
        message = orjson.loads(line)
        for root, (device, profile) in profiles.items():
            for report in profile.reports if "topic" in message else ():
                if message["topic"] == report.topic.replace("{device}", root):
                    untimed = report.model_copy(update={"time": None})
                    found = decode(untimed, message["payload"].encode(), message["at"], UTC)
                    said[device] |= set(found.values.items())
    return said
