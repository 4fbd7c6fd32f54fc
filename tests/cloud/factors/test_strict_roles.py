"""Roles that must have a second factor see nothing before they have one."""

import pytest

from cloud.people.rights import Role
from tests.cloud.clocks import Wall
from tests.cloud.factors.ways import API, confirm, give_code, somebody, take_totp, ticket_of
from tests.cloud.serving import Service
from tests.cloud.tokens.machines import TOKENS, machine, wish

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def told() -> dict[str, object]:
    """What stands in the settings."""
    return {"second_factor_for": ["shift_lead", "administrator"]}


async def test_a_strict_role_is_held_until_it_has_a_factor(service: Service, wall: Wall) -> None:
    async with somebody(service, role=Role.SHIFT_LEAD) as lan, service.anonymous() as browser:
        held = (await lan.get(f"{API}/session")).json()
        assert (held["held_for"], held["rights"]) == ("factor", ["session.own"])
        refused = await lan.get(f"{API}/overview")
        assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "take_factor")
        phone, _ = await take_totp(lan, wall)
        assert (await lan.get(f"{API}/overview")).status_code == 200
        opened = await give_code(browser, await ticket_of(browser), phone.next())
        assert (opened.status_code, opened.json()["held_for"]) == (200, None)


async def test_who_leaves_the_last_factor_is_held_again(service: Service, wall: Wall) -> None:
    async with somebody(service, role=Role.ADMINISTRATOR) as lan:
        phone, _ = await take_totp(lan, wall)
        given = {"confirmation": await confirm(lan, code=phone.next())}
        assert (await lan.request("DELETE", f"{API}/account/totp", json=given)).status_code == 204
        assert (await lan.get(f"{API}/overview")).status_code == 403
        assert (await lan.get(f"{API}/account")).status_code == 200


async def test_the_machines_of_who_is_held_are_held_with_him(service: Service, wall: Wall) -> None:
    async with somebody(service, role=Role.ADMINISTRATOR) as lan:
        phone, _ = await take_totp(lan, wall)
        token = (await lan.post(TOKENS, json=wish(wall, ["view.city"]))).json()["token"]
        async with machine(service, token) as meter:
            assert (await meter.get(f"{API}/city")).status_code == 200
            given = {"confirmation": await confirm(lan, code=phone.next())}
            assert (await lan.request("DELETE", f"{API}/account/totp", json=given)).status_code == 204
            assert (await meter.get(f"{API}/city")).status_code == 401


async def test_other_roles_are_as_free_as_before(service: Service) -> None:
    async with somebody(service, role=Role.OPERATOR) as lan:
        assert (await lan.get(f"{API}/overview")).status_code == 200
