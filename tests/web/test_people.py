"""People in a real browser: every way in, every page about them, and nothing that they write is executed."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import pyotp
import pytest
from playwright.async_api import Page, ViewportSize, expect

from cloud.people.rights import Role
from protocols.commands import Group, Step
from rules.areas import Area
from tests.cloud.cities import lamp_id, small_city
from tests.cloud.commands.test_groups import hear, said, sent
from tests.cloud.feeding import Feed
from tests.cloud.serving import PASSWORD
from tests.waiting import until, until_async
from tests.web.barriers import barriers
from tests.web.conftest import PATIENCE_MS
from tests.web.office import LANGUAGES, Desk, Language, Office

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

in_both = pytest.mark.parametrize("language", LANGUAGES)
HURTS = '<img src="x" onerror="window.hurt=1">'
STEP_S = 30
HALONG = ZoneInfo("Asia/Ho_Chi_Minh")


@in_both
async def test_a_password_and_a_code_of_the_phone_open_the_console(office: Office, language: Language) -> None:
    await office.service.parts.people.add(name := f"totp-{language}", PASSWORD, Role.OPERATOR, language=language)
    async with office.desk(language) as desk:
        await desk.come_in(name)
        await desk.press("totp.start")
        await desk.confirm()
        phone = pyotp.TOTP(await desk.page.locator(".offer code").inner_text())
        await desk.page.locator("input[name=code]").fill(phone.at(int(office.wall())))
        await desk.press("totp.finish")
        await expect(desk.page.locator(".recovery-codes li")).to_have_count(10)
        paper = await desk.page.locator(".recovery-codes li").all_inner_texts()
        assert len(set(paper)) == 10
        await desk.leave()
        office.wall.advance(seconds=STEP_S)
        await second_step(desk, name, "000000")
        await expect(desk.page.get_by_role("alert")).to_have_text(desk.says("problem.wrong_factor"))
        await desk.page.locator("input[name=code]").fill(phone.at(int(office.wall())))
        await desk.press("log_in.enter")
        await desk.is_in(name)
        await desk.leave()
        await desk.knock(name)
        await desk.press("second.use_recovery")
        await desk.page.locator("input[name=code]").fill(paper[0])
        await desk.press("log_in.enter")
        await desk.is_in(name)


async def second_step(desk: Desk, username: str, code: str) -> None:
    """A log-in as far as the code."""
    await desk.knock(username)
    await desk.page.locator("input[name=code]").fill(code)
    await desk.press("log_in.enter")


@in_both
async def test_a_passkey_opens_the_console_without_a_name(office: Office, language: Language) -> None:
    await office.service.parts.people.add(name := f"passkey-{language}", PASSWORD, Role.OPERATOR, language=language)
    async with office.desk(language) as desk, a_key(desk.page):
        await desk.come_in(name)
        await desk.page.get_by_label(desk.says("passkeys.name")).fill(HURTS)
        await desk.press("passkeys.add")
        await desk.confirm()
        key = desk.page.locator(".lines strong").filter(has_text=HURTS)
        await expect(key).to_be_visible()
        await desk.leave()
        await desk.press("log_in.by_passkey")
        await desk.is_in(name)
        assert await unhurt(desk.page)
        await desk.page.locator(".lines li").filter(has_text=HURTS).get_by_role("button").click()
        await desk.press("confirm.go")  # with the passkey itself
        await expect(key).to_have_count(0)


@asynccontextmanager
async def a_key(page: Page) -> AsyncIterator[None]:
    """In this machine, for as long as it is there: it knows its owner's finger, and feels it at once."""
    devices = await page.context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    able = {"isUserVerified": True, "automaticPresenceSimulation": True}
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": key | able})
    yield
    await devices.send("WebAuthn.disable")
    await devices.detach()


@in_both
async def test_a_provider_that_knows_somebody_opens_the_console(office: Office, language: Language) -> None:
    button = re.compile({"vi": "Tài khoản tỉnh", "en": "Province account"}[language])
    async with office.desk(language) as desk:
        await desk.open("account")
        await desk.page.get_by_role("link", name=button).click()
        await desk.page.get_by_role("button", name="stranger").click()
        await expect(desk.page.get_by_role("alert")).to_have_text(desk.says("log_in.refused_unknown"))
        assert "refused" not in desk.page.url
        await desk.page.get_by_role("link", name=button).click()
        await desk.page.get_by_role("button", name="lan").click()
        await desk.is_in("lan")


async def test_a_wrong_password_opens_nothing_and_says_so(office: Office) -> None:
    async with office.desk() as desk:
        await desk.open("people")
        await desk.knock(HURTS, "not this one")
        await expect(desk.page.get_by_role("alert")).to_have_text(desk.says("log_in.wrong"))
        assert await unhurt(desk.page)


