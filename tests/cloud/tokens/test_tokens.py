"""A machine asks in somebody's name, for what it was given and what that person still has."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime

import httpx2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.typing import Origin

from cloud.audit.store import Search, load_last
from cloud.audit.tables import AuditRow
from cloud.live.hub import SIGNED_OUT
from cloud.people.rights import FOR_PEOPLE, Right, Role
from cloud.tokens.tables import TokenRow
from rules.areas import Area, Grant, may, within
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import Wall
from tests.cloud.serving import PASSWORD, Service
from tests.cloud.tokens.machines import TOKENS, machine, wish
from tests.waiting import until

API = "/api/v1"
CITY, LAMP = f"{API}/city", f"{API}/luminaires/{lamp_id(1)}"


async def made(client: httpx2.AsyncClient, wanted: object) -> str:
    answer = await client.post(TOKENS, json=wanted)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


async def rows(service: Service, act: str) -> Sequence[AuditRow]:
    async with service.parts.database.read() as session:
        return await load_last(session, 100, Search(act=act))


async def test_a_token_opens_what_it_was_given_and_nothing_else(service: Service, wall: Wall) -> None:
    async with service.signed_in() as boss:
        token = await made(boss, wish(wall, ["view.city"], "/halong/W1"))
    async with machine(service, token) as meter:
        city, lamp = await meter.get(CITY), await meter.get(LAMP)
        elsewhere = await meter.get(f"{API}/luminaires/{lamp_id(2)}")
        others = [await meter.get(f"{API}/{path}") for path in ("alarms", "audit", "session", "tokens", "account")]
    assert (city.status_code, [ward["id"] for ward in city.json()["wards"]]) == (200, ["W1"])
    assert (lamp.status_code, elsewhere.status_code) == (200, 404)
    assert {other.status_code for other in others} == {403}


async def test_what_a_machine_does_stands_in_the_log_under_its_own_name(service: Service, wall: Wall) -> None:
    async with service.signed_in() as boss:
        token = await made(boss, wish(wall, ["lamp.command", "view.commands"]))
        dim = {"target": lamp_id(1), "action": {"type": "override", "level": 60}}
        async with machine(service, token) as meter:
            assert (await meter.post(f"{API}/commands", json=dim)).status_code == 202
    (row,) = await rows(service, "command")
    assert row.who == "administrator#meter"
    (row,) = await rows(service, "make_token")
    told = orjson.loads(row.parameters or "")
    assert (row.who, row.target, told["who"]) == ("administrator", token.split("_")[1], "administrator#meter")
    assert told["grants"] == "lamp.command view.commands over /halong"


async def test_the_registry_holds_no_token(service: Service, wall: Wall) -> None:
    async with service.signed_in() as boss:
        token = await made(boss, wish(wall, ["view.city"]))
        listed = (await boss.get(TOKENS)).text
    async with service.parts.database.read() as session:
        kept = await session.scalar(select(TokenRow))
    assert kept is not None
    assert kept.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token.split("_", 2)[2] not in listed
    assert len(token.split("_", 2)[2]) == 43  # 256 bits


@pytest.mark.parametrize("right", sorted(FOR_PEOPLE))
async def test_no_machine_gets_what_is_for_people(service: Service, wall: Wall, right: Right) -> None:
    async with service.signed_in() as boss:
        refused = await boss.post(TOKENS, json=wish(wall, [right]))
    assert (refused.status_code, refused.json()["detail"]["code"]) == (400, "not_for_machines")


@pytest.mark.parametrize("days", [-1, 0, 400.01])
async def test_a_token_has_an_end_and_no_late_one(service: Service, wall: Wall, days: float) -> None:
    async with service.signed_in() as boss:
        refused = await boss.post(TOKENS, json=wish(wall, ["view.city"], days=days))
    assert (refused.status_code, refused.json()["detail"]["code"]) == (400, "bad_expiry")


async def test_a_token_ends_at_its_end(service: Service, wall: Wall) -> None:
    async with service.signed_in() as boss:
        token = await made(boss, wish(wall, ["view.city"], days=400))
    async with machine(service, token) as meter:
        wall.advance(days=399)
        assert (await meter.get(CITY)).status_code == 200
        wall.advance(days=1)
        assert (await meter.get(CITY)).status_code == 401


async def test_nobody_gives_a_machine_more_than_he_has(service: Service, wall: Wall) -> None:
    await service.parts.people.add("minh", PASSWORD, Role.ADMINISTRATOR, area=Area("halong", "W1"))
    async with service.anonymous() as minh:
        await minh.post(f"{API}/session", json={"username": "minh", "password": PASSWORD})
        city, own = wish(wall, ["view.city"]), wish(wall, ["view.city"], "/halong/W1")
        assert [(await minh.post(TOKENS, json=one)).status_code for one in (city, own)] == [403, 201]
        assert [one["made_by"] for one in (await minh.get(TOKENS)).json()] == ["minh"]


async def test_a_token_never_has_more_than_its_maker_has_now(service: Service, wall: Wall) -> None:
    people = f"{API}/people"
    await service.parts.people.add("minh", PASSWORD, Role.ADMINISTRATOR, area=Area("halong"))
    async with service.anonymous() as minh, service.signed_in() as boss:
        await minh.post(f"{API}/session", json={"username": "minh", "password": PASSWORD})
        token = await made(minh, wish(wall, ["view.city", "view.audit"]))
        async with machine(service, token) as meter:
            assert (await meter.get(f"{API}/audit")).status_code == 200
            fewer = {"grants": [{"role": "viewer", "area": "/halong/W1"}]}
            await boss.put(f"{people}/minh/grants", json=fewer)
            assert (await meter.get(f"{API}/audit")).status_code == 403
            assert [ward["id"] for ward in (await meter.get(CITY)).json()["wards"]] == ["W1"]
            await boss.put(f"{people}/minh/standing", json={"disabled": True})
            assert (await meter.get(CITY)).status_code == 401
            await boss.put(f"{people}/minh/standing", json={"disabled": False})
            assert (await meter.get(CITY)).status_code == 401  # it does not come back with him


async def test_a_use_is_written_once_a_minute(service: Service, wall: Wall) -> None:
    async def used() -> float:
        async with service.signed_in() as client:
            return datetime.fromisoformat((await client.get(TOKENS)).json()[0]["last_used_at"]).timestamp()

    async with service.signed_in() as boss:
        token = await made(boss, wish(wall, ["view.city"]))
    async with machine(service, token) as meter:
        await meter.get(CITY)
        first = wall()
        wall.advance(seconds=59)
        await meter.get(CITY)
        assert await used() == first
        wall.advance(seconds=1)
        await meter.get(CITY)
        assert await used() == wall()


async def test_who_shows_a_cookie_and_a_token_is_nobody(service: Service, wall: Wall) -> None:
    async with service.signed_in() as boss:
        token = await made(boss, wish(wall, ["view.city"]))
        both = await boss.get(CITY, headers={"Authorization": f"Bearer {token}"})
    assert (both.status_code, both.json()["detail"]["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("wrong", ["hd_", "hd_000000000000_x", "x", "hd_é", "hd__", "Bearer hd_x"])
async def test_what_is_no_token_opens_nothing(service: Service, wrong: str) -> None:
    async with service.anonymous() as client:
        answer = await client.get(CITY, headers={b"Authorization": f"Bearer {wrong}".encode()})
    assert answer.status_code == 401


async def test_the_id_of_a_token_opens_nothing(service: Service, wall: Wall) -> None:
    async with service.signed_in() as boss:
        token = await made(boss, wish(wall, ["view.city"]))
    for part in (token[:-1], token.rsplit("_", 1)[0], f"{token}x"):
        async with machine(service, part) as thief:
            assert (await thief.get(CITY)).status_code == 401


async def test_a_machine_needs_no_origin_and_a_page_with_a_cookie_still_does(service: Service, wall: Wall) -> None:
    foreign = {"Origin": "https://meter.example", "Sec-Fetch-Site": "cross-site"}
    async with service.signed_in() as boss:
        token = await made(boss, wish(wall, ["lamp.command", "view.commands"]))
        dim = {"target": lamp_id(1), "action": {"type": "override", "level": 60}}
        assert (await boss.post(f"{API}/commands", json=dim, headers=foreign)).status_code == 403
        both = {**foreign, "Authorization": f"Bearer {token}"}
        assert (await boss.post(f"{API}/commands", json=dim, headers=both)).status_code == 401
    async with machine(service, token) as meter:
        assert (await meter.post(f"{API}/commands", json=dim, headers=foreign)).status_code == 202


@pytest.mark.parametrize("end", ["token", "maker's rights"])
async def test_a_machine_s_socket_closes_when_its_token_or_its_rights_end(
    service: Service, wall: Wall, end: str
) -> None:
    await service.parts.people.add("minh", PASSWORD, Role.ADMINISTRATOR, area=Area("halong"))
    async with service.anonymous() as minh, service.signed_in() as boss:
        await minh.post(f"{API}/session", json={"username": "minh", "password": PASSWORD})
        token = await made(minh, wish(wall, ["view.city"]))
        url = f"ws://127.0.0.1:{service.port}{API}/live"
        shown, page = {"Authorization": f"Bearer {token}"}, Origin("https://meter.example")
        async with connect(url, additional_headers=shown, origin=page, proxy=None) as socket:
            await until(lambda: len(service.parts.event_hub))
            if end == "token":
                assert (await boss.delete(f"{TOKENS}/{token.split('_')[1]}")).status_code == 204
            else:
                fewer = {"grants": [{"role": "viewer", "area": "/halong/W1"}]}
                await boss.put(f"{API}/people/minh/grants", json=fewer)
            async with asyncio.timeout(30):
                await socket.wait_closed()
    assert socket.close_code == SIGNED_OUT
    assert len(await rows(service, "end_token")) == (end == "token")


# --- what is left of a token's grants

_AREAS = st.sampled_from([Area(), Area("a"), Area("b"), Area("a", "1"), Area("a", "2")])
_GRANTS = st.lists(
    st.builds(Grant, st.just("x"), _AREAS, st.frozensets(st.sampled_from("pqr"), min_size=1)), max_size=4
)


@given(_GRANTS, _GRANTS, _AREAS, st.sampled_from("pqr"))
def test_a_machine_may_nothing_that_its_maker_may_not(
    wanted: list[Grant], held: list[Grant], where: Area, right: str
) -> None:
    assert may(within(wanted, held), right, where) == (may(wanted, right, where) and may(held, right, where))
