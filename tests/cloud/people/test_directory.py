"""People are let in, given roles and shown out by who is responsible for them, and every such act is written down."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import pytest

from cloud.audit.store import load_last
from cloud.directory.service import ONE_TIME_LASTS
from cloud.errors import LastAdministrator
from cloud.live.hub import SIGNED_OUT
from cloud.people.rights import Role, granted
from cloud.people.schemas import GrantOut
from cloud.people.store import Session
from rules.areas import Area
from tests.cloud.clocks import Wall
from tests.cloud.serving import PASSWORD, Service
from tests.waiting import until

API = "/api/v1"
PEOPLE = f"{API}/people"
PROVINCE_AREA = Area()
PROVINCE, CITY, WARD, OTHER = "/", "/halong", "/halong/W1", "/mongcai"


def grants(*pairs: tuple[Role, str]) -> list[dict[str, str]]:
    return [{"role": role, "area": area} for role, area in pairs]


def person(name: str, *pairs: tuple[Role, str]) -> dict[str, object]:
    return {"username": name, "display_name": name.title(), "grants": grants(*pairs)}


@asynccontextmanager
async def someone(service: Service, name: str, role: Role, area: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody with one grant, signed in."""
    await service.parts.people.add(name, PASSWORD, role, area=Area.parse(area))
    async with service.anonymous() as client:
        assert await sign_in(client, name) == 200
        yield client


async def sign_in(client: httpx2.AsyncClient, name: str, password: str = PASSWORD) -> int:
    return (await client.post(f"{API}/session", json={"username": name, "password": password})).status_code


async def acts(service: Service) -> Sequence[tuple[str, str, str]]:
    async with service.parts.database.read() as session:
        return [(row.who, row.act, row.target) for row in await load_last(session, 100)]


async def test_somebody_new_chooses_a_password_before_anything_else(service: Service) -> None:
    async with service.signed_in() as admin, service.anonymous() as lan:
        invited = (await admin.post(PEOPLE, json=person("lan", (Role.OPERATOR, CITY)))).json()
        once = invited["one_time_password"]
        assert await sign_in(lan, "lan", once) == 200
        assert (await lan.get(f"{API}/session")).json()["rights"] == ["session.own"]
        held = await lan.get(f"{API}/overview")
        same = await lan.put(f"{API}/session/password", json={"current": once, "new": once})
        wrong = await lan.put(f"{API}/session/password", json={"current": "x", "new": PASSWORD})
        chosen = await lan.put(f"{API}/session/password", json={"current": once, "new": PASSWORD})
        assert (held.status_code, same.status_code, wrong.status_code, chosen.status_code) == (403, 422, 401, 200)
        assert held.json()["detail"]["code"] == "choose_password"
        assert "view.city" in chosen.json()["rights"]
        assert (await lan.get(f"{API}/overview")).status_code == 200
        assert (await sign_in(lan, "lan", once), await sign_in(lan, "lan")) == (401, 200)
    told = [act for act in await acts(service) if act[1] in ("add_person", "change_password")]
    assert told == [("lan", "change_password", "lan"), ("administrator", "add_person", "lan")]


async def test_a_password_for_once_that_nobody_used_stops_fitting(service: Service, wall: Wall) -> None:
    async with service.signed_in() as admin, service.anonymous() as lan:
        invited = (await admin.post(PEOPLE, json=person("lan", (Role.OPERATOR, CITY)))).json()
        wall.advance(seconds=ONE_TIME_LASTS.total_seconds())
        assert await sign_in(lan, "lan", invited["one_time_password"]) == 401


async def test_the_same_name_is_not_given_twice(service: Service) -> None:
    async with service.signed_in() as admin:
        first = await admin.post(PEOPLE, json=person("lan", (Role.VIEWER, CITY)))
        again = await admin.post(PEOPLE, json=person("LAN", (Role.VIEWER, CITY)))
    assert (first.status_code, again.status_code) == (201, 409)
    assert again.json()["detail"]["code"] == "name_taken"


@pytest.mark.parametrize("wrong", [[], [{"role": "boss", "area": "/"}], [{"role": "viewer", "area": "halong"}]])
async def test_what_is_no_grant_is_refused(service: Service, wrong: list[dict[str, str]]) -> None:
    async with service.signed_in() as admin:
        assert (await admin.post(PEOPLE, json={**person("lan"), "grants": wrong})).status_code == 422


async def test_a_ward_that_is_not_there_is_not_given(service: Service) -> None:
    async with service.signed_in() as admin:
        refused = await admin.post(PEOPLE, json=person("lan", (Role.OPERATOR, "/halong/W9")))
    assert (refused.status_code, refused.json()["detail"]["code"]) == (400, "no_such_area")
    assert await service.parts.people.find("lan") is None


async def test_nobody_raises_himself(service: Service) -> None:
    async with someone(service, "lan", Role.ADMINISTRATOR, WARD) as lan:
        raised = await lan.put(f"{PEOPLE}/lan/grants", json={"grants": grants((Role.ADMINISTRATOR, PROVINCE))})
        same = await lan.put(f"{PEOPLE}/LAN/grants", json={"grants": grants((Role.ADMINISTRATOR, WARD))})
        friend = await lan.post(PEOPLE, json=person("friend", (Role.VIEWER, CITY)))
    assert [answer.status_code for answer in (raised, same, friend)] == [403, 403, 403]


