"""A whole ward to 40 %: every lamp is confirmed by its own actual level, or named with why; it is undone, and without
the cloud it ends on time."""

from datetime import datetime
from typing import Any

import httpx2
import pytest

from firmware_sim.faults import Fault, FaultName, save
from firmware_sim.main import FAULTS
from tests.system.api import logged_in, when_all_have_reported
from tests.system.conftest import MakeTown
from tests.system.levels import levels
from tests.system.town import Town
from tests.waiting import until_async

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

COMMANDS = "/api/v1/commands"
DIM = {"type": "override", "level": 40, "minutes": 30}
SPEED = 6.0  # a minute's override is over in ten seconds


async def confirmed(client: httpx2.AsyncClient, town: Town) -> str:
    password = (town.folder / "secrets" / "admin").read_text().strip()
    given = await client.post("/api/v1/session/confirm", json={"password": password})
    confirmation: str = given.json()["confirmation"]
    return confirmation


async def ended(client: httpx2.AsyncClient, group: dict[str, Any]) -> dict[str, Any]:
    """A group on which nothing is open any more."""

    async def look() -> dict[str, Any] | None:
        found: dict[str, Any] = (await client.get(f"{COMMANDS}/groups/{group['id']}")).json()
        return None if found["is_open"] else found

    return await until_async(look, timeout_s=90, every_s=0.2)


async def test_a_ward_is_dimmed_with_consent_and_every_lamp_is_confirmed_or_named(make_town: MakeTown) -> None:
    town = make_town(speed=SPEED, cloud_settings={"consent": {"alone": 2, "one_person": 500}})
    silent = town.city.luminaires[0]
    area = f"/halong/{silent.ward}"
    lamps = sum(lamp.ward == silent.ward for lamp in town.city.luminaires)
    obeying = {lamp.id for lamp in town.city.luminaires if lamp.ward == silent.ward and lamp.id != silent.id}
    save(town.folder / FAULTS, [Fault(FaultName.COMM_LOSS, silent.id)])
    await town.start_all()
    async with logged_in(town) as client:
        await when_all_have_reported(client)
        wanted = {"targets": {"area": area}, "action": DIM}
        preview = (await client.post(f"{COMMANDS}/preview", json=wanted)).json()
        refused = await client.post(f"{COMMANDS}/group", json=wanted)
        given = {**wanted, "reason": "storm", "confirmation": await confirmed(client, town)}
        done = await ended(client, (await client.post(f"{COMMANDS}/group", json=given)).json()["group"])
        [left] = done["not_confirmed"]
        latest = (await client.get(f"{COMMANDS}?target={town.city.luminaires[1].id}")).json()
        held = await levels(town, obeying)
        [line] = (await client.get("/api/v1/overrides")).json()["items"]
        undo = {"targets": {"held_by": done["id"]}, "action": {"type": "resume"}}
        undone = await ended(client, (await client.post(f"{COMMANDS}/group", json=undo)).json()["group"])
        short = {**given, "action": {**DIM, "minutes": 1}, "confirmation": await confirmed(client, town)}
        last = await ended(client, (await client.post(f"{COMMANDS}/group", json=short)).json()["group"])
    await town.kill("cloud")
    ends = datetime.fromisoformat(last["action"]["until"]).timestamp()
    assert (preview["lamps"], preview["needs"]) == (lamps, ["reason", "password"])
    assert (refused.status_code, refused.json()["detail"]["needs"]) == (409, ["reason", "password"])
    assert done["states"] == {"confirmed": lamps - 1, "failed": 1}
    assert (left["target"], left["refusal"]) == (silent.id, "lamp_silent")
    assert [abs(one["actual_level"] - 40) <= 1 for one in latest] == [True]
    assert (line["lamps"], line["confirmed"], undone["states"]) == (lamps - 1, lamps - 1, {"confirmed": lamps - 1})
    assert held
    assert all(is_near(level, 40) for level in held.values())

    async def is_over() -> bool:
        found = await levels(town, obeying)
        return not any(is_near(level, 40) for level in found.values())

    assert not await is_over() or town.now() >= ends
    await until_async(is_over, timeout_s=90, every_s=0.5)
    assert town.now() >= ends


def is_near(level: float | None, wanted: float) -> bool:
    return level is not None and abs(level - wanted) <= 1
