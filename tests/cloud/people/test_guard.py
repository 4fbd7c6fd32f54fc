"""Guessing is slowed down and written down, and whose account it is still gets in."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.audit.store import Search, load_last
from cloud.audit.tables import AuditRow
from cloud.database import Database
from cloud.errors import TooManyTries
from cloud.people.devices import COOKIE, device_name, network_name, network_of, secret_of
from cloud.people.guard import Guard
from cloud.people.limiter import LIMITS, Bucket, Full, Kind, Limiter
from cloud.people.passwords import Passwords
from cloud.people.rights import Role
from cloud.people.tally import EVERY_S, Tally, Told
from cloud.settings import Settings
from protocols.clock import DomainClock
from tests.cloud.clocks import Wall
from tests.cloud.serving import CHEAP, PASSWORD, Service, serving
from tests.waiting import until, until_async

SESSION = "/api/v1/session"
OFFICE, ELSEWHERE = "10.1.0.7", "203.0.113.9"
ACCOUNT = Bucket(Kind.ACCOUNT, "lan")


def attackers(n: int) -> list[str]:
    """Addresses of as many networks."""
    return [f"198.{18 + i // 65536}.{i // 256 % 256}.{i % 256}" for i in range(n)]


# --- windows


def test_a_bucket_takes_so_many_tries_and_the_wait_grows() -> None:
    now = Wall(0.0)
    limiter = Limiter(now)
    waits = []
    for start in (0, 301, 602):
        now.seconds = start
        assert [limiter.take([ACCOUNT]) for _ in range(10)] == [None] * 10
        full = limiter.take([ACCOUNT])
        assert full is not None
        waits.append(full.wait_s)
    assert waits == [300.0, 300.0, 3600.0 - 602]
    now.seconds = 3600
    assert limiter.take([ACCOUNT]) is None


def test_what_is_full_in_one_bucket_counts_in_no_other() -> None:
    limiter, other = Limiter(Wall(0.0)), Bucket(Kind.ADDRESS, OFFICE)
    for _ in range(10):
        limiter.take([ACCOUNT])
    for _ in range(50):
        assert limiter.take([ACCOUNT, other]) == Full(ACCOUNT, 300.0)
    assert limiter.take([other]) is None


def test_a_good_try_is_given_back_and_none_is_given_twice() -> None:
    limiter = Limiter(Wall(0.0))
    limiter.give_back(ACCOUNT)
    for _ in range(30):
        assert limiter.take([ACCOUNT]) is None
        limiter.give_back(ACCOUNT)
    assert [limiter.take([ACCOUNT]) for _ in range(10)] == [None] * 10
    assert limiter.take([ACCOUNT]) is not None


def test_a_clock_that_is_set_back_shuts_nobody_out_for_longer() -> None:
    now = Wall(86400.0)
    limiter = Limiter(now)
    for _ in range(10):
        limiter.take([ACCOUNT])
    now.seconds = 0
    assert limiter.take([ACCOUNT]) is None


def test_invented_names_fill_no_memory() -> None:
    limiter = Limiter(Wall(0.0), most=10)
    for n in range(1000):
        limiter.take([Bucket(Kind.ACCOUNT, str(n))])
    assert len(limiter._counts._of) == 10


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 400)), max_size=80))
def test_no_bucket_ever_takes_more_than_its_windows_allow(tries: Sequence[tuple[str, int]]) -> None:
    now, taken = Wall(0.0), dict[str, list[float]](a=[], b=[])
    limiter = Limiter(now)
    for key, pause in tries:
        now.advance(seconds=pause)
        if limiter.take([Bucket(Kind.ACCOUNT, key)]) is None:
            taken[key].append(now())
    for window in LIMITS[Kind.ACCOUNT]:
        for moments in taken.values():
            most = max((sum(m <= x < m + window.get_expiry() for x in moments) for m in moments), default=0)
            assert most <= 2 * window.amount  # fixed windows: one's end and the next one's start


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_an_address_counts_for_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


# --- rows


def test_a_slowing_is_told_when_it_begins_and_once_a_minute() -> None:
    now = Wall(0.0)
    tally = Tally(now)
    assert [tally.count(ACCOUNT), tally.count(ACCOUNT)] == [True, False]
    assert (tally.due(), tally.due()) == ([Told(ACCOUNT, 2)], [])
    for _ in range(500):
        tally.count(ACCOUNT)
    now.advance(seconds=EVERY_S - 1)
    assert tally.due() == []
    now.advance(seconds=1)
    assert tally.due() == [Told(ACCOUNT, 500)]
    now.advance(seconds=EVERY_S)
    assert (tally.due(), tally.count(ACCOUNT)) == ([], True)


def test_what_could_not_be_told_counts_for_the_next_row() -> None:
    now = Wall(0.0)
    tally = Tally(now)
    tally.count(ACCOUNT)
    tally.untold(tally.due())
    tally.count(ACCOUNT)
    now.advance(seconds=EVERY_S)
    assert tally.due() == [Told(ACCOUNT, 2)]


def test_many_accounts_at_once_share_a_row() -> None:
    tally = Tally(Wall(0.0))
    for n in range(5000):
        tally.count(Bucket(Kind.ACCOUNT, str(n)))
    told = tally.due()
    assert len(told) == 21
    assert told[-1] == Told(Bucket(Kind.ACCOUNT, "*"), 4980)


# --- who is slowed


@pytest.fixture
async def guard(registry: str, clock: DomainClock) -> AsyncIterator[Guard]:
    """One that knows Lan from the office."""
    database = Database(registry)
    known = Guard(database, clock, lambda: False)
    known.learn("lan", {network_name(OFFICE)})
    yield known
    await database.close()


def tried(guard: Guard, username: str, address: str) -> bool:
    try:
        guard.count(username, address)
    except TooManyTries:
        return False
    return True


def test_a_thousand_addresses_get_no_more_tries_at_an_account_than_one(guard: Guard, wall: Wall) -> None:
    assert sum(tried(guard, "lan", address) for address in attackers(1000)) == 10
    wall.advance(minutes=5)
    assert sum(tried(guard, "lan", address) for address in attackers(1000)) == 10
    for _ in range(12):
        wall.advance(minutes=5)
        sum(tried(guard, "lan", address) for address in attackers(100))
    assert tried(guard, "lan", OFFICE)


def test_one_address_gets_so_many_tries_at_all_accounts_together(guard: Guard) -> None:
    assert sum(tried(guard, f"name{n}", ELSEWHERE) for n in range(500)) == 50
    assert tried(guard, "name1", OFFICE)


def test_who_has_one_ipv6_address_has_them_all(guard: Guard) -> None:
    assert sum(tried(guard, f"name{n}", f"2001:db8::{n:x}") for n in range(200)) == 50


def test_a_known_network_has_a_bound_too(guard: Guard) -> None:
    assert sum(tried(guard, "lan", OFFICE) for _ in range(100)) == 10
    assert tried(guard, "minh", OFFICE)


def test_strangers_come_back_later_when_too_many_of_them_wait(registry: str, clock: DomainClock) -> None:
    guard = Guard(Database(registry), clock, lambda: True)
    guard.learn("lan", {network_name(OFFICE)})
    assert [tried(guard, "lan", ELSEWHERE), tried(guard, "lan", OFFICE)] == [False, True]


# --- over HTTP


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A proxy in front, so that a test can come from anywhere."""
    return Settings.model_validate({**settings.model_dump(), "proxies": ["127.0.0.1"]})


