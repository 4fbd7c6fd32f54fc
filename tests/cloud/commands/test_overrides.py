"""What stands above the programme: who holds what until when, its undoing, and that one shift hands it to the next."""

import csv
import io
import threading
from typing import Any

import httpx2
import pytest

from cloud.overrides.schemas import OverridesOut
from cloud.people.rights import Role
from protocols.commands import Refusal, Resume, Step
from rules.areas import Area
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import Wall
from tests.cloud.commands.test_groups import CITY, COMMANDS, DIM, W1, hear, look, order, said, sent
from tests.cloud.feeding import Feed
from tests.cloud.serving import PASSWORD, Service

OVERRIDES = "/api/v1/overrides"
RESUME = {"type": "resume"}


async def listed(client: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(OVERRIDES)).json()
    return found


async def dimmed(service: Service, client: httpx2.AsyncClient, feed: Feed, *places: int) -> dict[str, Any]:
    """A group over W1 of which some lamps have confirmed; the others say that they cannot."""
    group = await order(client, W1, reason="fog")
    part = sent(service)["HL-E01"]
    await hear(service, "HL-E01", said(part, Step.READ_BACK, *places, actual_level=40.0), feed)
    return group


async def test_a_line_says_who_holds_which_lamps_until_when_and_why(service: Service) -> None:
    feed = Feed(service)
    async with service.signed_in(Role.OPERATOR) as client:
        group = await order(client, CITY, reason="fog")
        parts = sent(service)
        await hear(service, "HL-E01", said(parts["HL-E01"], Step.READ_BACK, 0, 1, actual_level=40.0), feed)
        silent = said(parts["HL-E01"], Step.REFUSED, 2, refusal=Refusal.LAMP_SILENT)
        await hear(service, "HL-E01", silent, feed)
        found = await listed(client)
        held = (await client.get(f"{OVERRIDES}/{group['id']}/lamps")).json()
    [line] = found["items"]
    assert (line["kind"], line["made_by"], line["group"]) == ("override", group["id"], group["id"])
    assert (line["who"], line["reason"], line["level"], line["until"]) == (
        "operator",
        "fog",
        40.0,
        "2026-11-21T12:30:00Z",
    )
    assert (line["lamps"], line["confirmed"], line["wards"]) == (5, 2, ["W1", "W2"]), "one has failed, three are open"
    assert (found["lamps"], line["first_lamp"]) == (5, lamp_id(1))
    assert held == {"lamps": [lamp_id(n) for n in (1, 2, 3, 4, 6)], "numbers": [0, 1, 2, 3, 5]}


async def test_what_is_over_is_on_no_list(service: Service, wall: Wall) -> None:
    async with service.signed_in(Role.OPERATOR) as client:
        group = await dimmed(service, client, Feed(service))
        wall.advance(minutes=30)
        assert (await listed(client))["items"] == []
        gone = (await client.get(f"{OVERRIDES}/{group['id']}/lamps")).json()
        undone = await client.post(f"{COMMANDS}/group", json={"targets": {"held_by": group["id"]}, "action": RESUME})
    assert (gone, undone.status_code) == ({"lamps": [], "numbers": []}, 404)


async def test_undoing_gives_back_what_the_command_still_holds_and_nothing_else(service: Service, wall: Wall) -> None:
    feed = Feed(service)
    async with service.signed_in() as client, service.signed_in(Role.OPERATOR) as other:
        group = await dimmed(service, client, feed, 0, 1)  # of the third nobody knows
        wall.advance(seconds=5)
        await order(other, {"lamps": [lamp_id(3)]}, reason="accident")
        await hear(service, "HL-E01", said(sent(service)["HL-E01"], Step.READ_BACK, actual_level=40.0), feed)
        wall.advance(seconds=5)
        wanted = {"targets": {"held_by": group["id"]}, "action": RESUME}
        preview = (await client.post(f"{COMMANDS}/preview", json=wanted)).json()
        chosen = (await client.post(f"{COMMANDS}/chosen", json={"targets": wanted["targets"]})).json()
        undone = await order(client, {"held_by": group["id"]}, action=RESUME)
        back = sent(service)["HL-E01"]
        await hear(service, "HL-E01", said(back, Step.READ_BACK, actual_level=100.0), feed)
        left = await listed(client)
        again = await client.post(f"{COMMANDS}/group", json=wanted)
    assert (back.action, back.lamps) == (Resume(), (lamp_id(1), lamp_id(5)))
    assert (preview["lamps"], chosen) == (2, {"lamps": 2, "numbers": [0, 4]})
    assert [(line["who"], line["lamps"]) for line in left["items"]] == [("operator", 1)]
    assert (undone["lamps"], again.status_code) == (2, 404)


async def test_a_command_that_failed_takes_nothing_from_the_one_before(service: Service, wall: Wall) -> None:
    feed = Feed(service)
    async with service.signed_in() as client:
        group = await dimmed(service, client, feed)
        wall.advance(seconds=5)
        await order(client, {"lamps": [lamp_id(1)]})
        part = sent(service)["HL-E01"]
        await hear(service, "HL-E01", said(part, Step.REFUSED, refusal=Refusal.NO_ANSWER), feed)
        wanted = {"targets": {"held_by": group["id"]}, "action": RESUME}
        assert (await client.post(f"{COMMANDS}/preview", json=wanted)).json()["lamps"] == 3


