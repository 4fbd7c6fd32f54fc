"""Signing on by a provider: real HTTP on loopback both ways, and everything that it must not fall for."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select, update

from cloud.people.access import COOKIE
from cloud.people.rights import Role
from cloud.people.tables import PersonRow
from cloud.settings import Settings
from cloud.sso import routes
from cloud.sso.flow import Flow
from cloud.sso.tables import IdentityRow
from protocols.clock import DomainClock
from tests.cloud.cities import small_city, write_city
from tests.cloud.clocks import Wall, standing_clock
from tests.cloud.serving import PASSWORD, Service, serving, settings_in
from tests.cloud.sso.provider import Claims, Provider, providing, signing_key

SESSION = "/api/v1/session"
pytestmark = pytest.mark.asyncio(loop_scope="module")  # one service for all

START = f"{SESSION}/sign-on/province"
ACCOUNTS: dict[str, Claims] = {
    "lan": {"sub": "u-1", "preferred_username": "Lan", "email": "Lan@Halong.example", "email_verified": True},
    "impostor": {"sub": "u-2", "preferred_username": "lan", "email": "lan@halong.example", "email_verified": True},
    "unverified": {"sub": "u-3", "preferred_username": "thu", "email": "lan@halong.example"},
    "stranger": {"sub": "u-4", "preferred_username": "nobody-here", "email": "x@x.example", "email_verified": True},
    "nameless": {"sub": "u-5"},
    "gone": {"sub": "u-6", "preferred_username": "gone"},
    "renamed": {"sub": "u-7", "preferred_username": "hai"},
}


@dataclass(frozen=True, slots=True)
class Signing:
    """A service, the provider that it trusts, and a browser between both."""

    service: Service
    provider: Provider

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx2.AsyncClient]:
        async with self.service.anonymous() as client:
            yield client

    async def away(self, client: httpx2.AsyncClient) -> str:
        """The provider's page that the browser is sent to."""
        answer = await client.get(START)
        assert answer.status_code == 302
        return answer.headers["location"]

    async def way_back(self, client: httpx2.AsyncClient, account: str = "lan") -> str:
        """The address that the provider sends the browser back to."""
        answer = await client.post(await self.away(client), data={"account": account})
        assert answer.status_code == 303
        return answer.headers["location"]

    async def sign_on(self, client: httpx2.AsyncClient, account: str = "lan") -> httpx2.Response:
        return await client.get(await self.way_back(client, account))

    async def refusal(self, account: str = "lan") -> str:
        """Where a browser lands that is refused; it gets no session."""
        async with self.browser() as client:
            return _refused(await self.sign_on(client, account))

    async def written_down(self) -> list[dict[str, Any]]:
        async with self.service.signed_in(Role.AUDITOR) as client:
            rows: list[dict[str, Any]] = (await client.get("/api/v1/audit?limit=50")).json()
        return [row for row in rows if row["who"] != Role.AUDITOR]


def _refused(answer: httpx2.Response) -> str:
    assert answer.status_code == 302
    assert not any(COOKIE in given for given in answer.headers.get_list("set-cookie"))
    return str(answer.headers["location"])


@asynccontextmanager
async def signing(settings: Settings, clock: DomainClock, **more: object) -> AsyncIterator[Signing]:
    async with providing(ACCOUNTS) as provider:
        provider.now = clock.wall
        known = Settings.model_validate({**dict(settings), "sign_on": [provider.settings(settings.data, **more)]})
        async with serving(known, clock) as service:
            await service.parts.people.add("lan", PASSWORD, Role.OPERATOR)
            yield Signing(service, provider)


