"""Nothing is sent before everybody has agreed who has to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson
import pytest

from cloud.people.rights import Role
from cloud.people.tables import GrantRow
from cloud.settings import Consent, Settings
from protocols.clock import DomainClock
from rules.areas import PROVINCE, Area
from tests.cloud.cities import lamp_id, small_city, write_city
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.commands.test_groups import CITY, COMMANDS, DIM, W1, sent
from tests.cloud.serving import PASSWORD, Service, serving
from tests.cloud.tokens.machines import TOKENS, machine, wish
from tests.waiting import until

CONSENTS = "/api/v1/consents"
LAMP = {"lamps": [lamp_id(1)]}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One lamp goes without more, three by one person, and nothing is said of the overview."""
    limits = Consent(alone=1, one_person=3)
    return settings.model_copy(update={"consent": limits, "overview_every": settings.session_lasts})


@asynccontextmanager
async def person(
    service: Service, name: str, area: Area = PROVINCE, role: Role = Role.OPERATOR
) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who is signed in."""
    if await service.parts.people.find(name) is None:
        await service.parts.people.add(name, PASSWORD, role, area=area)
    async with service.anonymous() as client:
        (await client.post("/api/v1/session", json={"username": name, "password": PASSWORD})).raise_for_status()
        yield client


async def confirmed(client: httpx2.AsyncClient) -> str:
    answered = await client.post("/api/v1/session/confirm", json={"password": PASSWORD})
    assert answered.status_code == 200, answered.text
    given: str = answered.json()["confirmation"]
    return given


async def give(
    client: httpx2.AsyncClient, targets: object = CITY, action: object = DIM, **more: object
) -> httpx2.Response:
    return await client.post(f"{COMMANDS}/group", json={"targets": targets, "action": action, **more})


async def sure(client: httpx2.AsyncClient, targets: object = CITY, **more: object) -> httpx2.Response:
    return await give(client, targets, reason="storm", confirmation=await confirmed(client), **more)


def lacks(answered: httpx2.Response) -> list[str]:
    """What is missing by the answer."""
    assert answered.status_code == 409, answered.text
    detail = answered.json()["detail"]
    assert detail["code"] == "consent"
    needs: list[str] = detail["needs"]
    return needs


async def asked(client: httpx2.AsyncClient, targets: object = CITY) -> dict[str, Any]:
    """A consent that waits for a second person."""
    answered = await sure(client, targets, second=True)
    assert answered.status_code == 202, answered.text
    consent: dict[str, Any] = answered.json()["consent"]
    return consent


async def test_the_more_lamps_the_more_is_asked_for(service: Service) -> None:
    async with person(service, "lan") as client:
        assert lacks(await give(client, W1)) == ["reason", "password"]
        assert lacks(await give(client, W1, reason="storm")) == ["password"]
        assert lacks(await give(client, CITY)) == ["reason", "password", "second_person"]
        assert lacks(await sure(client, CITY)) == ["second_person"]
        preview = await client.post(f"{COMMANDS}/preview", json={"targets": CITY, "action": DIM})
        assert preview.json()["needs"] == ["reason", "password", "second_person"]
        assert sent(service) == {}
        assert (await sure(client, W1)).status_code == 202
        assert (await give(client, LAMP)).status_code == 202, "it was said a moment ago why this lamp is dimmed"
    assert sent(service).keys() == {"HL-E01"}


async def test_a_confirmation_is_good_once_and_for_its_own_session(service: Service) -> None:
    async with person(service, "lan") as client, person(service, "minh") as other:
        confirmation = await confirmed(client)
        assert lacks(await give(other, W1, reason="storm", confirmation=confirmation)) == ["password"]
        assert (await give(client, W1, reason="storm", confirmation=confirmation)).status_code == 202
        more = {"lamps": [lamp_id(2), lamp_id(4)]}
        assert lacks(await give(other, more, reason="storm", confirmation=confirmation)) == ["password"]
        assert lacks(await give(client, CITY, reason="storm", confirmation=confirmation)) == ["second_person"]


async def test_small_commands_add_up_and_after_ten_minutes_they_do_not(service: Service, wall: Wall) -> None:
    async with person(service, "lan") as client, person(service, "minh") as other:

        async def dim(who: httpx2.AsyncClient, n: int, **more: object) -> httpx2.Response:
            return await who.post(COMMANDS, json={"target": lamp_id(n), "action": DIM, **more})

        assert [(await dim(client, 1)).status_code for _ in range(2)] == [202, 202], "one lamp is one lamp"
        assert lacks(await dim(client, 2)) == ["reason", "password"]
        assert (await dim(other, 2)).status_code == 202, "another person has limits of his own"
        assert lacks(await give(client, {"lamps": [lamp_id(2)]})) == ["reason", "password"]
        wall.advance(minutes=11)
        assert (await dim(client, 2)).status_code == 202
        assert (await dim(client, 3, reason="storm", confirmation=await confirmed(client))).status_code == 202


async def test_of_many_commands_at_the_same_moment_no_more_pass_than_one_after_the_other(service: Service) -> None:
    async with person(service, "lan") as client:
        wanted = [{"target": lamp_id(n), "action": DIM} for n in range(1, 7)]
        answers = await asyncio.gather(*(client.post(COMMANDS, json=one) for one in wanted))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409, 409, 409]


@pytest.mark.parametrize("action", [{"type": "override", "level": 100}, {"type": "resume"}])
async def test_more_light_takes_nothing_and_does_not_count(service: Service, action: dict[str, object]) -> None:
    async with person(service, "lan") as client:
        assert (await give(client, CITY, action)).status_code == 202
        assert (await give(client, LAMP)).status_code == 202
        preview = await client.post(f"{COMMANDS}/preview", json={"targets": CITY, "action": action})
    assert preview.json()["needs"] == []


async def test_a_second_person_agrees_from_his_own_session_and_only_then_it_is_sent(service: Service) -> None:
    async with person(service, "lan") as client, person(service, "minh") as second:
        waiting = await asked(client)
        assert (waiting["state"], waiting["lamps"], waiting["is_mine"]) == ("waiting", 6, True)
        assert sent(service) == {}
        own = await client.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})
        assert (own.status_code, own.json()["detail"]["code"]) == (403, "not_allowed")
        [seen] = (await second.get(CONSENTS)).json()
        assert (seen["id"], seen["who"], seen["reason"], seen["is_mine"]) == (waiting["id"], "lan", "storm", False)
        agreed = (await second.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})).json()
        again = await second.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})
        group = (await client.get(f"{COMMANDS}/groups/{agreed['group']}")).json()
    assert sent(service).keys() == {"HL-E01", "HL-E02"}
    assert {one.who for one in sent(service).values()} == {"lan"}
    assert (agreed["state"], agreed["second"]) == ("agreed", "minh")
    assert (again.status_code, again.json()["detail"]["code"]) == (409, "decided")
    assert (group["who"], group["second"], group["reason"], group["states"]) == ("lan", "minh", "storm", {"sent": 6})


async def test_everything_about_it_stands_in_the_audit_log(service: Service) -> None:
    async with person(service, "lan") as client, person(service, "minh") as second:
        waiting = await asked(client)
        await second.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})
    async with service.signed_in(Role.AUDITOR) as auditor:
        acts = (await auditor.get("/api/v1/audit")).json()
    by_act = {act["act"]: act for act in acts}
    ask, command, decision = by_act["ask_consent"], by_act["command_group"], by_act["consent"]
    assert (ask["who"], ask["target"], ask["reason"], ask["result"]) == ("lan", "/halong", "storm", "waiting")
    assert (decision["who"], decision["result"], decision["parameters"]["asked_by"]) == ("minh", "agreed", "lan")
    assert (command["who"], command["parameters"]["second"], command["parameters"]["lamps"]) == ("lan", "minh", 6)
    assert decision["parameters"]["group"] == command["parameters"]["group"]


@pytest.mark.parametrize("who", ["minh", "lan"])
async def test_what_is_refused_or_taken_back_is_never_sent_and_everybody_is_told(service: Service, who: str) -> None:
    async with (
        person(service, "lan") as client,
        person(service, "minh") as second,
        service.socket("/api/v1/live", client) as socket,
    ):
        await until(lambda: len(service.parts.event_hub))
        waiting = await asked(client)
        decider = second if who == "minh" else client
        await decider.post(f"{CONSENTS}/{waiting['id']}", json={"agree": False})
        async with asyncio.timeout(30):
            told = [orjson.loads(await socket.recv()) for _ in range(2)]
        late = await second.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})
    assert [message["consent"]["state"] for message in told] == ["waiting", "refused"]
    assert told[1]["consent"]["second"] == who
    assert late.status_code == 409
    assert sent(service) == {}


async def test_after_ten_minutes_it_is_void_and_everybody_is_told(service: Service, wall: Wall) -> None:
    async with (
        person(service, "lan") as client,
        person(service, "minh") as second,
        service.socket("/api/v1/live", client) as socket,
    ):
        await until(lambda: len(service.parts.event_hub))
        waiting = await asked(client)
        wall.advance(minutes=10)
        late = await second.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})
        await service.parts.desk.expire()
        async with asyncio.timeout(30):
            told = [orjson.loads(await socket.recv()) for _ in range(2)]
        [seen] = (await client.get(CONSENTS)).json()
    assert late.status_code == 409
    assert [message["consent"]["state"] for message in told] == ["waiting", "expired"]
    assert (seen["state"], seen["second"]) == ("expired", None)
    assert sent(service) == {}


async def test_who_may_not_command_all_of_it_neither_sees_nor_decides_it(service: Service) -> None:
    async with person(service, "lan") as client, person(service, "nga", Area("halong", "W2")) as second:
        waiting = await asked(client)
        assert (await second.get(CONSENTS)).json() == []
        hidden = await second.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})
        absent = await second.post(f"{CONSENTS}/no-such-thing", json={"agree": True})
    async with person(service, "hoa", role=Role.VIEWER) as viewer:
        assert (await viewer.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})).status_code == 403
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert sent(service) == {}


async def test_what_somebody_asked_for_who_has_lost_the_right_is_void(service: Service) -> None:
    async with person(service, "lan") as client, person(service, "minh") as second:
        waiting = await asked(client)
        lan = await service.parts.people.find("lan")
        assert lan is not None
        async with service.parts.database.write() as session:
            grant = await session.get(GrantRow, (lan.id, "operator", "/"))
            await session.delete(grant)
        decided = (await second.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})).json()
    assert (decided["state"], decided["group"]) == ("void", None)
    assert sent(service) == {}


async def test_a_machine_is_no_second_person_and_has_nothing_to_be_sure_with(service: Service, wall: Wall) -> None:
    async with service.signed_in() as boss, person(service, "lan") as client:
        made = (await boss.post(TOKENS, json=wish(wall, ["lamp.command", "view.commands"], "/"))).json()
        waiting = await asked(client)
        async with machine(service, made["token"]) as program:
            agreed = await program.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})
            many = await give(program, W1, reason="storm", confirmation=await confirmed(client))
            one = await give(program, LAMP)
    assert (agreed.status_code, agreed.json()["detail"]["code"]) == (403, "not_allowed")
    assert lacks(many) == ["password"]
    assert one.status_code == 202


async def test_machines_count_together_with_who_made_them(service: Service, wall: Wall) -> None:
    async with service.signed_in() as boss, person(service, "lan") as other:
        rights = ["lamp.command", "view.commands"]
        tokens = [(await boss.post(TOKENS, json=wish(wall, rights, "/", name=name))).json() for name in ("m1", "m2")]
        async with machine(service, tokens[0]["token"]) as first, machine(service, tokens[1]["token"]) as second:
            assert (await give(first, LAMP)).status_code == 202
            assert lacks(await give(second, {"lamps": [lamp_id(2)]})) == ["reason", "password"]
        assert lacks(await give(boss, {"lamps": [lamp_id(3)]})) == ["reason", "password"]
        assert (await give(other, {"lamps": [lamp_id(2)]})).status_code == 202


async def test_what_waits_survives_a_restart(settings: Settings, clock: DomainClock) -> None:
    async with serving(settings, clock) as service, person(service, "lan") as client:
        waiting = await asked(client)
    async with serving(settings, clock) as service, person(service, "minh") as second:
        agreed = (await second.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})).json()
        assert agreed["state"] == "agreed"
        assert sent(service)["HL-E01"].issued_at == EVENING


async def test_a_lamp_that_has_been_moved_out_of_reach_meanwhile_makes_it_void(
    settings: Settings, clock: DomainClock
) -> None:
    settings = settings.model_copy(update={"consent": Consent(alone=1, one_person=2)})
    async with serving(settings, clock) as service, person(service, "lan", Area("halong", "W1")) as client:
        waiting = await asked(client, W1)
    *others, last = small_city().luminaires
    moved = [last, *(lamp.model_copy(update={"ward": "W2"}) if lamp.id == lamp_id(5) else lamp for lamp in others)]
    write_city(settings.sites[0].inventory, small_city().model_copy(update={"luminaires": tuple(moved)}))
    async with serving(settings, clock) as service, person(service, "minh") as second:
        decided = (await second.post(f"{CONSENTS}/{waiting['id']}", json={"agree": True})).json()
        assert (decided["state"], sent(service)) == ("void", {})