@asynccontextmanager
async def browser(service: Service, address: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with service.anonymous() as client:
        client.headers["X-Forwarded-For"] = address
        yield client


async def guess(client: httpx2.AsyncClient, username: str, password: str, address: str) -> httpx2.Response:
    given_by = {"X-Forwarded-For": address}
    return await client.post(SESSION, json={"username": username, "password": password}, headers=given_by)


async def rows(service: Service, act: str) -> list[AuditRow]:
    async with service.parts.database.read() as session:
        return list(await load_last(session, 100, Search(act=act)))


async def test_an_account_that_is_attacked_from_everywhere_opens_for_whose_it_is(service: Service, wall: Wall) -> None:
    await service.parts.people.add("lan", PASSWORD, Role.OPERATOR)
    async with browser(service, OFFICE) as desk, browser(service, ELSEWHERE) as phone:
        for client, address in ((desk, OFFICE), (phone, ELSEWHERE)):
            assert (await guess(client, "lan", PASSWORD, address)).status_code == 200
        async with service.anonymous() as thieves:
            answers = [await guess(thieves, "LAN ", "wrong", address) for address in attackers(12)]
        assert [one.status_code for one in answers] == [401] * 10 + [429] * 2
        assert answers[-1].headers["retry-after"] == "300"
        assert answers[-1].json()["detail"]["code"] == "too_many_tries"
        async with browser(service, OFFICE) as other_browser:
            assert (await guess(other_browser, "lan", PASSWORD, OFFICE)).status_code == 200
        assert (
            await guess(phone, "lan", PASSWORD, "192.0.2.44")
        ).status_code == 200  # on the road: the cookie knows it
    failed = await rows(service, "log_in_failed")
    assert {(row.who, row.target) for row in failed} == {("lan", address) for address in attackers(10)}
    slowed = await until_async(lambda: rows(service, "slowed"))
    wall.advance(minutes=1)
    await service.parts.people.guard.tell()
    slowed = await rows(service, "slowed")
    told = [orjson.loads(row.parameters or "") for row in slowed]
    assert {(row.who, row.result) for row in slowed} == {("lan", "refused")}
    assert (sum(one["tries"] for one in told), len(told) <= 2, told[0]["of"]) == (2, True, "account")


async def test_a_browser_is_known_only_for_who_has_signed_in_there(service: Service) -> None:
    for name in ("lan", "minh"):
        await service.parts.people.add(name, PASSWORD, Role.OPERATOR)
    async with browser(service, OFFICE) as desk:
        await guess(desk, "lan", PASSWORD, OFFICE)
        answers = [await guess(desk, "minh", "wrong", ELSEWHERE) for _ in range(11)]
        assert [one.status_code for one in answers][-2:] == [401, 429]
        device = desk.cookies[COOKIE]
    async with service.anonymous() as thief:
        answers = [await guess(thief, "lan", "wrong", ELSEWHERE) for _ in range(10)]
        thief.cookies.set(COOKIE, "0" * 64)
        assert (await guess(thief, "lan", PASSWORD, ELSEWHERE)).status_code == 429
        thief.cookies.set(COOKIE, device)  # a device's cookie gives tries, and nothing else
        assert (await thief.get(SESSION)).status_code == 401
        assert (await guess(thief, "lan", "wrong", ELSEWHERE)).status_code == 401


async def test_the_registry_holds_no_device_s_cookie_and_a_restart_forgets_none(
    settings: Settings, clock: DomainClock
) -> None:
    async with serving(settings, clock) as service:
        await service.parts.people.add("lan", PASSWORD, Role.OPERATOR)
        async with browser(service, OFFICE) as desk:
            await guess(desk, "lan", PASSWORD, OFFICE)
            await guess(desk, "lan", PASSWORD, OFFICE)
            device, session = desk.cookies[COOKIE], desk.cookies["haidang_session"]
    async with serving(settings, clock) as service:
        known = service.parts.people.guard._known["lan"]
    assert known == {device_name(device), network_name(OFFICE)}
    assert device == secret_of(session)
    assert not any(device in name for name in known)


async def test_failures_beyond_a_hundred_a_minute_share_a_row(service: Service) -> None:
    guard = service.parts.people.guard
    assert sum(guard.may_tell() for _ in range(130)) == 100
    await guard.tell()
    (row,) = await rows(service, "log_in_failed")
    assert (row.who, orjson.loads(row.parameters or "")["tries"]) == ("", 30)


async def test_who_is_signed_in_and_guesses_his_own_password_is_slowed_and_written_down(service: Service) -> None:
    async with service.signed_in(Role.OPERATOR) as client:
        change = {"current": "wrong", "new": "quite another phrase"}
        answers = [await client.put(f"{SESSION}/password", json=change) for _ in range(11)]
    assert [one.status_code for one in answers] == [401] * 10 + [429]
    assert len(await rows(service, "log_in_failed")) == 10


async def test_the_first_administrator_stands_in_the_log(service: Service) -> None:
    assert [row.target for row in await rows(service, "first_administrator")] == ["admin"]


# --- the cost of a hash


async def test_a_crowd_of_strangers_leaves_a_place_for_who_is_known() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash(PASSWORD)
    async with asyncio.TaskGroup() as crowd, passwords._strangers:
        strangers = [crowd.create_task(passwords.fits(kept, "wrong", of_stranger=True)) for _ in range(8)]
        await until(passwords.is_crowded)
        assert await passwords.fits(kept, PASSWORD)
        assert not any(one.done() for one in strangers)
        passwords._strangers.release()
        await asyncio.gather(*strangers)
        await passwords._strangers.acquire()
    assert not passwords.is_crowded()
