"""Every kind of answer carries the strict headers, and what is for one person is kept by nobody."""

import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from websockets.exceptions import InvalidStatus

from cloud.console import HEADERS
from cloud.people.access import COOKIE
from cloud.people.rights import Role
from cloud.settings import Settings
from protocols.clock import DomainClock
from tests.cloud.serving import PASSWORD, Service, serving

API = "/api/v1"
STRICT = {name.lower(): value for name, value in HEADERS.items()}


@pytest.fixture
async def console(settings: Settings, clock: DomainClock, tmp_path: Path) -> AsyncIterator[Service]:
    """A service with a console, and with a mistake of ours in it."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>console</title>")
    (dist / "assets" / "index-5f3a.js").write_text("'use strict'")
    async with serving(settings, clock, dist=dist) as running:
        await running.parts.people.add("lan", PASSWORD, Role.OPERATOR)
        yield running


def _break(app: FastAPI) -> None:
    def broken() -> None:
        raise ZeroDivisionError("ours")

    app.add_api_route(f"{API}/broken", broken, tags=["test"])
    app.router.routes.insert(0, app.router.routes.pop())


def _strict(answer: httpx2.Response) -> Mapping[str, str]:
    return {name: answer.headers[name] for name in STRICT if len(answer.headers.get_list(name)) == 1}


ASKED: tuple[tuple[int, str, str, Mapping[str, object]], ...] = (
    (200, "GET", "/", {}),
    (200, "GET", "/assets/index-5f3a.js", {}),
    (404, "GET", "/assets/gone.js", {}),
    (200, "GET", f"{API}/health", {}),
    (401, "GET", f"{API}/session", {}),
    (401, "POST", f"{API}/session", {"json": {"username": "lan", "password": "wrong"}}),
    (403, "POST", f"{API}/session", {"headers": {"Origin": "https://evil.example"}}),
    (422, "POST", f"{API}/session", {"json": {}}),
    (404, "GET", f"{API}/nothing", {}),
    (405, "PATCH", f"{API}/session", {}),
    (413, "POST", f"{API}/session", {"content": b"x" * 70_000}),
)


@pytest.mark.parametrize(("status", "method", "path", "more"), ASKED, ids=[f"{a[0]} {a[1]} {a[2]}" for a in ASKED])
async def test_every_kind_of_answer_is_strict(
    console: Service, status: int, method: str, path: str, more: Mapping[str, object]
) -> None:
    async with console.anonymous() as client:
        answer = await client.request(method, path, **more)  # type: ignore[arg-type]  # a table's row
    assert (answer.status_code, _strict(answer)) == (status, STRICT)
    assert "strict-transport-security" not in answer.headers
    if path.startswith("/api"):
        assert answer.headers.get_list("cache-control") == ["no-store"]


async def test_a_body_that_never_says_how_long_it_is_is_refused_as_well(console: Service) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b"x" * 1_000

    async with console.anonymous() as client:
        answer = await client.post(f"{API}/session", content=pieces())
    assert (answer.status_code, _strict(answer)) == (413, STRICT)
    assert answer.json()["detail"]["message"] == "a body may have 64,000 bytes"


async def test_a_mistake_of_ours_is_a_strict_answer_that_says_nothing_of_it(console: Service) -> None:
    _break(console.app)
    async with console.anonymous() as client:
        answer = await client.get(f"{API}/broken")
    assert (answer.status_code, _strict(answer)) == (500, STRICT)
    assert answer.json()["detail"]["code"] == "broken"
    assert "ours" not in answer.text


async def test_a_refused_socket_is_a_strict_answer(console: Service) -> None:
    async with console.anonymous() as client:
        with pytest.raises(InvalidStatus) as refused:
            async with console.socket(f"{API}/live", client):
                pass
    said = refused.value.response
    assert said.status_code == 401
    assert {name: said.headers[name] for name in STRICT} == STRICT


async def test_what_is_told_to_a_person_is_kept_by_no_cache(console: Service) -> None:
    async with console.signed_in(Role.ADMINISTRATOR) as client:
        for path in ("/session", "/people", "/sessions", "/audit", "/audit.csv", "/commands", "/alarms", "/luminaires"):
            answer = await client.get(f"{API}{path}")
            assert (path, answer.headers.get_list("cache-control")) == (path, ["no-store"])


async def test_over_tls_the_cookie_has_its_one_other_name(console: Service) -> None:
    """The scheme is that of the connection or of a proxy of the settings; here it is the application's own word."""
    transport = httpx2.ASGITransport(console.app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="https://den.example", verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ) as client:
        came = await client.post(f"{API}/session", json={"username": "lan", "password": PASSWORD})
        secret = client.cookies[f"__Host-{COOKIE}"]
        client.cookies.clear()
        other = await client.get(f"{API}/session", headers={"Cookie": f"{COOKIE}={secret}"})
        own = await client.get(f"{API}/session", headers={"Cookie": f"__Host-{COOKIE}={secret}"})
        left = await client.delete(f"{API}/session", headers={"Cookie": f"__Host-{COOKIE}={secret}"})
    given = next(one for one in came.headers.get_list("set-cookie") if one.startswith("__Host-"))
    assert "secure" in given.lower()
    assert came.headers["strict-transport-security"] == "max-age=31536000"
    assert (other.status_code, own.status_code, left.status_code) == (401, 200, 204)
    assert "secure" in left.headers["set-cookie"].lower()
    assert left.headers["set-cookie"].startswith(f"__Host-{COOKIE}=")


async def test_without_tls_a_cookie_for_tls_opens_nothing(console: Service) -> None:
    async with console.signed_in(Role.VIEWER) as client, console.anonymous() as other:
        refused = await other.get(f"{API}/session", headers={"Cookie": f"__Host-{COOKIE}={client.cookies[COOKIE]}"})
    assert refused.status_code == 401
