"""Emergency light and lock-outs as the cloud knows them: what they take, what they show, and that they survive."""

from typing import Any

import httpx2

from cloud.people.rights import Role
from protocols.commands import LockOut, Refusal, Step
from protocols.lamp_table import csv_text
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import Wall
from tests.cloud.commands.test_groups import COMMANDS, hear, order, said, sent
from tests.cloud.feeding import Feed
from tests.cloud.serving import Service

ONE = {"lamps": [lamp_id(1)]}
LOCK_OUT = {"type": "lock_out"}
EMERGENCY = {"type": "emergency", "minutes": 60}


async def shown(client: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
    return found


async def told(service: Service, client: httpx2.AsyncClient, feed: Feed, action: object, *answers: Step) -> None:
    """A command to the first lamp, and what its edge says."""
    await order(client, ONE, action=action, reason="flood")
    for step in answers:
        refusal = {"refusal": Refusal.NO_ANSWER} if step is Step.REFUSED else {}
        await hear(service, "HL-E01", said(sent(service)["HL-E01"], step, **refusal), feed)


async def test_who_locks_out_or_unlocks_says_why_always(service: Service) -> None:
    async with service.signed_in(Role.OPERATOR) as client:
        for action in (LOCK_OUT, {"type": "unlock"}):
            answered = await client.post(f"{COMMANDS}/group", json={"targets": ONE, "action": action})
            assert (answered.status_code, answered.json()["detail"]["needs"]) == (409, ["reason"])
            single = await client.post(COMMANDS, json={"target": lamp_id(1), "action": action})
            assert single.status_code == 409
        free = await client.post(f"{COMMANDS}/group", json={"targets": {"area": "/halong"}, "action": EMERGENCY})
        assert free.status_code == 202, "light at an accident is never held up"


async def test_each_rung_is_shown_and_the_highest_decides(service: Service, wall: Wall) -> None:
    feed = Feed(service)
    async with service.signed_in(Role.OPERATOR) as client:
        await told(service, client, feed, {"type": "override", "level": 40, "minutes": 90}, Step.READ_BACK)
        wall.advance(seconds=1)
        await told(service, client, feed, EMERGENCY, Step.READ_BACK)
        wall.advance(seconds=1)
        await told(service, client, feed, LOCK_OUT, Step.ACCEPTED, Step.READ_BACK)
        lamp = await shown(client)
        assert (lamp["override"]["level"], lamp["emergency"]["level"]) == (40, 100)
        assert (lamp["locked_out"]["who"], lamp["locked_out"]["reason"]) == ("operator", "flood")
        assert (lamp["planned_level"], lamp["planned_reason"]) == (0, "safety_lock_out")
        kinds = [line["kind"] for line in (await client.get("/api/v1/overrides")).json()["items"]]
        assert kinds == ["lock_out"], "the list is about what decides"
        wall.advance(seconds=1)
        await told(service, client, feed, {"type": "unlock"}, Step.READ_BACK)
        lamp = await shown(client)
        assert (lamp["locked_out"], lamp["planned_reason"]) == (None, "emergency")
        wall.advance(minutes=61)
        lamp = await shown(client)
        assert (lamp["emergency"], lamp["planned_level"]) == (None, 40), "what is beneath has not ended yet"
        [line] = (await client.get("/api/v1/overrides")).json()["items"]
        undone = await order(client, {"held_by": line["made_by"]}, action={"type": "resume"})
    assert (line["kind"], undone["lamps"]) == ("override", 1)


async def test_nobody_undoes_what_another_command_stands_above(service: Service, wall: Wall) -> None:
    feed = Feed(service)
    async with service.signed_in(Role.OPERATOR) as client:
        beneath = await order(client, ONE, action={"type": "override", "level": 40, "minutes": 90})
        await hear(service, "HL-E01", said(sent(service)["HL-E01"], Step.READ_BACK), feed)
        wall.advance(seconds=1)
        await told(service, client, feed, EMERGENCY, Step.READ_BACK)
        wanted = {"targets": {"held_by": beneath["id"]}, "action": {"type": "resume"}}
        assert (await client.post(f"{COMMANDS}/preview", json=wanted)).status_code == 404, "it would end the emergency"
        wall.advance(minutes=61)
        assert (await client.post(f"{COMMANDS}/preview", json=wanted)).json()["lamps"] == 1


async def test_a_lock_out_that_its_edge_has_taken_counts_also_when_the_lamp_did_not_answer(service: Service) -> None:
    feed = Feed(service)
    async with service.signed_in(Role.OPERATOR) as client:
        await told(service, client, feed, LOCK_OUT, Step.ACCEPTED, Step.REFUSED)
        lamp = await shown(client)
        [line] = (await client.get("/api/v1/overrides")).json()["items"]
        unlocked = await order(client, {"held_by": line["made_by"]}, action={"type": "unlock"}, reason="dry again")
    assert (lamp["last_command"]["state"], lamp["planned_reason"]) == ("failed", "safety_lock_out")
    assert (line["kind"], unlocked["lamps"]) == ("lock_out", 1)
    assert (line["lamps"], line["confirmed"]) == (1, 0), "nobody has read back that it is dark"


async def test_a_lamp_that_is_locked_out_is_neither_moved_to_another_edge_nor_retired(service: Service) -> None:
    lamps = service.parts.fleet.sites["halong"].luminaires
    other = next(lamp for lamp in lamps if lamp.cabinet != lamps[0].cabinet)
    moved = "".join(csv_text([lamps[0].model_copy(update={"cabinet": other.cabinet})]))
    asked: dict[str, Any] = {"content": moved.encode(), "headers": {"content-type": "text/csv"}}
    async with service.signed_in() as client:
        await told(service, client, Feed(service), LOCK_OUT, Step.ACCEPTED, Step.READ_BACK)
        looked = await client.post("/api/v1/fleet/halong/imports", **asked, params={"dry_run": "true"})
    codes = {(one["row"], one["column"], one["code"]) for one in looked.json()["problems"]}
    assert (2, "cabinet", "locked_out") in codes, "its lock-out lies on the disk of the edge that took it"


async def test_a_lock_out_of_long_ago_is_known_after_a_restart(service: Service, wall: Wall) -> None:
    async with service.signed_in(Role.OPERATOR) as client:
        await told(service, client, Feed(service), LOCK_OUT, Step.ACCEPTED, Step.READ_BACK)
    wall.advance(days=40)
    commands, now = service.parts.commands, service.parts.clock.now()
    async with service.parts.database.read() as session:
        await commands.load(session)
    assert commands.overrides.held(lamp_id(1), now).lock_out == LockOut()