@dataclass(frozen=True, slots=True)
class World:
    """One service for every test of this file, and the hand on its clock."""

    signing: Signing
    wall: Wall


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A province whose accounts are people of ours by user name."""
    clock, wall = standing_clock()
    async with signing(_settings(tmp_path_factory.mktemp("province")), clock) as running:
        yield World(running, wall)


@pytest.fixture
def province(world: World) -> Signing:
    """As it was at the beginning, but for who has signed on already; no try of another test counts any more."""
    fresh, provider = Provider({}), world.signing.provider
    provider.key, provider.sign, provider.spoil = fresh.key, fresh.sign, fresh.spoil
    provider.issuer = provider.issuer.replace("localhost", "127.0.0.1")
    provider.broken.clear()
    world.wall.advance(hours=2)
    provider.asked.clear()
    return world.signing


@pytest.fixture
def wall(world: World) -> Wall:
    """The hand on the one clock."""
    return world.wall


@pytest.fixture
def apart(tmp_path: Path) -> Settings:
    """For a service of a test's own."""
    return _settings(tmp_path)


def _settings(folder: Path) -> Settings:
    write_city(folder / "inventory.json", small_city())
    return settings_in(folder)


async def test_who_proves_to_the_provider_who_he_is_is_signed_in_with_our_grants(province: Signing) -> None:
    async with province.browser() as client:
        answer = await province.sign_on(client)
        me = (await client.get(SESSION)).json()
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert (me["username"], me["role"]) == ("lan", "operator")
    assert province.provider.asked == ["discover", "jwks", "authorize", "token"]


async def test_the_log_in_page_is_told_of_the_provider(province: Signing) -> None:
    async with province.browser() as client:
        ways = (await client.get(f"{SESSION}/ways")).json()
    assert ways["sign_on"] == [{"id": "province", "name": {"vi": "Tài khoản tỉnh", "en": "Province account"}}]


async def test_the_way_there_has_a_state_a_nonce_and_a_challenge_and_not_the_verifier(province: Signing) -> None:
    async with province.browser() as client:
        asked = parse_qs(urlsplit(await province.away(client)).query)
        flow = Flow("province", client.cookies[routes.COOKIE])
    assert asked["state"] == [flow.state]
    assert asked["nonce"] == [flow.nonce]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{province.service.url}{START}/return"]
    assert asked["scope"] == ["openid profile"]
    assert not {flow.verifier, flow.secret} & {text for texts in asked.values() for text in texts}


async def test_the_attempt_is_bound_to_the_browser_by_a_short_lived_lax_cookie(province: Signing) -> None:
    async with province.browser() as client:
        given = (await client.get(START)).headers["set-cookie"].lower()
        answer = await province.sign_on(client)
    parts = {part.strip() for part in given.split(";")}
    assert {"httponly", "samesite=lax", "max-age=600", "path=/"} <= parts
    kept, gone = answer.headers.get_list("set-cookie")[0].lower(), answer.headers.get_list("set-cookie")[-1].lower()
    assert kept.startswith(COOKIE)
    assert "samesite=strict" in kept
    assert gone.startswith(f'{routes.COOKIE}=""')
    assert "max-age=0" in gone


async def test_a_return_that_another_browser_began_is_refused(province: Signing) -> None:
    async with province.browser() as attacker, province.browser() as victim:
        link = await province.way_back(attacker, "lan")
        assert _refused(await victim.get(link)) == "/?refused=failed"
        await province.away(victim)
        assert _refused(await victim.get(link)) == "/?refused=failed"
        victim.cookies.set(routes.COOKIE, "")
        forged = Flow("province", "").state
        assert _refused(await victim.get(f"{START}/return?code=x&state={forged}")) == "/?refused=failed"


async def test_a_return_without_its_state_is_refused(province: Signing) -> None:
    async with province.browser() as client:
        for said in ("", "code=x", "state=x", "code=x&state=%00", "code=&state=", "error=access_denied"):
            await province.away(client)
            assert _refused(await client.get(f"{START}/return?{said}")) == "/?refused=failed"
    assert "token" not in province.provider.asked


async def test_a_code_is_good_once_also_for_who_kept_the_cookie(province: Signing) -> None:
    async with province.browser() as client:
        link = await province.way_back(client)
        cookie = {"Cookie": f"{routes.COOKIE}={client.cookies[routes.COOKIE]}"}
        assert (await client.get(link)).headers["location"] == "/"
        assert _refused(await client.get(link)) == "/?refused=failed"
        client.cookies.clear()
        assert _refused(await client.get(link, headers=cookie)) == "/?refused=failed"


