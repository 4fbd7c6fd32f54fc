"""Signing in with a code: of the authenticator app, or from the paper with the recovery codes."""

import pytest
from sqlalchemy import select

from cloud.factors import sign_in
from cloud.people.access import COOKIE
from cloud.people.rights import Role
from cloud.tables import METADATA
from tests.cloud.clocks import Wall
from tests.cloud.factors.ways import API, confirm, give_code, somebody, take_totp, ticket_of, told
from tests.cloud.factors.ways import sign_in as first_step
from tests.cloud.serving import PASSWORD, Service

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_who_has_an_app_comes_in_with_password_and_code_and_not_with_the_password(
    service: Service, wall: Wall
) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, _ = await take_totp(lan, wall)
        asked = await first_step(browser)
        assert (asked.status_code, asked.json()["factors"]) == (202, ["totp", "recovery"])
        assert "set-cookie" not in asked.headers
        assert (await browser.get(f"{API}/session")).status_code == 401
        opened = await give_code(browser, asked.json()["ticket"], phone.next())
        assert (opened.status_code, opened.json()["username"]) == (200, "lan")
        assert COOKIE in opened.headers["set-cookie"]
        assert (await browser.get(f"{API}/overview")).status_code == 200
    acts = await told(service)
    assert acts[0] == ("lan", "log_in", "ok", {"how": "password+totp"})
    assert ("lan", "add_factor", "ok", {"factor": "totp"}) in acts


async def test_a_wrong_password_is_answered_alike_with_and_without_a_second_factor(
    service: Service, wall: Wall
) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        await take_totp(lan, wall)
        await service.parts.people.add("minh", PASSWORD, Role.OPERATOR)
        answers = [await first_step(browser, name, "wrong") for name in ("lan", "minh", "nobody")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}


async def test_who_knows_the_password_guesses_no_codes_for_ever(service: Service, wall: Wall) -> None:
    """At an open desk: neither a confirmation nor a refused new password makes room for more tries."""
    async with somebody(service) as lan:
        phone, _ = await take_totp(lan, wall)
        guesses = []
        for _ in range(12):
            guess = await lan.post(f"{API}/session/confirm", json={"code": phone.code(1000)})
            guesses.append(guess.status_code)
            await lan.post(f"{API}/session/confirm", json={"password": PASSWORD})
            await lan.put(f"{API}/session/password", json={"current": PASSWORD, "new": "short"})
    assert guesses == [401] * 10 + [429] * 2


async def test_a_code_is_taken_once(service: Service, wall: Wall) -> None:
    """Also not the code of before: who looked over a shoulder has seen both."""
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, _ = await take_totp(lan, wall)
        used, before = phone.next(), phone.code(-1)
        assert (await give_code(browser, await ticket_of(browser), used)).status_code == 200
        again = [await give_code(browser, await ticket_of(browser), code) for code in (used, before)]
        assert [answer.status_code for answer in again] == [401, 401]
        assert again[0].json()["detail"]["code"] == "wrong_factor"
        assert (await give_code(browser, await ticket_of(browser), phone.next())).status_code == 200


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
async def test_a_phone_s_clock_may_be_half_a_minute_off(service: Service, wall: Wall, steps: int, status: int) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, _ = await take_totp(lan, wall)
        wall.advance(minutes=3)
        assert (await give_code(browser, await ticket_of(browser), phone.code(steps))).status_code == status


