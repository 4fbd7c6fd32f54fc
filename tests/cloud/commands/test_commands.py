"""An order to a lamp is sent until it is answered, and is done only when the lamp's actual level was read back."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from cloud.commands.service import TRY_FOR
from cloud.people.rights import Role
from cloud.settings import Settings
from protocols import wire
from protocols.clock import DomainClock
from protocols.commands import Answer, Command, Override, Refusal, Resume, Step
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING, Wall, standing_clock
from tests.cloud.feeding import Feed
from tests.cloud.serving import RecordingLink, Service, serving

COMMANDS = "/api/v1/commands"
DIM = {"target": lamp_id(1), "action": {"type": "override", "level": 60}}
TOPIC = "haidang/v1/halong/HL-E01/command"


def said(command: dict[str, Any], step: Step, at: datetime = EVENING, **facts: object) -> Answer:
    return Answer.model_validate({"id": command["id"], "step": step, "at": at, **facts})


def sent(service: Service) -> list[tuple[str, Command]]:
    """What went out as a command; the head of the audit log may go out meanwhile."""
    said = [(topic, payload) for topic, payload in service.link.published if topic.endswith("/command")]
    return [(topic, wire.decode_message(Command, payload)) for topic, payload in said]


async def order(client: httpx2.AsyncClient, **more: object) -> dict[str, Any]:
    answered = await client.post(COMMANDS, json={**DIM, **more})
    assert answered.status_code == 202, answered.text
    issued: dict[str, Any] = answered.json()
    return issued


async def look(client: httpx2.AsyncClient, command: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"{COMMANDS}/{command['id']}")).json()
    return found


async def test_a_command_goes_at_once_to_the_edge_of_its_lamp(service: Service) -> None:
    async with service.signed_in(Role.OPERATOR) as client:
        issued = await order(client, reason="road works")
        other = await order(client, target=lamp_id(2))
    (topic, command), (other_topic, _) = sent(service)
    assert (topic, other_topic) == (TOPIC, "haidang/v1/halong/HL-E02/command")
    assert command.id == issued["id"]
    assert command.who == "operator"
    assert command.action == Override(level=60, until=EVENING + timedelta(hours=2))
    assert command.expires_at == EVENING + timedelta(seconds=60)
    assert issued["state"] == "sent"
    assert [moment["state"] for moment in issued["history"]] == ["requested", "sent"]
    assert (issued["reason"], issued["refusal"], issued["actual_level"]) == ("road works", None, None)
    assert other["target"] == lamp_id(2)


async def test_the_way_back_to_the_programme_has_no_end(service: Service) -> None:
    async with service.signed_in() as client:
        issued = await order(client, action={"type": "resume"})
    assert issued["action"] == {"type": "resume", "level": None, "until": None}
    assert sent(service)[0][1].action == Resume()


@pytest.mark.parametrize(
    "action",
    [
        {"type": "override", "level": 101},
        {"type": "override", "level": -1},
        {"type": "override", "level": 50, "minutes": 0},
        {"type": "override", "level": 50, "minutes": 1441},
        {"type": "override"},
        {"type": "blink"},
        {"type": "resume", "level": 5},
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(service: Service, action: dict[str, object]) -> None:
    async with service.signed_in() as client:
        assert (await client.post(COMMANDS, json={**DIM, "action": action})).status_code == 422
    assert sent(service) == []


@pytest.mark.parametrize("target", ["HL-999999", "HL-TC001-M"])
async def test_what_is_no_luminaire_cannot_be_ordered_about(service: Service, target: str) -> None:
    async with service.signed_in() as client:
        answered = await client.post(COMMANDS, json={**DIM, "target": target})
    assert (answered.status_code, answered.json()["detail"]["code"]) == (404, "not_found")


async def test_a_command_is_confirmed_when_the_actual_level_was_read_back(service: Service) -> None:
    feed = Feed(service)
    async with service.signed_in() as client:
        issued = await order(client)
        await feed.answers([said(issued, Step.ACCEPTED)])
        assert (await look(client, issued))["state"] == "acknowledged"
        read_back = said(issued, Step.READ_BACK, EVENING + timedelta(seconds=1), actual_level=60.0, active_power=62.5)
        await feed.answers([read_back])
        done = await look(client, issued)
        shown = (await client.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
    assert (done["state"], done["actual_level"], done["active_power"]) == ("confirmed", 60.0, 62.5)
    assert [moment["state"] for moment in done["history"]] == ["requested", "sent", "acknowledged", "confirmed"]
    assert done["history"][-1]["at"] == "2026-11-21T12:00:01Z"
    assert shown["override"] == {"level": 60.0, "until": "2026-11-21T14:00:00Z", "who": "administrator"}
    assert (shown["planned_level"], shown["planned_reason"]) == (60.0, "manual_override")
    assert shown["last_command"]["id"] == issued["id"]


async def test_a_refusal_says_why(service: Service) -> None:
    async with service.signed_in() as client:
        issued = await order(client)
        await Feed(service).answers([said(issued, Step.REFUSED, refusal=Refusal.LAMP_SILENT, detail="Modbus 0x04")])
        failed = await look(client, issued)
    assert (failed["state"], failed["refusal"], failed["detail"]) == ("failed", "lamp_silent", "Modbus 0x04")


async def test_a_level_that_was_not_reached_comes_with_its_figures(service: Service) -> None:
    figures: dict[str, Any] = {"wanted_level": 60.0, "actual_level": 100.0, "waited_s": 10.0}
    async with service.signed_in() as client:
        issued = await order(client)
        await Feed(service).answers([said(issued, Step.REFUSED, refusal=Refusal.LEVEL_NOT_REACHED, **figures)])
        failed = await look(client, issued)
    assert failed["refusal"] == "level_not_reached"
    assert {name: failed[name] for name in figures} == figures


async def test_too_late_for_the_edge_is_not_the_same_as_no_word_from_it(service: Service) -> None:
    async with service.signed_in() as client:
        issued = await order(client)
        await Feed(service).answers([said(issued, Step.TOO_LATE, refusal=Refusal.CAME_TOO_LATE)])
        expired = await look(client, issued)
    assert (expired["state"], expired["refusal"]) == ("expired", "came_too_late")


async def test_answers_in_one_batch_are_taken_one_after_the_other(service: Service) -> None:
    async with service.signed_in() as client:
        issued = await order(client)
        await Feed(service).answers([said(issued, Step.ACCEPTED), said(issued, Step.READ_BACK, actual_level=60.0)])
        assert (await look(client, issued))["state"] == "confirmed"


async def test_the_same_answer_again_changes_nothing(service: Service) -> None:
    feed = Feed(service)
    async with service.signed_in() as client:
        issued = await order(client)
        answers = [said(issued, Step.ACCEPTED), said(issued, Step.READ_BACK, actual_level=60.0)]
        await feed.answers(answers)
        once = await look(client, issued)
        await feed.answers(answers)
        assert await look(client, issued) == once


async def test_an_edge_has_no_word_in_the_commands_of_another(service: Service) -> None:
    async with service.signed_in() as client:
        issued = await order(client)
        await Feed(service).answers([said(issued, Step.READ_BACK, actual_level=60.0)], edge="HL-E02")
        assert (await look(client, issued))["state"] == "sent"


async def test_an_answer_to_a_command_that_nobody_gave_is_passed_over(service: Service) -> None:
    await Feed(service).answers([said({"id": "nobody-gave-this"}, Step.READ_BACK)])


async def test_a_command_that_waits_for_a_lamp_says_so_and_its_edge_has_the_last_word(
    service: Service, wall: Wall
) -> None:
    feed = Feed(service)
    async with service.signed_in() as client:
        issued = await order(client)
        await feed.answers([said(issued, Step.ACCEPTED), said(issued, Step.WAITING)])
        assert (await look(client, issued))["state"] == "waiting"
        wall.advance(seconds=TRY_FOR.total_seconds() + 1)
        await service.parts.commands.tend()
        assert (await look(client, issued))["state"] == "waiting"
        await feed.answers([said(issued, Step.TOO_LATE, refusal=Refusal.SLEPT_THROUGH)])
        expired = await look(client, issued)
    assert (expired["state"], expired["refusal"]) == ("expired", "slept_through")
    assert [moment["state"] for moment in expired["history"]][-2:] == ["waiting", "expired"]


async def test_a_command_that_waits_for_a_lamp_and_an_edge_that_went_away_comes_to_an_end(
    service: Service, wall: Wall
) -> None:
    async with service.signed_in() as client:
        issued = await order(client)
        await Feed(service).answers([said(issued, Step.WAITING)])
        wall.advance(seconds=TRY_FOR.total_seconds() + 10)
        await service.parts.commands.tend()
        assert (await look(client, issued))["state"] == "unknown"


@pytest.mark.parametrize(("heard", "end"), [(False, "expired"), (True, "unknown")])
async def test_a_command_without_a_last_word_comes_to_an_end(
    service: Service, wall: Wall, heard: bool, end: str
) -> None:
    async with service.signed_in() as client:
        issued = await order(client)
        if heard:
            await Feed(service).answers([said(issued, Step.ACCEPTED)])
        wall.advance(seconds=TRY_FOR.total_seconds())
        await service.parts.commands.tend()
        assert (await look(client, issued))["state"] == end
        overview = (await client.get("/api/v1/overview")).json()
    assert overview["commands"] == {"open": 0, "failed_1h": 1}


async def test_an_answer_that_was_on_its_way_still_corrects_the_record(service: Service, wall: Wall) -> None:
    async with service.signed_in() as client:
        issued = await order(client)
        wall.advance(seconds=61)
        await service.parts.commands.tend()
        await Feed(service).answers([said(issued, Step.READ_BACK, actual_level=60.0)])
        assert (await look(client, issued))["state"] == "confirmed"
        shown = (await client.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
    assert shown["override"]["level"] == 60.0


async def test_in_a_fast_city_a_person_still_has_a_minute(settings: Settings) -> None:
    clock, wall = standing_clock(speed=60)
    async with serving(settings, clock) as running, running.signed_in() as client:
        issued = await order(client)
        wall.advance(seconds=59)
        await running.parts.commands.tend()
        assert (await look(client, issued))["state"] == "sent"
    assert issued["expires_at"] == "2026-11-21T13:00:00Z"


async def test_an_open_command_goes_on_after_a_restart(settings: Settings, clock: DomainClock) -> None:
    link = RecordingLink(connected=False)
    async with serving(settings, clock, link=link) as running, running.signed_in() as client:
        issued = await order(client)
    link.connected = True
    async with serving(settings, clock, link=link) as running, running.signed_in() as client:
        await running.parts.commands.tend()
        assert {command.id for _, command in sent(running)} == {issued["id"]}
        await Feed(running).answers([said(issued, Step.READ_BACK, actual_level=60.0)])
        assert (await look(client, issued))["state"] == "confirmed"


async def test_an_override_in_force_is_known_after_a_restart_and_ends_by_itself(
    settings: Settings, clock: DomainClock, wall: Wall
) -> None:
    async with serving(settings, clock) as running, running.signed_in() as client:
        issued = await order(client, action={"type": "override", "level": 60, "minutes": 30})
        await Feed(running).answers([said(issued, Step.READ_BACK, actual_level=60.0)])
    async with serving(settings, clock) as running, running.signed_in() as client:
        path = f"/api/v1/luminaires/{lamp_id(1)}"
        assert (await client.get(path)).json()["override"]["level"] == 60.0
        wall.advance(minutes=20)
        await client.get(path)  # who does nothing for half an hour is signed out
        wall.advance(minutes=10)
        after = (await client.get(path)).json()
    assert (after["override"], after["planned_level"]) == (None, 100.0)


async def test_a_confirmed_resume_ends_the_override(service: Service, wall: Wall) -> None:
    feed = Feed(service)
    async with service.signed_in() as client:
        dimmed = await order(client)
        await feed.answers([said(dimmed, Step.READ_BACK, actual_level=60.0)])
        wall.advance(minutes=1)
        resumed = await order(client, action={"type": "resume"})
        await feed.answers([said(resumed, Step.READ_BACK, actual_level=100.0)])
        shown = (await client.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
    assert (shown["override"], shown["planned_reason"]) == (None, "astronomical_default")


async def test_of_two_overrides_the_one_that_was_issued_last_counts(service: Service, wall: Wall) -> None:
    feed = Feed(service)
    async with service.signed_in() as client:
        first = await order(client)
        wall.advance(seconds=1)
        second = await order(client, action={"type": "override", "level": 30})
        await feed.answers([said(second, Step.READ_BACK, actual_level=30.0)])
        await feed.answers([said(first, Step.READ_BACK, actual_level=60.0)])
        shown = (await client.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
    assert shown["override"]["level"] == 30.0


async def test_every_command_stands_in_the_audit_log(service: Service) -> None:
    async with service.signed_in(Role.OPERATOR) as client:
        issued = await order(client, reason="road works")
    async with service.signed_in(Role.AUDITOR) as auditor:
        acts = (await auditor.get("/api/v1/audit")).json()
    (act,) = [act for act in acts if act["act"] == "command"]
    assert (act["who"], act["target"], act["reason"]) == ("operator", lamp_id(1), "road works")
    assert act["result"] == "requested"
    override = {"type": "override", "level": 60.0, "until": "2026-11-21T14:00:00Z"}
    assert act["parameters"] == {"command": issued["id"], **override}


async def test_the_newest_commands_are_listed_first(service: Service, wall: Wall) -> None:
    async with service.signed_in() as client:
        for n in (1, 2, 1):
            wall.advance(seconds=1)
            await order(client, target=lamp_id(n))
        of_all = (await client.get(COMMANDS)).json()
        of_one = (await client.get(f"{COMMANDS}?target={lamp_id(1)}&limit=1")).json()
    assert [command["target"] for command in of_all] == [lamp_id(n) for n in (1, 2, 1)]
    assert [command["id"] for command in of_one] == [of_all[0]["id"]]


async def test_a_viewer_may_look_and_not_order(service: Service) -> None:
    async with service.signed_in(Role.VIEWER) as client:
        assert (await client.post(COMMANDS, json=DIM)).status_code == 403
        assert (await client.get(COMMANDS)).json() == []
    assert sent(service) == []