async def test_whoever_comes_with_a_password_for_once_chooses_another_first(office: Office) -> None:
    async with office.desk() as admin, office.desk() as desk:
        await admin.come_in("boss", "people")
        await admin.press("people.invite_title")
        await admin.page.locator("dialog input[name=username]").fill("thu")
        await admin.page.locator("dialog input[name=display_name]").fill(HURTS)
        await admin.page.locator("dialog select").nth(1).select_option("operator")
        await admin.page.locator("dialog select").nth(2).select_option("/halong/W1")
        await admin.press("people.invite")
        once = await admin.page.locator("output.secret").inner_text()
        row = admin.page.locator("tbody tr").filter(has_text="thu")
        await expect(row.locator("th")).to_have_text(HURTS)
        await expect(row).to_contain_text("Phường Hồng Gai")
        assert await unhurt(admin.page)
        await desk.open("account")
        await desk.knock("thu", once)
        for field, text in (("current", once), ("new", "four words of my own"), ("again", "four words of my own")):
            await desk.page.locator(f"input[name={field}]").fill(text)
        await desk.press("password.choose")
        await desk.is_in("thu")
        assert await unhurt(desk.page)


async def test_a_session_that_the_shift_lead_ends_throws_the_other_browser_out(office: Office) -> None:
    await office.service.parts.people.add("minh", PASSWORD, Role.OPERATOR, area=Area("halong", "W1"))
    async with office.desk() as lead, office.desk() as other:
        await other.come_in("minh")
        await lead.come_in("lead", "sessions")
        await lead.press("sessions.end_one", name="minh")
        await other.page.locator("input[name=username]").wait_for()
        await expect(lead.page.locator("tbody tr").filter(has_text="minh")).to_have_count(0)


async def test_a_machine_s_token_is_told_once_and_revoked(office: Office) -> None:
    async with office.desk() as desk:
        await desk.come_in("boss", "tokens")
        await desk.press("tokens.make")
        name = desk.page.locator("dialog input[name=name]")
        await name.fill(HURTS[:30])
        assert not await name.evaluate("field => field.checkValidity()")  # no such letters in a token's name
        await name.fill("scada.1")
        await desk.page.get_by_label(desk.says("right.view.city")).check()
        await desk.page.locator("dialog form button[type=submit]").click()
        await expect(desk.page.locator("output.secret")).to_have_text(re.compile(r"hd_\S{20,}"))
        await desk.press("panel.close")
        await desk.press("tokens.revoke_one", name="scada.1")
        await expect(desk.page.get_by_text(desk.says("tokens.none"))).to_be_visible()


async def test_the_log_is_searched_and_read_and_executes_nothing(office: Office) -> None:
    async with office.service.signed_in(Role.ADMINISTRATOR) as client:
        order = {"target": lamp_id(1), "action": {"type": "override", "level": 30, "minutes": 60}, "reason": HURTS}
        assert (await client.post("/api/v1/commands", json=order)).status_code < 300
    async with office.desk() as desk:
        await desk.come_in("boss", "audit")
        await desk.page.locator("input[name=text]").fill(HURTS)
        await desk.press("audit.search")
        rows = desk.page.locator("tbody tr")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text(HURTS)
        await rows.get_by_role("button").click()
        await expect(desk.page.locator("dialog .parameters")).to_contain_text("override")
        await expect(desk.page.locator("dialog .entry")).to_contain_text(HURTS)
        assert await unhurt(desk.page)
        await desk.press("panel.close")
        async with desk.page.expect_download() as started:
            await desk.page.get_by_role("link", name=desk.says("audit.export")).click()
        sheet = (await (await started.value).path()).read_text(encoding="utf-8-sig").splitlines()
        assert len(sheet) == 2
        assert lamp_id(1) in sheet[1]


async def test_lamps_in_a_polygon_are_dimmed_once_another_person_agrees_and_given_back(office: Office) -> None:
    feed = Feed(office.service)
    office.wall.advance(seconds=1)  # what others have commanded was before
    await office.service.parts.people.add("mai", PASSWORD, Role.OPERATOR, language="en")
    async with office.desk("en") as desk, office.desk() as other:
        await desk.come_in("mai", "overview/group/new")
        await draw_round_all(desk)
        await expect(desk.page.get_by_test_id("preview-lamps")).to_have_text("6")
        assert await barriers(desk.page) == []
        await desk.page.locator("input[name=reason]").fill("fireworks")
        ends = f"{(office.service.parts.clock.now() + timedelta(hours=2)).astimezone(HALONG):%H:%M}"
        await desk.press("group.send_override", n="6", level="40", time=ends)
        await desk.confirm()
        await other.come_in("lead", "overrides")
        await expect(other.page.get_by_test_id("consent")).to_contain_text("fireworks")
        assert await barriers(other.page) == []
        await other.press("consents.agree")
        await desk.press("group.follow")
        await obeyed(office, feed)
        await expect(desk.page.get_by_test_id("group-done")).to_have_text(
            desk.says("group.done", confirmed="6", lamps="6")
        )
        office.wall.advance(seconds=5)
        await expect(other.page.locator("table.overrides tbody tr")).to_have_count(1)
        await other.press(
            "overrides.undo_one", what=other.says("what.override_until", level="40", time=ends), who="mai"
        )
        await obeyed(office, feed)
        await expect(other.page.get_by_text(other.says("overrides.none"))).to_be_visible()