async def test_ten_recovery_codes_each_open_one_log_in(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        _, codes = await take_totp(lan, wall)
        assert len(set(codes)) == 10
        for code in (codes[0], codes[1].upper().replace("-", " ")):
            assert (await give_code(browser, await ticket_of(browser), code)).status_code == 200
            assert (await give_code(browser, await ticket_of(browser), code)).status_code == 401
        assert (await lan.get(f"{API}/account")).json()["recovery_left"] == 8
    assert ("lan", "log_in", "ok", {"how": "password+recovery"}) in await told(service)


async def test_a_recovery_code_of_somebody_else_opens_nothing(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, somebody(service, "minh") as minh, service.anonymous() as browser:
        await take_totp(lan, wall)
        _, codes = await take_totp(minh, wall)
        assert (await give_code(browser, await ticket_of(browser, "lan"), codes[0])).status_code == 401
        assert (await give_code(browser, await ticket_of(browser, "minh"), codes[0])).status_code == 200


async def test_new_recovery_codes_end_the_old_ones(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, old = await take_totp(lan, wall)
        given = {"confirmation": await confirm(lan, code=phone.next())}
        new = (await lan.post(f"{API}/account/recovery-codes", json=given)).json()["recovery_codes"]
        assert (await give_code(browser, await ticket_of(browser), old[0])).status_code == 401
        assert (await give_code(browser, await ticket_of(browser), new[0])).status_code == 200


async def test_recovery_codes_are_for_who_has_something_to_recover(service: Service) -> None:
    async with somebody(service) as lan:
        given = {"confirmation": await confirm(lan)}
        assert (await lan.post(f"{API}/account/recovery-codes", json=given)).status_code == 404


async def test_a_ticket_opens_one_session(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, codes = await take_totp(lan, wall)
        ticket = await ticket_of(browser)
        assert (await give_code(browser, ticket, phone.next())).status_code == 200
        refused = await give_code(browser, ticket, codes[0])
    assert (refused.status_code, refused.json()["detail"]["code"]) == (401, "ticket_gone")


async def test_a_ticket_is_for_the_person_whose_password_was_right(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, somebody(service, "minh") as minh, service.anonymous() as browser:
        of_lan, _ = await take_totp(lan, wall)
        await take_totp(minh, wall)
        refused = await give_code(browser, await ticket_of(browser, "minh"), of_lan.next())
    assert refused.status_code == 401


async def test_a_ticket_that_took_too_long_is_gone(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, _ = await take_totp(lan, wall)
        ticket = await ticket_of(browser)
        wall.advance(seconds=sign_in.LASTS.total_seconds())
        assert (await give_code(browser, ticket, phone.code())).json()["detail"]["code"] == "ticket_gone"


async def test_a_ticket_takes_few_tries(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, _ = await take_totp(lan, wall)
        ticket = await ticket_of(browser)
        for _ in range(sign_in.TRIES):
            assert (await give_code(browser, ticket, "000000")).json()["detail"]["code"] == "wrong_factor"
        assert (await give_code(browser, ticket, phone.next())).json()["detail"]["code"] == "ticket_gone"


async def test_a_ticket_goes_with_the_password_that_it_was_given_for(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as thief:
        phone, _ = await take_totp(lan, wall)
        ticket = await ticket_of(thief)
        await lan.put(f"{API}/session/password", json={"current": PASSWORD, "new": f"another {PASSWORD}"})
        assert (await give_code(thief, ticket, phone.next())).json()["detail"]["code"] == "ticket_gone"


async def test_who_is_shut_out_half_way_stays_out(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.signed_in() as admin, service.anonymous() as browser:
        phone, _ = await take_totp(lan, wall)
        ticket = await ticket_of(browser)
        await admin.put(f"{API}/people/lan/standing", json={"disabled": True})
        assert (await give_code(browser, ticket, phone.next())).status_code == 401


async def test_codes_are_guessed_as_slowly_as_passwords(service: Service, wall: Wall) -> None:
    """A right password does not wipe the slate while the second factor is wrong."""
    async with somebody(service) as lan, service.anonymous() as thief:
        await take_totp(lan, wall)
        statuses = []
        for _ in range(6):
            answer = await first_step(thief)
            statuses.append(answer.status_code)
            if answer.status_code == 202:
                statuses.append((await give_code(thief, answer.json()["ticket"], "000000")).status_code)
    assert statuses.count(401) == 5
    assert statuses[10:] == [429]
    failed = [act for act in await told(service) if act[1] == "log_in_failed"]
    assert failed == [("lan", "log_in_failed", "refused", {"how": "totp"})] * 5


async def test_no_code_and_no_secret_is_written_down(
    service: Service, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, codes = await take_totp(lan, wall)
        await give_code(browser, await ticket_of(browser), "not-a-code-of-his")
    async with service.parts.database.read() as session:
        kept = [str(row) for table in METADATA.sorted_tables for row in await session.execute(select(table))]
    for secret in (phone.secret, phone.code(), "not-a-code-of-his", "notacodeofhis", *codes):
        assert not any(secret in row for row in kept)
        assert secret not in caplog.text
