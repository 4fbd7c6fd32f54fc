"""What somebody sees and changes of himself, and of nobody else."""

from datetime import datetime

import pytest

from cloud.factors import confirmations
from tests.cloud.clocks import Wall
from tests.cloud.factors.ways import API, confirm, give_code, sign_in, somebody, take_totp, ticket_of, told
from tests.cloud.serving import Service

ACCOUNT = f"{API}/account"

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_somebody_sees_who_he_is_and_where_he_is_signed_in(service: Service, wall: Wall) -> None:
    async with somebody(service) as desk, somebody(service, "minh"), service.anonymous() as tablet:
        wall.advance(minutes=5)
        assert (await sign_in(tablet)).status_code == 200
        seen = (await tablet.get(ACCOUNT)).json()
        assert (await desk.get(ACCOUNT)).json()["sessions"][1]["is_current"]
    sessions = seen.pop("sessions")
    assert seen == {
        "username": "lan",
        "display_name": "lan",
        "language": "vi",
        "email": None,
        "totp_since": None,
        "recovery_left": 0,
        "passkeys": [],
    }
    assert [(one["is_current"], one["address"]) for one in sessions] == [(True, "127.0.0.1"), (False, "127.0.0.1")]
    assert datetime.fromisoformat(sessions[0]["opened_at"]).timestamp() == wall()


async def test_somebody_ends_one_of_his_sessions_or_all_others(service: Service) -> None:
    async with (
        somebody(service) as desk,
        somebody(service, "minh") as minh,
        service.anonymous() as tablet,
        service.anonymous() as phone,
    ):
        for client in (tablet, phone):
            assert (await sign_in(client)).status_code == 200
        first = next(one["id"] for one in (await tablet.get(ACCOUNT)).json()["sessions"] if one["is_current"])
        assert (await minh.delete(f"{ACCOUNT}/sessions/{first}")).status_code == 404
        assert (await desk.delete(f"{ACCOUNT}/sessions/{first}")).status_code == 204
        assert [(await one.get(ACCOUNT)).status_code for one in (desk, tablet, phone)] == [200, 401, 200]
        assert (await desk.delete(f"{ACCOUNT}/sessions")).status_code == 204
        assert [(await one.get(ACCOUNT)).status_code for one in (desk, phone, minh)] == [200, 401, 200]
    ended = [act for act in await told(service) if act[1] == "end_session"]
    assert ended == [
        ("lan", "end_session", "ok", {"session": "others"}),
        ("lan", "end_session", "ok", {"session": first}),
    ]


async def test_somebody_takes_another_language(service: Service) -> None:
    async with somebody(service) as lan:
        assert (await lan.put(f"{ACCOUNT}/language", json={"language": "en"})).json()["language"] == "en"
        assert (await lan.get(f"{API}/session")).json()["language"] == "en"
        assert (await lan.put(f"{ACCOUNT}/language", json={"language": "fr"})).status_code == 422


async def test_a_second_factor_is_taken_after_a_confirmation_alone(service: Service) -> None:
    async with somebody(service) as lan:
        for path in ("totp", "passkeys/options", "recovery-codes"):
            lan.headers["Host"] = f"localhost:{service.port}"
            refused = await lan.post(f"{ACCOUNT}/{path}", json={"confirmation": "guessed"})
            assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "confirm_first")


async def test_the_password_does_not_confirm_that_a_factor_goes(service: Service, wall: Wall) -> None:
    """Who sits down at somebody's desk and knows the password, does not take the phone away from him."""
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, _ = await take_totp(lan, wall)
        refused = await lan.request("DELETE", f"{ACCOUNT}/totp", json={"confirmation": await confirm(lan)})
        assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "confirm_first")
        proof = {"confirmation": await confirm(lan, code=phone.next())}
        assert (await lan.request("DELETE", f"{ACCOUNT}/totp", json=proof)).status_code == 204
        assert (await sign_in(browser)).status_code == 200
        assert (await lan.get(ACCOUNT)).json()["recovery_left"] == 0
    assert ("lan", "remove_factor", "ok", {"factor": "totp"}) in await told(service)


