"""Signing in, staying signed in and signing out."""

import hashlib
import stat

import pytest
from sqlalchemy import select

from cloud.errors import TicketGone
from cloud.people.access import COOKIE
from cloud.people.rights import Right, Role
from cloud.people.schemas import Credentials
from cloud.settings import Settings
from cloud.tables import METADATA
from protocols.clock import DomainClock
from tests.cloud.serving import PASSWORD, Service, serving

SESSION = "/api/v1/session"


async def test_the_first_administrator_signs_in_with_the_password_in_the_file(
    service: Service, settings: Settings
) -> None:
    password = settings.admin_password_file.read_text().strip()
    async with service.anonymous() as client:
        answered = await client.post(SESSION, json={"username": "Admin", "password": password})
        me = await client.get(SESSION)
    assert answered.status_code == 200
    assert me.json() == answered.json()
    assert me.json()["role"] == "administrator"
    assert set(me.json()["rights"]) == set(Right)


async def test_the_first_password_is_for_its_owners_eyes(service: Service, settings: Settings) -> None:
    assert stat.S_IMODE(settings.admin_password_file.stat().st_mode) == 0o600
    assert len(settings.admin_password_file.read_text().strip()) >= 24


async def test_a_second_start_keeps_the_administrator(settings: Settings, clock: DomainClock) -> None:
    async with serving(settings, clock):
        password = settings.admin_password_file.read_text()
    async with serving(settings, clock):
        assert settings.admin_password_file.read_text() == password


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(service: Service) -> None:
    await service.parts.people.add("lan", PASSWORD, Role.OPERATOR)
    async with service.anonymous() as client:
        answered = await client.post(SESSION, json={"username": "lan", "password": PASSWORD})
    cookie = answered.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE)
    assert {"httponly", "samesite=strict", "path=/", "max-age=43200"} <= {part.strip() for part in cookie.split(";")}


async def test_the_registry_does_not_hold_the_secret_of_a_session(service: Service) -> None:
    async with service.signed_in() as client:
        secret = client.cookies[COOKIE]
    async with service.parts.database.read() as session:
        kept = [str(row) for table in METADATA.sorted_tables for row in await session.execute(select(table))]
    assert len(secret) >= 43
    assert not any(secret in row for row in kept)
    assert any(hashlib.sha256(secret.encode()).hexdigest() in row for row in kept)


@pytest.mark.parametrize("act", ["password", "standing"])
async def test_a_log_in_that_is_under_way_does_not_outlive_the_end_of_all_sessions(service: Service, act: str) -> None:
    """Argon2 takes its time: meanwhile an administrator changes the password, or shuts the person out."""
    people = service.parts.people
    await people.add("lan", PASSWORD, Role.OPERATOR)
    async with service.signed_in() as boss:
        person = await people.check_password(Credentials(username="lan", password=PASSWORD), "127.0.0.1")
        change = boss.post if act == "password" else boss.put
        changed = await change(f"/api/v1/people/lan/{act}", json={"disabled": True})
    assert changed.status_code == 200
    with pytest.raises(TicketGone):
        await people.open(person, "127.0.0.1")


@pytest.mark.parametrize(("username", "password"), [("lan", "wrong"), ("nobody", PASSWORD)])
async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    service: Service, username: str, password: str
) -> None:
    await service.parts.people.add("lan", PASSWORD, Role.OPERATOR)
    async with service.anonymous() as client:
        answered = await client.post(SESSION, json={"username": username, "password": password})
    assert answered.status_code == 401
    assert answered.json()["detail"]["code"] == "wrong_password"
    assert "set-cookie" not in answered.headers


async def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(service: Service) -> None:
    async with service.signed_in() as client, service.anonymous() as thief:
        thief.cookies.update(client.cookies)
        assert (await thief.get(SESSION)).status_code == 200
        assert (await client.delete(SESSION)).status_code == 204
        assert (await thief.get(SESSION)).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_cannot_act_in_my_name(service: Service, headers: dict[str, str]) -> None:
    async with service.signed_in() as client:
        refused = await client.delete(SESSION, headers=headers)
        assert refused.status_code == 403
        assert refused.json()["detail"]["code"] == "wrong_origin"
        assert (await client.get(SESSION, headers=headers)).status_code == 200


async def test_the_consoles_own_page_can(service: Service) -> None:
    async with service.signed_in() as client:
        own = {"Origin": service.url, "Sec-Fetch-Site": "same-origin"}
        assert (await client.delete(SESSION, headers=own)).status_code == 204


async def test_nobody_fills_the_memory_with_one_request(service: Service) -> None:
    async with service.anonymous() as client:
        answered = await client.post(SESSION, content=b"x" * 1_000_000)
    assert answered.status_code == 413


@pytest.mark.parametrize("body", [b'{"username": "\\ud800", "password": "x"}', b'{"username": NaN, "password": "x"}'])
async def test_a_body_that_no_answer_could_carry_is_refused_like_any_other(service: Service, body: bytes) -> None:
    async with service.anonymous() as client:
        answered = await client.post(SESSION, content=body, headers={"Content-Type": "application/json"})
    assert answered.status_code == 422
    assert answered.json()["detail"][0]["loc"] == ["body", "username"]


async def test_a_refusal_does_not_repeat_the_password(service: Service) -> None:
    async with service.anonymous() as client:
        answered = await client.post(SESSION, json={"password": PASSWORD})
    assert answered.json()["detail"][0]["msg"] == "Field required"
    assert PASSWORD not in answered.text