async def test_who_declines_at_the_provider_is_told_so_and_nothing_is_asked(province: Signing) -> None:
    assert await province.refusal("cancel") == "/?refused=failed"
    assert "token" not in province.provider.asked


async def test_an_answer_that_says_it_is_of_another_provider_is_refused(province: Signing) -> None:
    async with province.browser() as client:
        link = urlsplit(await province.way_back(client))
        mixed = urlencode({**dict(parse_qsl(link.query)), "iss": "https://other.example"})
        assert _refused(await client.get(f"{START}/return?{mixed}")) == "/?refused=failed"


def _claims(**other: object) -> Callable[[Claims], Claims]:
    return lambda claims: {name: value for name, value in (claims | other).items() if value is not None}


def _plain(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _unsigned(claims: Claims, key: RSAKey) -> str:
    return f"{_plain({'alg': 'none', 'kid': key.kid})}.{_plain(claims)}."


def _with_the_public_key(claims: Claims, key: RSAKey) -> str:
    """The old trick: what is public serves as the secret of an HMAC."""
    said = f"{_plain({'alg': 'HS256', 'kid': key.kid})}.{_plain(claims)}"
    mark = hmac.digest(key.as_pem(private=False), said.encode(), "sha256")
    return f"{said}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


def _with_another_key(claims: Claims, key: RSAKey) -> str:
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, signing_key("thief"))


def _with_its_own_key(claims: Claims, key: RSAKey) -> str:
    thief = signing_key("thief")
    return jwt.encode({"alg": "RS256", "kid": key.kid, "jwk": thief.as_dict(private=False)}, claims, thief)


SPOILED: tuple[dict[str, object], ...] = (
    {"nonce": "of another attempt"},
    {"nonce": None},
    {"aud": "another-console"},
    {"aud": ["haidang", "another-console"]},
    {"aud": ["haidang"], "azp": "another-console"},
    {"aud": None},
    {"iss": "https://other.example"},
    {"exp": 1},
    {"exp": None},
    {"exp": "soon"},
    {"iat": 4_000_000_000},
    {"sub": None},
    {"sub": ""},
    {"sub": "u" * 256},
    {"sub": "u\0"},
    {"preferred_username": {"or": "1=1"}},
)


async def test_claims_that_are_not_for_us_now_sign_nobody_on(province: Signing) -> None:
    landed = {}
    for spoiled in SPOILED:
        province.provider.spoil = _claims(**spoiled)
        landed[str(spoiled)[:60]] = await province.refusal()
    assert landed == dict.fromkeys(landed, "/?refused=failed")


async def test_a_signature_that_is_not_the_provider_s_signs_nobody_on(province: Signing) -> None:
    landed = {}
    for sign in (_unsigned, _with_the_public_key, _with_another_key, _with_its_own_key):
        province.provider.sign = sign
        landed[sign.__name__] = await province.refusal()
    assert landed == dict.fromkeys(landed, "/?refused=failed")


async def test_what_is_no_token_signs_nobody_on(province: Signing) -> None:
    for text in ("", "x", "a.b.c", "e30.e30.e30", "." * 5_000):
        province.provider.sign = lambda _claims, _key, text=text: text  # type: ignore[misc]  # bound early
        assert await province.refusal() == "/?refused=failed"


async def test_a_provider_may_change_its_keys(province: Signing) -> None:
    async with province.browser() as client:
        await province.sign_on(client)
        province.provider.key = signing_key("second")
        assert (await province.sign_on(client)).headers["location"] == "/"
        province.provider.asked.clear()
        assert (await province.sign_on(client)).headers["location"] == "/"
    assert province.provider.asked == ["authorize", "token"]