async def test_a_second_app_is_refused_and_the_first_one_stays(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        phone, _ = await take_totp(lan, wall)
        proof = {"confirmation": await confirm(lan, code=phone.next())}
        refused = await lan.post(f"{ACCOUNT}/totp", json=proof)
        assert (refused.status_code, refused.json()["detail"]["code"]) == (409, "has_factor")
        assert (await give_code(browser, await ticket_of(browser), phone.next())).status_code == 200


async def test_an_app_counts_from_its_first_right_code_on(service: Service) -> None:
    async with somebody(service) as lan, service.anonymous() as browser:
        offer = (await lan.post(f"{ACCOUNT}/totp", json={"confirmation": await confirm(lan)})).json()
        assert offer["uri"].startswith("otpauth://totp/Haidang%20halong:lan?secret=")
        assert offer["picture"].startswith("data:image/svg+xml")
        assert (await lan.put(f"{ACCOUNT}/totp", json={"code": "000000"})).status_code == 401
        assert (await lan.get(ACCOUNT)).json()["totp_since"] is None
        assert (await sign_in(browser)).status_code == 200


async def test_a_confirmation_is_for_one_act_of_one_session(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.anonymous() as tablet:
        assert (await sign_in(tablet)).status_code == 200
        given = {"confirmation": await confirm(lan)}
        assert (await tablet.post(f"{ACCOUNT}/totp", json=given)).status_code == 403
        assert (await lan.post(f"{ACCOUNT}/totp", json=given)).status_code == 200
        assert (await lan.post(f"{ACCOUNT}/totp", json=given)).status_code == 403
        late = {"confirmation": await confirm(lan)}
        wall.advance(seconds=confirmations.LASTS.total_seconds())
        assert (await lan.post(f"{ACCOUNT}/totp", json=late)).status_code == 403


async def test_who_confirms_wrongly_is_slowed_and_written_down(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan:
        await take_totp(lan, wall)
        wrong = [{"password": "wrong"}, {"code": "000000"}, {"code": "wrong"}]
        answers = [await lan.post(f"{API}/session/confirm", json=proof) for proof in wrong * 4]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    refused = [act[3]["how"] for act in await told(service) if act[1:3] == ("confirm", "refused")]
    assert refused == ["password", *["recovery", "totp", "password"] * 3]  # newest first


@pytest.mark.parametrize(
    "proof", [{}, {"password": "x", "code": "1"}, {"ticket": "x"}, {"password": "x", "ticket": "x"}]
)
async def test_one_proof_is_given_at_a_time(service: Service, proof: dict[str, str]) -> None:
    async with somebody(service) as lan:
        assert (await lan.post(f"{API}/session/confirm", json=proof)).status_code == 422


async def test_who_has_a_password_for_once_chooses_one_before_anything_else(service: Service) -> None:
    newcomer = {"username": "tam", "display_name": "Tam", "grants": [{"role": "viewer", "area": "/"}]}
    async with service.signed_in() as admin, service.anonymous() as tam:
        once = (await admin.post(f"{API}/people", json=newcomer)).json()["one_time_password"]
        assert (await sign_in(tam, "tam", once)).status_code == 200
        refused = await tam.post(f"{ACCOUNT}/totp", json={"confirmation": await confirm(tam, password=once)})
    assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "choose_password")


async def test_who_has_lost_everything_is_let_begin_anew_by_an_administrator(service: Service, wall: Wall) -> None:
    async with somebody(service) as lan, service.signed_in() as admin, service.anonymous() as browser:
        await take_totp(lan, wall)
        assert (await admin.post(f"{API}/people/lan/factors/forget")).status_code == 204
        assert (await lan.get(ACCOUNT)).status_code == 401
        assert (await sign_in(browser)).status_code == 200
        assert (await browser.get(ACCOUNT)).json()["recovery_left"] == 0
        assert (await admin.post(f"{API}/people/administrator/factors/forget")).status_code == 403
        assert (await admin.post(f"{API}/people/nobody/factors/forget")).status_code == 404
    assert ("administrator", "forget_factors", "ok", {}) in await told(service)