async def draw_round_all(desk: Desk) -> None:
    """Click a corner beside each end of the six lamps, the last one twice."""

    async def places() -> list[dict[str, float]]:
        found: list[dict[str, float]] = await desk.page.evaluate(
            "() => window.__haidang?.mapReady() ? [0, 1, 2, 3, 4, 5].map((n) => window.__haidang.at(n)) : []"
        )
        return found

    lamps = await until_async(places, timeout_s=PATIENCE_MS / 1000, every_s=0.2)
    await desk.press("group.draw")
    left, right = min(lamp["x"] for lamp in lamps) - 40, max(lamp["x"] for lamp in lamps) + 40
    top, bottom = min(lamp["y"] for lamp in lamps) - 40, max(lamp["y"] for lamp in lamps) + 40
    for n, (x, y) in enumerate(((left, top), (right, top), (right, bottom)), 1):
        await desk.page.mouse.click(x, y)
        await expect(desk.page.locator(".drawing")).to_contain_text(desk.says("group.drawing", n=str(n)))
    await desk.page.mouse.click(left, bottom)
    await desk.page.keyboard.press("Enter")


async def obeyed(office: Office, feed: Feed) -> None:
    """The edges say that every lamp has done what was sent last."""

    def parts() -> dict[str, Group]:
        found = sent(office.service)
        return found if len(found) == len(small_city().edges) else {}

    for edge, part in (await until(parts)).items():
        await hear(office.service, edge, said(part, Step.READ_BACK, actual_level=40.0), feed)
    office.service.link.published.clear()


async def unhurt(page: Page) -> bool:
    """Nothing that somebody wrote has become a part of the page."""
    grown = await page.locator('img[src="x"]').count()
    return grown == 0 and await page.evaluate("() => window.hurt === undefined")


@in_both
async def test_every_page_about_people_is_open_to_all(office: Office, language: Language) -> None:
    await office.service.parts.people.add(name := f"boss-{language}", PASSWORD, Role.ADMINISTRATOR, language=language)
    async with office.desk(language) as desk:
        await desk.open("account")
        await desk.page.locator("input[name=username]").wait_for()
        assert await barriers(desk.page) == []
        await desk.knock(name)
        await desk.is_in(name)
        for view in ("account", "people", "areas", "sessions", "tokens", "audit"):
            await desk.page.evaluate(f"() => {{ location.hash = '#/{view}' }}")
            await desk.page.locator(".page .rows, .account-part").first.wait_for()
            await expect(desk.page.locator("html")).to_have_attribute("lang", language)
            assert await barriers(desk.page) == []
            await dialogs_have_none(desk, view)


OPENS = {"people": "people.invite_title", "tokens": "tokens.make", "account": "totp.start"}


async def dialogs_have_none(desk: Desk, view: str) -> None:
    if view not in OPENS:
        return
    await desk.press(OPENS[view])
    await desk.page.locator("dialog form").wait_for()
    assert await barriers(desk.page) == []
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator("dialog")).to_have_count(0)


PHONE = ViewportSize(width=390, height=844)
BESIDE = """() => [...document.querySelectorAll(".page :is(button, a), .menu > *")]
  .filter((it) => it.checkVisibility())
  .filter((it) => it.getBoundingClientRect().left < 0 || it.getBoundingClientRect().right > innerWidth)
  .map((it) => it.textContent)"""


@in_both
async def test_a_phone_has_every_act_on_its_screen(office: Office, language: Language) -> None:
    """No table hides its buttons beside the screen, and the menu opens on it."""
    await office.service.parts.people.add(name := f"pocket-{language}", PASSWORD, Role.ADMINISTRATOR, language=language)
    async with office.desk(language) as desk:
        wide = desk.page.viewport_size
        await desk.page.set_viewport_size(PHONE)
        await desk.come_in(name)
        for view in ("people", "sessions", "audit"):
            await desk.page.evaluate(f"() => {{ location.hash = '#/{view}' }}")
            await desk.page.locator(".page .rows tbody tr").first.wait_for()
            assert await desk.page.evaluate(BESIDE) == []
        await expect(desk.page.locator("nav a[aria-current]")).to_be_in_viewport(ratio=1)
        await desk.page.locator(".user-menu summary").click()
        await expect(desk.page.get_by_role("button", name=desk.says("top.log_out"))).to_be_visible()
        assert await desk.page.evaluate(BESIDE) == []
        await desk.page.set_viewport_size(wide or PHONE)


async def test_a_list_is_printed_black_on_white_with_its_place_and_time(office: Office) -> None:
    async with office.desk() as desk:
        await desk.come_in("lan", "overrides")
        await desk.page.emulate_media(media="print")
        await expect(desk.page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")
        await expect(desk.page.locator(".page")).to_have_css("color", "rgb(0, 0, 0)")
        await expect(desk.page.locator(".print-only")).to_contain_text("in lúc")
        await expect(desk.page.locator(".page button:visible")).to_have_count(0)
        await desk.page.emulate_media(media="screen")
