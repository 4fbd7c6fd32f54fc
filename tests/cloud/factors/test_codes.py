"""Signing in with a code: of the authenticator app, or from the paper with the recovery codes."""

import stat
from pathlib import Path

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from cloud.factors import recovery, sign_in, totp
from cloud.factors.vault import BadKey, ensure_vault
from cloud.people.access import COOKIE
from cloud.people.rights import Role
from cloud.tables import METADATA
from tests.cloud.clocks import Wall
from tests.cloud.factors.ways import API, STEP_S, confirm, give_code, somebody, take_totp, ticket_of, told
from tests.cloud.factors.ways import sign_in as first_step
from tests.cloud.serving import PASSWORD, Service


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


@given(at=st.integers(60, 2**31), off=st.integers(-3, 3))
def test_a_code_names_its_half_minute_or_none(at: int, off: int) -> None:
    """RFC 6238: the step is the number of half minutes since 1970. Two steps may share a code by chance."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of RFC 6238, appendix B
    step = max(0, at // STEP_S + off)
    code = totp_code(secret, step)
    near = [one for one in range(at // STEP_S - 1, at // STEP_S + 2) if totp_code(secret, one) == code]
    assert totp.step_of(secret, code, at) == max(near, default=None)


@pytest.mark.parametrize(("at", "code"), [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")])
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1; the last six of its eight digits."""
    assert totp.step_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", code, at) == at // STEP_S


def totp_code(secret: str, step: int) -> str:
    return pyotp.TOTP(secret).generate_otp(step)


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


def test_however_a_recovery_code_is_typed_it_is_the_same() -> None:
    code = recovery.new_codes()[0]
    assert recovery.hash_of(code) == recovery.hash_of(f" {code.replace('-', ' ').upper()} ")


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


def test_a_secret_is_opened_with_its_own_key_alone(tmp_path: Path) -> None:
    here, elsewhere = ensure_vault(tmp_path / "here.key"), ensure_vault(tmp_path / "elsewhere.key")
    sealed = here.seal("a secret")
    assert "a secret" not in sealed
    assert (here.open(sealed), elsewhere.open(sealed)) == ("a secret", None)
    assert ensure_vault(tmp_path / "here.key").open(sealed) == "a secret"
    assert stat.S_IMODE((tmp_path / "here.key").stat().st_mode) == 0o600


def test_what_is_no_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "factors.key").write_text("no key")
    with pytest.raises(BadKey, match=r"factors\.key: this is no key"):
        ensure_vault(tmp_path / "factors.key")
