"""Signing in with a passkey, in the real ceremony, with an authenticator in software."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.cloud.clocks import Wall
from tests.cloud.factors.authenticator import UP, UV, Authenticator, Key, b64, unb64
from tests.cloud.factors.ways import API, confirm, give_code, sign_in, somebody, take_totp, told
from tests.cloud.serving import Service

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def phone(service: Service) -> Authenticator:
    """In front of a browser that shows the console at `localhost`."""
    return Authenticator(f"http://localhost:{service.port}")


def _at_localhost(service: Service, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    client.headers["Host"] = f"localhost:{service.port}"
    return client


async def _add(client: httpx2.AsyncClient, phone: Authenticator, **proof: str) -> httpx2.Response:
    given = {"confirmation": await confirm(client, **proof)}
    offer = (await client.post(f"{API}/account/passkeys/options", json=given)).json()
    made = {"ticket": offer["ticket"], "name": "điện thoại", "credential": phone.make(offer["options"])}
    return await client.post(f"{API}/account/passkeys", json=made)


async def _options(client: httpx2.AsyncClient, ticket: str | None = None) -> dict[str, Any]:
    answer = await client.post(f"{API}/session/passkey/options", json={"ticket": ticket} if ticket else {})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _give(client: httpx2.AsyncClient, ticket: str, credential: dict[str, Any]) -> httpx2.Response:
    return await client.post(f"{API}/session/passkey", json={"ticket": ticket, "credential": credential})


async def _come(client: httpx2.AsyncClient, phone: Authenticator, **wrong: Any) -> httpx2.Response:
    asked = await _options(client)
    return await _give(client, asked["ticket"], phone.sign(asked["options"], **wrong))


async def test_a_passkey_is_the_whole_way_in(service: Service, phone: Authenticator) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        _at_localhost(service, lan), _at_localhost(service, browser)
        added = await _add(lan, phone)
        assert (added.status_code, added.json()["name"], len(added.json()["recovery_codes"])) == (201, "điện thoại", 10)
        opened = await _come(browser, phone)
        assert (opened.status_code, opened.json()["username"]) == (200, "lan")
        assert (await browser.get(f"{API}/overview")).status_code == 200
        assert (await lan.get(f"{API}/account")).json()["passkeys"][0]["used_at"] is not None
    acts = await told(service)
    assert acts[0] == ("lan", "log_in", "ok", {"how": "passkey"})
    assert acts[1][1:3] == ("add_factor", "ok")


async def test_who_has_a_passkey_does_not_come_in_with_the_password_alone(
    service: Service, phone: Authenticator
) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        _at_localhost(service, lan), _at_localhost(service, browser)
        codes = (await _add(lan, phone)).json()["recovery_codes"]
        asked = await sign_in(browser)
        assert (asked.status_code, asked.json()["factors"]) == (202, ["recovery", "passkey"])
        options = await _options(browser, asked.json()["ticket"])
        assert len(options["options"]["allowCredentials"]) == 1
        opened = await _give(browser, options["ticket"], phone.sign(options["options"]))
        assert opened.status_code == 200
        lost = await give_code(browser, (await sign_in(browser)).json()["ticket"], codes[0])
        assert lost.status_code == 200
    assert [act[3] for act in await told(service) if act[1] == "log_in"][:2] == [
        {"how": "password+recovery"},
        {"how": "password+passkey"},
    ]


async def test_what_was_signed_once_opens_nothing_again(service: Service, phone: Authenticator) -> None:
    """Neither with its own ticket nor with a new one."""
    async with somebody(service) as lan, service.anonymous() as browser, service.anonymous() as thief:
        for client in (lan, browser, thief):
            _at_localhost(service, client)
        await _add(lan, phone)
        asked = await _options(browser)
        said = phone.sign(asked["options"])
        assert (await _give(browser, asked["ticket"], said)).status_code == 200
        same, other = await _give(thief, asked["ticket"], said), await _options(thief)
        assert (same.status_code, same.json()["detail"]["code"]) == (401, "ticket_gone")
        assert (await _give(thief, other["ticket"], said)).json()["detail"]["code"] == "wrong_factor"


async def test_what_took_too_long_to_sign_opens_nothing(service: Service, phone: Authenticator, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        _at_localhost(service, lan), _at_localhost(service, browser)
        await _add(lan, phone)
        asked = await _options(browser)
        wall.advance(minutes=5)
        refused = await _give(browser, asked["ticket"], phone.sign(asked["options"]))
    assert (refused.status_code, refused.json()["detail"]["code"]) == (401, "ticket_gone")


def _signed_elsewhere(origin: str, flags: int = UP | UV) -> Callable[[Authenticator, dict[str, Any]], dict[str, Any]]:
    return lambda phone, options: Authenticator(origin or phone.origin, flags, phone.keys).sign(options)


def _with_another_handle(phone: Authenticator, options: dict[str, Any]) -> dict[str, Any]:
    key = phone.keys[0]
    return phone.sign(options, Key(key.host, bytes(8), key.secret, key.id, key.count))


def _with_another_key(phone: Authenticator, options: dict[str, Any]) -> dict[str, Any]:
    key = phone.keys[0]
    return phone.sign(options, Key(key.host, key.handle, id=key.id))


def _with_another_signature(phone: Authenticator, options: dict[str, Any]) -> dict[str, Any]:
    one, other = phone.sign(options), phone.sign({**options, "challenge": "AAAA"})
    one["response"]["signature"] = other["response"]["signature"]
    return one


def _as_a_new_key(phone: Authenticator, options: dict[str, Any]) -> dict[str, Any]:
    said = phone.sign(options)
    client = unb64(said["response"]["clientDataJSON"]).replace(b"webauthn.get", b"webauthn.create")
    said["response"]["clientDataJSON"] = b64(client)
    return said


WRONG: dict[str, Callable[[Authenticator, dict[str, Any]], dict[str, Any]]] = {
    "on another site": _signed_elsewhere("http://evil.example"),
    "on another port": _signed_elsewhere("http://localhost:1"),
    "without a finger": _signed_elsewhere("", UP),
    "without anybody": _signed_elsewhere("", UV),
    "for another host": lambda phone, options: phone.sign(options, host="evil.example"),
    "for another challenge": lambda phone, options: phone.sign({**options, "challenge": "AAAA"}),
    "for another person": _with_another_handle,
    "with another key": _with_another_key,
    "with another signature": _with_another_signature,
    "as a new key": _as_a_new_key,
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_what_is_not_signed_here_by_its_owner_opens_nothing(
    service: Service, phone: Authenticator, wrong: Callable[[Authenticator, dict[str, Any]], dict[str, Any]]
) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        _at_localhost(service, lan), _at_localhost(service, browser)
        await _add(lan, phone)
        asked = await _options(browser)
        refused = await _give(browser, asked["ticket"], wrong(phone, asked["options"]))
        assert (refused.status_code, refused.json()["detail"]["code"]) == (401, "wrong_factor")
        assert "set-cookie" not in refused.headers
        assert (await _give(browser, asked["ticket"], phone.sign(asked["options"]))).status_code == 200
    failed = [act for act in await told(service) if act[1] == "log_in_failed"]
    assert failed == [("lan", "log_in_failed", "refused", {"how": "passkey"})]


async def test_a_copy_of_a_key_is_noticed(service: Service, phone: Authenticator) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        _at_localhost(service, lan), _at_localhost(service, browser)
        await _add(lan, phone)
        key = phone.keys[0]
        copy = Authenticator(phone.origin, keys=[Key(key.host, key.handle, key.secret, key.id)])
        assert [(await _come(browser, phone)).status_code for _ in range(2)] == [200, 200]
        assert (await _come(browser, copy)).status_code == 401
    assert (await told(service))[0][1:] == (
        "log_in_failed",
        "refused",
        {"how": "passkey whose counter went back"},
    )


async def test_a_key_that_does_not_count_comes_in_again_and_again(service: Service, phone: Authenticator) -> None:
    """Passkeys that are kept in several phones say 0 for ever."""
    async with somebody(service) as lan, service.anonymous() as browser:
        _at_localhost(service, lan), _at_localhost(service, browser)
        await _add(lan, phone)
        for _ in range(2):
            phone.keys[0].count = -1
            assert (await _come(browser, phone)).status_code == 200


async def test_the_key_of_somebody_else_is_no_second_factor(service: Service, phone: Authenticator) -> None:
    other = Authenticator(phone.origin)
    async with somebody(service) as lan, somebody(service, "minh") as minh, service.anonymous() as browser:
        for client in (lan, minh, browser):
            _at_localhost(service, client)
        await _add(lan, phone)
        await _add(minh, other)
        options = await _options(browser, (await sign_in(browser, "lan")).json()["ticket"])
        assert (await _give(browser, options["ticket"], other.sign(options["options"]))).status_code == 401
        assert (await _give(browser, options["ticket"], phone.sign(options["options"]))).status_code == 200


async def test_a_key_that_nobody_has_opens_nothing(service: Service, phone: Authenticator) -> None:
    async with service.anonymous() as browser:
        _at_localhost(service, browser)
        phone.keys.append(Key("localhost", bytes(8)))
        assert (await _come(browser, phone)).status_code == 401


@pytest.mark.parametrize(
    ("origin", "flags"),
    [("http://evil.example", 5), ("http://localhost:1", 5), ("", UP)],
    ids=["site", "port", "flags"],
)
async def test_a_key_that_was_not_made_here_by_its_owner_is_not_kept(
    service: Service, phone: Authenticator, origin: str, flags: int
) -> None:
    async with somebody(service) as lan:
        _at_localhost(service, lan)
        refused = await _add(lan, Authenticator(origin or phone.origin, flags))
        assert (refused.status_code, refused.json()["detail"]["code"]) == (401, "wrong_factor")
        assert (await lan.get(f"{API}/account")).json()["passkeys"] == []


async def test_a_key_is_made_once_and_for_the_session_that_asked(service: Service, phone: Authenticator) -> None:
    async with somebody(service) as lan, somebody(service, "minh") as minh:
        _at_localhost(service, lan), _at_localhost(service, minh)
        given = {"confirmation": await confirm(lan)}
        offer = (await lan.post(f"{API}/account/passkeys/options", json=given)).json()
        made = {"ticket": offer["ticket"], "name": "x", "credential": phone.make(offer["options"])}
        answers = [await client.post(f"{API}/account/passkeys", json=made) for client in (minh, lan)]
    assert [answer.status_code for answer in answers] == [401, 401]  # the first try used the ticket up


async def test_a_passkey_confirms_and_its_removal_lets_the_password_in_alone_again(
    service: Service, phone: Authenticator
) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        _at_localhost(service, lan)
        added = (await _add(lan, phone)).json()
        path = f"{API}/account/passkeys/{added['id']}"
        with_password = await lan.request("DELETE", path, json={"confirmation": await confirm(lan)})
        assert (with_password.status_code, with_password.json()["detail"]["code"]) == (403, "confirm_first")
        asked = await _options(lan)
        proof = await confirm(lan, ticket=asked["ticket"], credential=phone.sign(asked["options"]))
        assert (await lan.request("DELETE", path, json={"confirmation": proof})).status_code == 204
        assert (await lan.get(f"{API}/account")).json()["recovery_left"] == 0
        assert (await sign_in(browser)).status_code == 200
    assert [act[1] for act in await told(service)][:3] == ["log_in", "remove_factor", "confirm"]


async def test_the_passkey_of_somebody_else_confirms_nothing_and_is_not_removed(
    service: Service, phone: Authenticator
) -> None:
    async with somebody(service) as lan, somebody(service, "minh") as minh:
        _at_localhost(service, lan), _at_localhost(service, minh)
        added = (await _add(lan, phone)).json()
        asked = await _options(minh)
        proof = {"ticket": asked["ticket"], "credential": phone.sign(asked["options"])}
        assert (await minh.post(f"{API}/session/confirm", json=proof)).status_code == 401
        given = {"confirmation": await confirm(minh)}
        refused = await minh.request("DELETE", f"{API}/account/passkeys/{added['id']}", json=given)
        assert refused.status_code == 404


async def test_the_app_comes_beside_the_passkey(service: Service, phone: Authenticator, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        _at_localhost(service, lan)
        app, _ = await take_totp(lan, wall)
        added = await _add(lan, phone, code=app.next())
        assert (added.status_code, added.json()["recovery_codes"]) == (201, None)
        assert (await sign_in(browser)).json()["factors"] == ["totp", "recovery", "passkey"]


async def test_at_an_address_without_a_name_there_are_no_passkeys(service: Service) -> None:
    async with service.anonymous() as browser:
        assert (await browser.get(f"{API}/session/ways")).json()["passkey"] is False
        refused = await browser.post(f"{API}/session/passkey/options", json={})
        assert (refused.status_code, refused.json()["detail"]["code"]) == (409, "no_passkey_here")
        _at_localhost(service, browser)
        assert (await browser.get(f"{API}/session/ways")).json()["passkey"] is True
