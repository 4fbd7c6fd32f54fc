"""Many lamps at once: one message for each edge, an answer for each lamp, and totals that show who is missing."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.commands.service import TRY_MANY_FOR
from cloud.people.rights import Role
from cloud.settings import Settings
from protocols import wire
from protocols.clock import DomainClock
from protocols.commands import Answer, Group, Override, Refusal, Resume, Step, member_id
from protocols.topics import Stream
from protocols.wire import EdgeState
from rules.areas import Area
from rules.fleet_geometry import inside
from tests.cloud.cities import lamp_id, small_city, write_city
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import PASSWORD, RecordingLink, Service, serving
from tests.waiting import until

COMMANDS = "/api/v1/commands"
W1 = {"area": "/halong/W1"}
CITY = {"area": "/halong"}
DIM: dict[str, object] = {"type": "override", "level": 40, "minutes": 30}


def sent(service: Service) -> dict[str, Group]:
    """What went out as a group, by edge."""
    said = [(topic, payload) for topic, payload in service.link.published if topic.endswith("/command")]
    found = {topic.split("/")[3]: wire.decode_command(payload) for topic, payload in said}
    return {edge: group for edge, group in found.items() if isinstance(group, Group)}


async def order(client: httpx2.AsyncClient, targets: Mapping[str, object], **more: object) -> dict[str, Any]:
    answered = await client.post(f"{COMMANDS}/group", json={"targets": targets, "action": DIM, **more})
    assert answered.status_code == 202, answered.text
    issued: dict[str, Any] = answered.json()["group"]
    return issued


async def look(client: httpx2.AsyncClient, group: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"{COMMANDS}/groups/{group['id']}")).json()
    return found


def said(group: Group, step: Step, *places: int, **facts: object) -> list[Answer]:
    """What an edge tells of some lamps of a group; of all when none are named."""
    chosen = places or range(len(group.lamps))
    known = {"step": step, "at": EVENING + timedelta(seconds=1), **facts}
    return [Answer.model_validate({"id": member_id(group.id, place), **known}) for place in chosen]


async def hear(service: Service, edge: str, answers: list[Answer], feed: Feed) -> None:
    await feed.bodies(edge, Stream.EVENT, wire.encode_answers(answers))


async def test_a_group_goes_once_to_each_edge_and_every_lamp_is_confirmed_or_named(service: Service) -> None:
    feed = Feed(service)
    async with service.signed_in(Role.OPERATOR) as client:
        issued = await order(client, CITY, reason="fog")
        groups = sent(service)
        assert {edge: group.lamps for edge, group in groups.items()} == {
            "HL-E01": (lamp_id(1), lamp_id(3), lamp_id(5)),
            "HL-E02": (lamp_id(2), lamp_id(4), lamp_id(6)),
        }
        assert {group.action for group in groups.values()} == {
            Override(level=40, until=EVENING + timedelta(minutes=30))
        }
        assert (issued["states"], issued["lamps"], issued["is_open"]) == ({"sent": 6}, 6, True)
        await hear(service, "HL-E01", said(groups["HL-E01"], Step.ACCEPTED), feed)
        assert (await look(client, issued))["states"] == {"acknowledged": 3, "sent": 3}
        await hear(service, "HL-E01", said(groups["HL-E01"], Step.READ_BACK, 0, 1, actual_level=40.0), feed)
        silent = said(groups["HL-E01"], Step.REFUSED, 2, refusal=Refusal.LAMP_SILENT, detail="Modbus 0x04")
        await hear(service, "HL-E01", silent, feed)
        done = await look(client, issued)
        shown = (await client.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
    assert done["states"] == {"confirmed": 2, "failed": 1, "sent": 3}
    missing = {one["target"]: (one["state"], one["refusal"], one["detail"]) for one in done["not_confirmed"]}
    assert missing.pop(lamp_id(5)) == ("failed", "lamp_silent", "Modbus 0x04")
    assert missing == {lamp_id(n): ("sent", None, None) for n in (2, 4, 6)}
    assert shown["override"] == {"level": 40.0, "until": "2026-11-21T12:30:00Z", "who": "operator"}
    assert (shown["last_command"]["group"], shown["last_command"]["state"]) == (issued["id"], "confirmed")


async def test_a_group_is_undone_as_a_group(service: Service, wall: Wall) -> None:
    feed = Feed(service)
    async with service.signed_in() as client:
        await order(client, W1)
        await hear(service, "HL-E01", said(sent(service)["HL-E01"], Step.READ_BACK, actual_level=40.0), feed)
        wall.advance(seconds=5)
        undone = await order(client, W1, action={"type": "resume"})
        back = sent(service)["HL-E01"]
        assert back.action == Resume()
        await hear(service, "HL-E01", said(back, Step.READ_BACK, actual_level=100.0), feed)
        assert (await look(client, undone))["states"] == {"confirmed": 3}
        shown = (await client.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
    assert (shown["override"], shown["planned_reason"]) == (None, "astronomical_default")


async def test_a_part_is_sent_again_as_a_whole_until_every_lamp_of_it_is_answered(
    settings: Settings, clock: DomainClock, wall: Wall
) -> None:
    quick = settings.model_copy(update={"resend_every": timedelta(0)})
    link = RecordingLink(connected=False)
    async with serving(quick, clock, link=link) as running, running.signed_in() as client:
        issued = await order(client, CITY)
        assert issued["states"] == {"requested": 6}
    link.connected = True
    async with serving(quick, clock, link=link) as running, running.signed_in() as client:
        await running.parts.commands.tend()
        groups = sent(running)
        assert groups["HL-E02"].lamps == (lamp_id(2), lamp_id(4), lamp_id(6)), "also after a restart"
        await hear(running, "HL-E01", said(groups["HL-E01"], Step.ACCEPTED), feed := Feed(running))
        await hear(running, "HL-E02", said(groups["HL-E02"], Step.ACCEPTED, 0), feed)
        link.published.clear()
        await running.parts.commands.tend()
        assert sent(running) == {"HL-E02": groups["HL-E02"]}
        wall.advance(seconds=TRY_MANY_FOR.total_seconds())
        await running.parts.commands.tend()
        assert (await look(client, issued))["states"] == {"unknown": 4, "expired": 2}
        await hear(running, "HL-E01", said(groups["HL-E01"], Step.READ_BACK), feed)
        assert (await look(client, issued))["states"] == {"confirmed": 3, "unknown": 1, "expired": 2}


async def test_an_edge_has_no_word_in_the_part_of_another(service: Service) -> None:
    async with service.signed_in() as client:
        issued = await order(client, W1)
        await hear(service, "HL-E02", said(sent(service)["HL-E01"], Step.READ_BACK), Feed(service))
        assert (await look(client, issued))["states"] == {"sent": 3}


async def test_the_totals_are_said_live_and_not_lamp_by_lamp(service: Service) -> None:
    async with service.signed_in() as client, service.socket("/api/v1/live", client) as socket:
        await until(lambda: len(service.parts.event_hub))
        issued = await order(client, CITY)
        await hear(service, "HL-E01", said(sent(service)["HL-E01"], Step.READ_BACK), Feed(service))
        messages: list[dict[str, Any]] = []
        async with asyncio.timeout(30):
            while not messages or messages[-1]["states"] != {"confirmed": 3, "sent": 3}:
                message = orjson.loads(await socket.recv())
                assert message["type"] != "command"
                messages += [message] if message["type"] == "group" else []
    assert {message["group"] for message in messages} == {issued["id"]}
    assert len(messages) <= 3


async def test_everybody_sees_a_group_as_far_as_they_see_its_lamps(service: Service) -> None:
    await service.parts.people.add("nga", PASSWORD, Role.OPERATOR, area=Area("halong", "W2"))
    async with service.signed_in() as boss, service.anonymous() as client:
        both, other = await order(boss, CITY), await order(boss, W1)
        await client.post("/api/v1/session", json={"username": "nga", "password": PASSWORD})
        seen, unseen = await look(client, both), await client.get(f"{COMMANDS}/groups/{other['id']}")
        listed = (await client.get(f"{COMMANDS}/groups")).json()
        singles = (await boss.get(COMMANDS)).json()
    assert (seen["lamps"], seen["states"], seen["targets"]) == (3, {"sent": 3}, None)
    assert [one["target"] for one in seen["not_confirmed"]] == [lamp_id(2), lamp_id(4), lamp_id(6)]
    assert unseen.status_code == 404
    assert [one["id"] for one in listed] == [both["id"]]
    assert singles == []


async def test_one_line_of_the_audit_log_stands_for_the_whole_group(service: Service) -> None:
    async with service.signed_in(Role.OPERATOR) as client:
        issued = await order(client, {"street": "Trần Phú"}, reason="fog")
    async with service.signed_in(Role.AUDITOR) as auditor:
        acts = (await auditor.get("/api/v1/audit")).json()
    (act,) = [act for act in acts if act["act"].startswith("command")]
    assert (act["act"], act["who"], act["target"], act["reason"]) == ("command_group", "operator", "Trần Phú", "fog")
    assert (act["parameters"]["group"], act["parameters"]["lamps"], act["parameters"]["level"]) == (issued["id"], 3, 40)


@pytest.mark.parametrize(
    ("targets", "places"),
    [
        ({"lamps": [lamp_id(3), lamp_id(1), lamp_id(3)]}, (1, 3)),
        (W1, (1, 3, 5)),
        ({"area": "/"}, (1, 2, 3, 4, 5, 6)),
        ({"cabinet": "HL-TC002"}, (2, 4, 6)),
        ({"street": "Đường Hạ Long"}, (2, 4, 6)),
        ({"polygon": [[107.08015, 20.9], [107.08035, 20.9], [107.08035, 21], [107.08015, 21]]}, (2, 3)),
    ],
)
async def test_lamps_are_chosen_by_what_they_are(
    service: Service, targets: Mapping[str, object], places: tuple[int, ...]
) -> None:
    async with service.signed_in() as client:
        await order(client, targets)
    assert sorted(name for group in sent(service).values() for name in group.lamps) == [lamp_id(n) for n in places]


@pytest.mark.parametrize(
    ("targets", "status"),
    [
        ({"lamps": ["HL-999999"]}, 404),
        ({"lamps": [lamp_id(1), "HL-999999"]}, 403),
        ({"area": "/halong/W9"}, 404),
        ({"area": "/mongcai"}, 404),
        ({"cabinet": "HL-TC009"}, 404),
        ({"street": "Nowhere"}, 404),
        ({"polygon": [[0, 0], [1, 0], [1, 1]]}, 404),
        ({"polygon": [[0, 0], [1, 0]]}, 422),
        ({"polygon": [[0, 0], [1, 0], [1, 91]]}, 422),
        ({"area": "halong"}, 422),
        ({"lamps": []}, 422),
        ({"lamps": [lamp_id(1)], "cabinet": "HL-TC001"}, 422),
        ({}, 422),
    ],
)
async def test_what_names_no_lamps_is_refused(service: Service, targets: Mapping[str, object], status: int) -> None:
    async with service.signed_in() as client:
        for path in ("preview", "group"):
            answered = await client.post(f"{COMMANDS}/{path}", json={"targets": targets, "action": DIM})
            assert answered.status_code == status, answered.text
    assert sent(service) == {}


async def test_what_lies_outside_is_not_there_and_what_lies_partly_outside_is_refused(service: Service) -> None:
    await service.parts.people.add("nga", PASSWORD, Role.OPERATOR, area=Area("halong", "W2"))
    async with service.anonymous() as client:
        await client.post("/api/v1/session", json={"username": "nga", "password": PASSWORD})

        async def answer(targets: Mapping[str, object]) -> tuple[int, str]:
            answered = await client.post(f"{COMMANDS}/group", json={"targets": targets, "action": DIM})
            return answered.status_code, answered.text

        assert await answer(W1) == await answer({"area": "/halong/W9"})
        assert await answer({"lamps": [lamp_id(1)]}) == await answer({"lamps": ["HL-999999"]})
        status, partly = await answer(CITY)
        assert (status, "you may command 3 lamps and no more" in partly) == (403, True)
        assert await answer({"lamps": [lamp_id(2), lamp_id(1)]}) == await answer({"lamps": [lamp_id(2), "HL-999999"]})
    assert sent(service) == {}


async def test_a_preview_says_what_would_happen_and_sends_nothing(service: Service) -> None:
    feed = Feed(service)
    for edge in ("HL-E01", "HL-E02"):
        service.parts.edges.told(edge, EdgeState(state="online"))
    await feed.readings([lamp(1, EVENING), lamp(3, EVENING, actual_level=50.0)])
    await feed.readings([lamp(2, EVENING)], "HL-E02")
    service.parts.edges.told("HL-E02", EdgeState(state="offline"))
    async with service.signed_in() as client:
        dim = (await client.post(f"{COMMANDS}/preview", json={"targets": CITY, "action": DIM})).json()
        back = (await client.post(f"{COMMANDS}/preview", json={"targets": CITY, "action": {"type": "resume"}})).json()
    assert (dim["lamps"], dim["unreachable"]) == (6, 4)
    assert dim["edges"] == [
        {"edge": "HL-E01", "lamps": 3, "unreachable": 1},
        {"edge": "HL-E02", "lamps": 3, "unreachable": 3},
    ]
    assert (dim["power_kw_now"], dim["power_kw_after"]) == (0.151, pytest.approx(2 * 0.0414, abs=1e-3))
    assert (dim["until"], dim["needs"]) == ("2026-11-21T12:30:00Z", [])
    assert (back["power_kw_after"], back["until"]) == (0.2, None)
    assert sent(service) == {}


async def test_a_preview_knows_that_a_relay_dims_nothing(settings: Settings, clock: DomainClock) -> None:
    city = small_city()
    kinds = tuple(kind.model_copy(update={"control": "relay"}) for kind in city.luminaire_types)
    write_city(Path(settings.sites[0].inventory), city.model_copy(update={"luminaire_types": kinds}))
    async with serving(settings, clock) as service, service.signed_in() as client:
        service.parts.edges.told("HL-E01", EdgeState(state="online"))
        await Feed(service).readings([lamp(1, EVENING)])
        for level, power in ((40, 0.1), (0, 0.001)):
            wanted = {"targets": {"lamps": [lamp_id(1)]}, "action": {**DIM, "level": level}}
            assert (await client.post(f"{COMMANDS}/preview", json=wanted)).json()["power_kw_after"] == power


async def test_an_edge_with_very_many_lamps_gets_several_messages(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.commands.service.MOST_LAMPS", 2)
    async with service.signed_in() as client:
        await order(client, W1)
    said = [wire.decode_command(payload) for topic, payload in service.link.published if topic.endswith("/command")]
    assert [one.lamps for one in said if isinstance(one, Group)] == [(lamp_id(1), lamp_id(3)), (lamp_id(5),)]


corners = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=7)


@given(corners, st.integers(-60, 60), st.integers(-60, 60), st.integers(0, 6))
def test_a_polygon_is_the_same_wherever_it_begins_and_whichever_way_it_goes(
    drawn: list[tuple[int, int]], x: int, y: int, begin: int
) -> None:
    points = np.array([x / 10 + 0.013]), np.array([y / 10 + 0.017])  # on no edge and no corner
    whole = [(float(a), float(b)) for a, b in drawn]
    turned = [*whole[begin % len(whole) :], *whole[: begin % len(whole)]]
    assert inside(*points, whole) == inside(*points, turned) == inside(*points, whole[::-1])


def test_a_polygon_has_an_inside_a_bay_and_an_outside() -> None:
    bay = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0)]
    found = inside(np.array([1.0, 2.0, 5.0, 3.5]), np.array([1.0, 3.0, 1.0, 3.0]), bay)
    assert found.tolist() == [True, False, False, True]


def test_an_edge_of_a_polygon_that_hardly_rises_is_no_infinity() -> None:
    flat = [(50.0, 75.2), (-69.6, 30.0), (-128.3, 0.0), (-137.5, -2.225073858507203e-309), (-97.4, -26.7)]
    assert inside(np.array([107.07, -70.0]), np.array([20.96, 5.0]), flat).tolist() == [False, True]