async def test_a_single_command_is_a_line_of_its_own_and_undone_like_a_group(service: Service) -> None:
    async with service.signed_in() as client:
        single = (await client.post(COMMANDS, json={"target": lamp_id(2), "action": DIM})).json()
        [line] = (await listed(client))["items"]
        undone = await order(client, {"held_by": single["id"]}, action=RESUME)
    assert (line["made_by"], line["group"], line["lamps"], line["confirmed"]) == (single["id"], None, 1, 0)
    assert undone["lamps"] == 1


async def test_everybody_sees_and_undoes_what_stands_in_their_areas(service: Service) -> None:
    await service.parts.people.add("nga", PASSWORD, Role.OPERATOR, area=Area("halong", "W2"))
    async with service.signed_in() as boss, service.anonymous() as client:
        both, other = await order(boss, CITY), await order(boss, W1)
        await client.post("/api/v1/session", json={"username": "nga", "password": PASSWORD})
        [line] = (await listed(client))["items"]
        held = (await client.get(f"{OVERRIDES}/{both['id']}/lamps")).json()
        unseen = (await client.get(f"{OVERRIDES}/{other['id']}/lamps")).json()
        undone = await order(client, {"held_by": both["id"]}, action=RESUME)
        hidden = await client.post(f"{COMMANDS}/preview", json={"targets": {"held_by": other["id"]}, "action": RESUME})
    assert (line["lamps"], line["wards"], line["first_lamp"]) == (3, ["W2"], lamp_id(2))
    assert held == {"lamps": [lamp_id(2), lamp_id(4), lamp_id(6)], "numbers": [0, 1, 2]}
    assert (undone["lamps"], unseen["lamps"], hidden.status_code) == (3, [], 404)


async def test_the_list_is_a_file_in_which_a_reason_is_no_formula(service: Service) -> None:
    async with service.signed_in() as client:
        await order(client, W1, reason="=HYPERLINK(1)")
        answered = await client.get(f"{OVERRIDES}.csv")
    head, row = csv.reader(io.StringIO(answered.text.lstrip("\ufeff")))
    cells = dict(zip(head, row, strict=True))
    assert (cells["level"], cells["until"], cells["lamps"]) == ("40", "2026-11-21T12:30:00Z", "3")
    assert (cells["reason"], cells["wards"]) == ("'=HYPERLINK(1)", "W1")


async def test_a_shift_hands_over_what_it_has_seen_and_the_log_says_so(service: Service, wall: Wall) -> None:
    await service.parts.people.add("minh", PASSWORD, Role.OPERATOR)
    async with service.signed_in(Role.OPERATOR) as client:
        await order(client, W1, reason="fog")
        seen = (await listed(client))["digest"]
        wall.advance(seconds=1)
        await order(client, {"lamps": [lamp_id(2)]})
        wanted = {"to": " Minh", "note": "all quiet"}
        stale = await client.post(f"{OVERRIDES}/handover", json={**wanted, "digest": seen})
        newest = (await listed(client))["digest"]
        done = (await client.post(f"{OVERRIDES}/handover", json={**wanted, "digest": newest})).json()
    assert (stale.status_code, stale.json()["detail"]["code"]) == (409, "changed_meanwhile")
    assert (done["by"], done["to"], done["commands"], done["lamps"]) == ("operator", "minh", 2, 4)
    async with service.signed_in(Role.AUDITOR) as auditor:
        [act] = (await auditor.get("/api/v1/audit", params={"act": "hand_over"})).json()
    assert (act["who"], act["target"], act["reason"]) == ("operator", "minh", "all quiet")
    assert (act["parameters"]["digest"], act["parameters"]["lamps"]) == (newest, 4)


@pytest.mark.parametrize("to", ["nobody", "operator"])
async def test_nobody_hands_over_to_himself_or_to_who_is_not_there(service: Service, to: str) -> None:
    async with service.signed_in(Role.OPERATOR) as client:
        digest = (await listed(client))["digest"]
        answered = await client.post(f"{OVERRIDES}/handover", json={"to": to, "digest": digest})
    assert answered.status_code == 404


async def test_the_group_that_undoes_is_followed_like_any_other(service: Service) -> None:
    feed = Feed(service)
    async with service.signed_in() as client:
        group = await dimmed(service, client, feed)
        undone = await order(client, {"held_by": group["id"]}, action=RESUME)
        assert undone["targets"] == {"held_by": group["id"]}
        await hear(service, "HL-E01", said(sent(service)["HL-E01"], Step.READ_BACK, actual_level=100.0), feed)
        assert (await look(client, undone))["states"] == {"confirmed": 3}


async def test_the_list_of_a_whole_city_is_made_beside_the_loop(service: Service) -> None:
    parts, threads = service.parts, set[int]()

    def told(found: OverridesOut) -> bytes:
        threads.add(threading.get_ident())
        return found.model_dump_json().encode()

    await parts.hand_over.look(parts.views.whole, told)
    assert threads
    assert threading.get_ident() not in threads