async def test_an_administrator_of_a_city_has_no_word_elsewhere(service: Service) -> None:
    await service.parts.people.add("minh", PASSWORD, Role.OPERATOR, area=Area.parse(OTHER))
    await service.parts.people.add("chief", PASSWORD, Role.OPERATOR, area=Area.parse(PROVINCE))
    async with someone(service, "lan", Role.ADMINISTRATOR, CITY) as lan:
        listed = [one["username"] for one in (await lan.get(PEOPLE)).json()]
        far = await lan.put(f"{PEOPLE}/minh/standing", json={"disabled": True})
        above = await lan.put(f"{PEOPLE}/chief/standing", json={"disabled": True})
        given = await lan.post(PEOPLE, json=person("tam", (Role.VIEWER, OTHER)))
        own = await lan.post(PEOPLE, json=person("tam", (Role.OPERATOR, WARD)))
    assert [answer.status_code for answer in (far, above, given, own)] == [404, 403, 403, 201]
    assert listed == ["admin", "chief", "lan"]


@pytest.mark.parametrize("change", ["disable", "other grants"])
async def test_the_last_administrator_of_the_city_stays(service: Service, change: str) -> None:
    """Everybody else who could do it away is no administrator of the whole city, but manages people there."""
    async with someone(service, "lan", Role.ADMINISTRATOR, CITY) as lan:
        assert (await lan.put(f"{PEOPLE}/admin/standing", json={"disabled": True})).status_code == 403  # a province's
    async with service.signed_in() as boss:
        await boss.put(f"{PEOPLE}/admin/standing", json={"disabled": True})
        await boss.put(f"{PEOPLE}/lan/standing", json={"disabled": True})
        refused = await _remove(service, change)
    assert refused == "last_administrator"
    async with service.anonymous() as client:
        assert await sign_in(client, "administrator") == 200


async def _remove(service: Service, change: str) -> str:
    """The last one taken away by somebody who was an administrator a moment ago, and acts on an open request."""
    who = Session("hash", "gone", "Gone", [granted(Role.ADMINISTRATOR, PROVINCE_AREA)], "vi")
    directory, viewer = service.parts.directory, [GrantOut(role=Role.VIEWER, area="/")]
    act = directory.stand(who, "administrator", disabled=True)
    if change != "disable":
        act.close()
        act = directory.grant(who, "administrator", viewer)
    with pytest.raises(LastAdministrator) as caught:
        await act
    return caught.value.code


async def test_other_grants_end_the_sessions_that_were_open_under_the_old_ones(service: Service) -> None:
    async with someone(service, "lan", Role.OPERATOR, CITY) as lan, service.signed_in() as admin:
        changed = await admin.put(f"{PEOPLE}/lan/grants", json={"grants": grants((Role.VIEWER, WARD))})
        assert (changed.status_code, changed.json()["grants"]) == (200, grants((Role.VIEWER, WARD)))
        assert (await lan.get(f"{API}/session")).status_code == 401
        assert await sign_in(lan, "lan") == 200
        assert (await lan.get(f"{API}/session")).json()["role"] == "viewer"
    assert ("administrator", "grant", "lan") in await acts(service)


async def test_who_is_disabled_is_out_and_stays_out_until_let_in_again(service: Service) -> None:
    async with someone(service, "lan", Role.OPERATOR, CITY) as lan, service.signed_in() as admin:
        await admin.put(f"{PEOPLE}/lan/standing", json={"disabled": True})
        assert ((await lan.get(f"{API}/session")).status_code, await sign_in(lan, "lan")) == (401, 401)
        await admin.put(f"{PEOPLE}/lan/standing", json={"disabled": False})
        assert await sign_in(lan, "lan") == 200
    assert {act for _, act, target in await acts(service) if target == "lan"} >= {"disable", "enable"}


@pytest.mark.parametrize("path", [f"{API}/map/live", f"{API}/live"])
async def test_a_session_that_the_shift_lead_ends_is_dead_on_its_sockets_too(service: Service, path: str) -> None:
    async with (
        someone(service, "lan", Role.OPERATOR, CITY) as lan,
        someone(service, "lead", Role.SHIFT_LEAD, CITY) as lead,
        service.socket(path, lan) as socket,
    ):
        await until(lambda: len(service.parts.event_hub) + len(service.parts.map_hub))
        listed = (await lead.get(f"{API}/sessions")).json()
        mine = next(one["id"] for one in listed if one["username"] == "lan")
        assert (await lead.delete(f"{API}/sessions/{mine}")).status_code == 204
        assert (await lan.get(f"{API}/session")).status_code == 401
        async with asyncio.timeout(30):
            await socket.wait_closed()
    assert socket.close_code == SIGNED_OUT
    assert ("lead", "end_session", "lan") in await acts(service)


async def test_all_sessions_of_somebody_are_ended_at_once(service: Service) -> None:
    async with (
        someone(service, "lan", Role.OPERATOR, CITY) as desk,
        service.anonymous() as tablet,
        someone(service, "lead", Role.SHIFT_LEAD, CITY) as lead,
    ):
        assert await sign_in(tablet, "lan") == 200
        assert (await lead.delete(f"{PEOPLE}/lan/sessions")).status_code == 204
        assert [(await one.get(f"{API}/session")).status_code for one in (desk, tablet, lead)] == [401, 401, 200]


async def test_a_shift_lead_ends_no_session_of_another_city(service: Service) -> None:
    async with someone(service, "minh", Role.OPERATOR, OTHER), someone(service, "lead", Role.SHIFT_LEAD, CITY) as lead:
        listed = (await lead.get(f"{API}/sessions")).json()
        refused = await lead.delete(f"{PEOPLE}/minh/sessions")
    assert ([one["username"] for one in listed], refused.status_code) == (["lead"], 404)


async def test_the_name_of_a_session_opens_nothing(service: Service) -> None:
    async with service.signed_in() as admin, service.anonymous() as thief:
        name = (await admin.get(f"{API}/sessions")).json()[0]["id"]
        thief.cookies.set("haidang_session", name)
        assert (await thief.get(f"{API}/session")).status_code == 401
