"""A dark lamp: one alarm with its place and reason in both languages, one mail, and an end."""

import asyncio
import email
import email.policy
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from firmware_sim.control import switch_fault
from protocols.inventory import Luminaire
from tests.waiting import until
from tests.web.conftest import console, living

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SIXTY = 60.0  # five minutes of darkness pass in five seconds


async def test_one_dark_lamp_is_one_alarm_and_one_mail(tmp_path: Path, browser: Browser) -> None:
    mail = tmp_path / "mail"
    async with living(tmp_path, SIXTY) as town, console(browser, town) as page:
        lamp = town.city.luminaires[4]
        await switch(town.folder, "on", lamp)
        await one_alarm(page, "Đèn không sáng", "điện áp vẫn có", lamp)
        await switch_language(page, "English")
        await one_alarm(page, "Lamp out", "V present", lamp)
        await until(lambda: letters(mail))
        await acknowledge(page)
        await switch(town.folder, "off", lamp)
        await page.locator(".tabs button").nth(1).click()
        await expect(alarms(page)).to_have_count(0, timeout=30_000)
    assert len(letters(mail)) == 1
    says_what_where_and_what_to_bring(letters(mail)[0], lamp)


async def switch(folder: Path, state: str, lamp: Luminaire) -> None:
    await asyncio.to_thread(switch_fault, folder, state, "lamp_out", lamp.id)


def alarms(page: Page) -> Locator:
    return page.locator("section.alarms button.alarm-main")


async def one_alarm(page: Page, title: str, reason: str, lamp: Luminaire) -> None:
    await expect(alarms(page)).to_have_count(1, timeout=30_000)
    await expect(alarms(page).locator(".alarm-title")).to_contain_text(title)
    await expect(alarms(page).locator(".alarm-title")).to_contain_text(lamp.id)
    await expect(alarms(page).locator(".alarm-place")).to_contain_text(lamp.street)
    await expect(alarms(page).locator(".alarm-place")).to_contain_text(reason)


async def switch_language(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()


async def acknowledge(page: Page) -> None:
    """Chosen with the mouse, acknowledged with the key."""
    await alarms(page).click()
    await page.keyboard.press("a")
    await page.locator(".tabs button").nth(1).click()
    await expect(alarms(page)).to_have_count(1)


def letters(folder: Path) -> list[str]:
    """The mails that the local mail server has taken, as text."""
    found = []
    for file in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        found.append(f"{message['subject']}\n{body.get_content() if body else ''}")
    return found


def says_what_where_and_what_to_bring(letter: str, lamp: Luminaire) -> None:
    for word in (lamp.id, lamp.street, lamp.cabinet, "Mang xe nâng", "Bring the lift"):
        assert word in letter