async def test_what_was_discovered_is_asked_anew_after_an_hour(province: Signing, wall: Wall) -> None:
    async with province.browser() as client:
        await province.sign_on(client)
        province.provider.asked.clear()
        wall.advance(hours=1)
        await province.away(client)
    assert province.provider.asked == ["discover", "jwks"]


async def test_a_provider_that_is_away_is_said_to_be_away_until_it_is_back(province: Signing, wall: Wall) -> None:
    async with province.browser() as client:
        for endpoint in ("discover", "jwks"):
            province.provider.broken = {endpoint}
            assert _refused(await client.get(START)) == "/?refused=away"
            wall.advance(seconds=5)
        province.provider.broken.clear()
        assert (await province.sign_on(client)).headers["location"] == "/"


async def test_a_provider_that_is_away_is_not_asked_for_each_who_comes(province: Signing, wall: Wall) -> None:
    province.provider.broken = {"discover"}
    async with province.browser() as client:
        for _ in range(3):
            at_once = await asyncio.gather(*(client.get(START) for _ in range(5)))
            assert {_refused(one) for one in at_once} == {"/?refused=away"}
        assert province.provider.asked == ["discover"]
        wall.advance(seconds=-10)
        await client.get(START)
        wall.advance(seconds=5)
        await client.get(START)
    assert province.provider.asked == ["discover"] * 3


async def test_a_provider_that_goes_away_half_way_is_said_to_be_away(province: Signing) -> None:
    async with province.browser() as client:
        link = await province.way_back(client)
        province.provider.broken = {"token"}
        assert _refused(await client.get(link)) == "/?refused=away"


async def test_a_provider_of_which_nothing_answers_is_away(apart: Settings, clock: DomainClock) -> None:
    async with providing({}) as gone:
        told = gone.settings(apart.data)
    known = Settings.model_validate({**dict(apart), "sign_on": [told]})
    async with serving(known, clock) as service, service.anonymous() as client:
        assert _refused(await client.get(START)) == "/?refused=away"


async def test_a_document_of_another_issuer_is_not_believed(province: Signing) -> None:
    province.provider.issuer = province.provider.issuer.replace("127.0.0.1", "localhost")
    async with province.browser() as client:
        assert _refused(await client.get(START)) == "/?refused=away"


async def test_who_is_no_person_of_ours_stays_outside_and_is_written_down(province: Signing) -> None:
    assert await province.refusal("stranger") == "/?refused=unknown"
    assert await province.refusal("nameless") == "/?refused=unknown"
    nameless, stranger = (await province.written_down())[:2]
    assert (stranger["act"], stranger["who"], stranger["result"]) == ("log_in_failed", "nobody-here", "refused")
    assert stranger["target"] == stranger["address"] == "127.0.0.1"
    assert json.loads(json.dumps(stranger["parameters"]))["why"] == "nobody has this name here"
    assert nameless["who"] == ""


async def test_who_was_shut_out_here_does_not_come_in_by_the_provider(province: Signing) -> None:
    await province.service.parts.people.add("gone", PASSWORD, Role.VIEWER)
    async with province.browser() as client:
        assert (await province.sign_on(client, "gone")).headers["location"] == "/"
        async with province.service.signed_in() as boss:
            await boss.put("/api/v1/people/gone/standing", json={"disabled": True})
        client.cookies.clear()
        assert _refused(await province.sign_on(client, "gone")) == "/?refused=unknown"


async def test_an_account_is_known_from_then_on_whatever_it_is_called(province: Signing) -> None:
    await province.service.parts.people.add("hai", PASSWORD, Role.VIEWER)
    async with province.browser() as client:
        await province.sign_on(client, "renamed")
        province.provider.spoil = _claims(preferred_username="somebody-else")
        assert (await province.sign_on(client, "renamed")).headers["location"] == "/"
    linked, came = (await province.written_down())[2:0:-1]
    assert (linked["act"], linked["who"], linked["parameters"]["subject"]) == ("link", "hai", "u-7")
    assert (came["act"], came["parameters"]["how"]) == ("log_in", "sign-on by province")


