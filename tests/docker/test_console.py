"""The deployment's own nginx.conf on a real nginx, before a real service."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from cloud.console import HEADERS
from cloud.people.access import COOKIE
from cloud.people.rights import Role
from cloud.settings import Address, Settings
from tests.cloud.cities import small_city, write_city
from tests.cloud.clocks import EVENING, standing_clock
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import PASSWORD, Service, serving, settings_in
from tests.docker.deployments import HOST, Deployment, deployed

SESSION = "/api/v1/session"
OVER_TLS = f"__Host-{COOKIE}"


@dataclass(frozen=True, slots=True)
class Front:
    """A service behind the deployment's proxy."""

    deployment: Deployment
    service: Service

    @property
    def origin(self) -> str:
        return f"https://{HOST}:{self.deployment.ports['https']}"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.deployment.folder / "console" / "ca.crt")

    @asynccontextmanager
    async def browser(self, **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
        said = {"Origin": self.origin, **headers}
        async with httpx2.AsyncClient(base_url=self.origin, verify=self.trust, headers=said, timeout=30) as client:
            yield client


@pytest.fixture
async def nginx(pattern: Deployment, tmp_path: Path) -> AsyncIterator[Front]:
    """nginx as the deployment tells it, before a service that believes it alone."""
    clock, _ = standing_clock()
    async with deployed(pattern) as deployment:
        settings = _behind(deployment, tmp_path)
        async with serving(settings, clock) as service:
            await service.parts.people.add("lan", PASSWORD, Role.ADMINISTRATOR)
            await deployment.start_console()
            yield Front(deployment, service)


def _behind(deployment: Deployment, folder: Path) -> Settings:
    write_city(folder / "inventory.json", small_city())
    listen = Address(host=HOST, port=deployment.ports["cloud"])
    return settings_in(folder, listen=listen, proxies=[HOST])


async def test_nginx_shows_the_console_over_https_with_its_strict_headers(nginx: Front) -> None:
    async with nginx.browser() as client:
        answered = await client.get("/")
    for name, value in HEADERS.items():
        assert answered.headers.get_list(name) == [value]
    assert answered.headers.get_list("strict-transport-security") == ["max-age=31536000"]
    assert answered.headers["server"] == "nginx"
    assert "default-src 'none'" in answered.headers["content-security-policy"]


async def test_nginx_sends_who_comes_without_tls_to_the_same_page_with_it(nginx: Front) -> None:
    url = f"http://{HOST}:{nginx.deployment.ports['http']}/lamps?id=1"
    async with httpx2.AsyncClient() as client:
        answered = await client.get(url, headers={"Host": "somewhere.else.example"})
    assert answered.status_code == 301
    assert answered.headers["location"] == f"{nginx.origin}/lamps?id=1"


async def test_nginx_lets_people_sign_in_and_their_cookie_travels_over_tls_only(nginx: Front) -> None:
    async with nginx.browser() as client:
        answered = await client.post(SESSION, json={"username": "lan", "password": PASSWORD})
        me = await client.get(SESSION)
    assert answered.status_code == 200
    said = [part.strip().lower() for part in answered.headers["set-cookie"].split(";")]
    assert said[0].startswith(OVER_TLS.lower())
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= set(said)
    assert me.json()["username"] == "lan"


async def test_nginx_carries_the_live_map_and_another_site_s_page_does_not_get_it(nginx: Front) -> None:
    async with nginx.browser() as client:
        await client.post(SESSION, json={"username": "lan", "password": PASSWORD})
        cookie = {"Cookie": f"{OVER_TLS}={client.cookies[OVER_TLS]}"}
    url = f"{nginx.origin.replace('https', 'wss')}/api/v1/map/live"
    own = connect(url, ssl=nginx.trust, additional_headers=cookie, origin=Origin(nginx.origin), proxy=None)
    async with own as live:
        await Feed(nginx.service).readings([lamp(1, EVENING)])
        await nginx.service.parts.map_feed.tick()
        assert isinstance(await live.recv(), bytes)
    foreign = connect(
        url, ssl=nginx.trust, additional_headers=cookie, origin=Origin("https://evil.example"), proxy=None
    )
    with pytest.raises(InvalidStatus):
        async with foreign:
            pass


async def test_behind_nginx_a_try_counts_for_the_address_that_it_came_from(nginx: Front) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    async with nginx.browser(**forged) as client:
        await client.post(SESSION, json={"username": "lan", "password": "wrong"})
    async with nginx.service.signed_in(Role.AUDITOR) as auditor:
        (failed,) = [
            act for act in (await auditor.get("/api/v1/audit?limit=9")).json() if act["act"] == "log_in_failed"
        ]
    assert (failed["target"], failed["address"]) == (HOST, HOST)


async def test_who_is_no_proxy_is_not_believed_what_nginx_would_be(tmp_path: Path) -> None:
    clock, _ = standing_clock()
    write_city(tmp_path / "inventory.json", small_city())
    async with serving(settings_in(tmp_path, proxies=["192.0.2.1"]), clock) as service, service.anonymous() as client:
        await service.parts.people.add("lan", PASSWORD, Role.AUDITOR)
        said = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        answered = await client.post(SESSION, json={"username": "lan", "password": PASSWORD}, headers=said)
        acts = (await client.get("/api/v1/audit?limit=1")).json()
    assert "secure" not in answered.headers["set-cookie"].lower()
    assert (acts[0]["target"], acts[0]["address"]) == (HOST, HOST)


async def test_nginx_s_own_refusals_and_the_service_s_carry_every_header_once(nginx: Front) -> None:
    async with nginx.browser() as client:
        large = await client.post(SESSION, content=b"x" * 1_100_000)
        refused = await client.get(SESSION)
    assert (large.status_code, refused.status_code) == (413, 401)
    for answered in (large, refused):
        assert {name: answered.headers.get_list(name) for name in HEADERS} == {n: [v] for n, v in HEADERS.items()}
        assert answered.headers.get_list("strict-transport-security") == ["max-age=31536000"]
    assert refused.headers.get_list("cache-control") == ["no-store"]


async def test_nginx_says_in_both_languages_that_the_service_is_away(pattern: Deployment) -> None:
    async with deployed(pattern) as deployment:
        await deployment.start_console()
        trust = ssl.create_default_context(cafile=deployment.folder / "console" / "ca.crt")
        async with httpx2.AsyncClient(verify=trust) as client:
            answered = await client.get(f"https://{HOST}:{deployment.ports['https']}/lamps")
    assert answered.status_code == 503
    assert "Dịch vụ đang khởi động lại" in answered.text
    assert "The service is starting again" in answered.text
    assert {name: answered.headers[name] for name in HEADERS} == dict(HEADERS)


async def test_nginx_is_well_by_the_container_s_own_question_also_without_the_service(pattern: Deployment) -> None:
    async with deployed(pattern) as deployment:
        await deployment.start_console()
        async with httpx2.AsyncClient() as client:
            answered = await client.get(f"http://{HOST}:{deployment.ports['http']}/alive")
    assert answered.status_code == 204