async def test_whoever_gets_the_same_name_later_is_somebody_else(province: Signing) -> None:
    async with province.browser() as client:
        await province.sign_on(client, "lan")
    assert await province.refusal("impostor") == "/?refused=unknown"


async def test_a_password_for_once_ends_with_the_first_sign_on_and_holds_nobody_up(province: Signing) -> None:
    async with province.service.signed_in() as boss:
        newcomer = {"username": "thu", "display_name": "Thu", "grants": [{"role": "viewer", "area": "/halong"}]}
        password = (await boss.post("/api/v1/people", json=newcomer)).json()["one_time_password"]
    async with province.browser() as client:
        await province.sign_on(client, "unverified")
        assert (await client.get("/api/v1/city")).status_code == 200
    async with province.browser() as client:
        refused = await client.post(SESSION, json={"username": "thu", "password": password})
    assert refused.status_code == 401


async def _give_address(service: Service, address: str) -> None:
    async with service.parts.database.write() as session:
        await session.execute(update(PersonRow).where(PersonRow.username == "lan").values(email=address))


async def test_an_address_counts_when_the_provider_has_verified_it(apart: Settings, clock: DomainClock) -> None:
    async with signing(apart, clock, claim="email") as running, running.browser() as client:
        await _give_address(running.service, "lan@halong.example")
        assert await running.refusal("unverified") == "/?refused=unknown"
        assert (await running.sign_on(client, "lan")).headers["location"] == "/"
        async with running.service.parts.database.read() as session:
            kept = [(row.subject, row.issuer) for row in await session.scalars(select(IdentityRow))]
    assert kept == [("u-1", running.provider.issuer)]


async def test_an_address_that_two_people_have_is_nobody_s(apart: Settings, clock: DomainClock) -> None:
    async with signing(apart, clock, claim="email") as running:
        await running.service.parts.people.add("hai", PASSWORD, Role.VIEWER)
        await _give_address(running.service, "lan@halong.example")
        async with running.service.parts.database.write() as session:
            await session.execute(update(PersonRow).values(email="lan@halong.example"))
        assert await running.refusal("lan") == "/?refused=unknown"


ASTRAY = (
    f"{START}?next=https://evil.example",
    f"{START}?redirect_uri=https://evil.example&back=//evil.example",
    "/api/v1/session/sign-on//evil.example",
    "/api/v1/session/sign-on/https:%2f%2fevil.example",
    "/api/v1/session/sign-on/%0d%0aLocation:%20https:%2f%2fevil.example",
    "/api/v1/session/sign-on/..%2f..%2f",
)


async def test_nobody_is_sent_anywhere_but_to_the_provider(province: Signing) -> None:
    async with province.browser() as client:
        places = [(await client.get(path)).headers.get("location", "") for path in ASTRAY]
    assert [place.partition("?")[0] for place in places] == [f"{province.provider.issuer}/authorize"] * 2 + [""] * 4
    assert not any("evil" in place for place in places)


async def test_the_return_goes_to_the_console_alone(province: Signing) -> None:
    async with province.browser() as client:
        link = await province.way_back(client)
        answer = await client.get(f"{link}&next=https://evil.example&redirect_uri=//evil.example")
    assert answer.headers["location"] == "/"


async def test_behind_a_name_of_the_settings_the_browser_comes_back_there(apart: Settings, clock: DomainClock) -> None:
    told = apart.model_copy(update={"console_url": "https://den.example"})
    async with signing(told, clock) as running, running.browser() as client:
        answer = await client.get(START, headers={"Host": "evil.example"})
    (back,) = parse_qs(urlsplit(answer.headers["location"]).query)["redirect_uri"]
    assert back == f"https://den.example{START}/return"


async def test_one_network_does_not_ask_for_ever(province: Signing) -> None:
    async with province.browser() as client:
        said = [_refused(await client.get(f"{START}/return?code=x&state=x")) for _ in range(62)]
    assert (said[0], said[-1]) == ("/?refused=failed", "/?refused=slowed")
