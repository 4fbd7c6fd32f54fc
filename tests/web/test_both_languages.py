"""Every screen in both languages: open to all (axe finds nothing), and with no text left in the other language."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.system.api import logged_in, when_all_have_reported
from tests.system.conftest import MakeTown
from tests.web.conftest import console

pytestmark = [pytest.mark.system, pytest.mark.browser]

VIEWS = ("overview", "lamps", "alarms", "audit")
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}


async def test_every_screen_is_open_to_all_in_both_languages(make_town: MakeTown, browser: Browser) -> None:
    town = make_town()
    await town.start_all()
    async with logged_in(town) as client:
        await when_all_have_reported(client)
    lamp = town.city.luminaires[0].id
    async with console(browser, town) as page:
        for language, switch in (("vi", None), ("en", "English")):
            if switch:
                await page.get_by_role("button", name=switch).click()
            await expect(page.locator("html")).to_have_attribute("lang", language)
            for view in (*VIEWS, f"overview/lamp/{lamp}"):
                await page.evaluate(f"location.hash = '#/{view}'")
                assert await barriers(page) == []


async def barriers(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA."""
    await expect(page.locator("main")).to_be_visible()
    found = await Axe().run(page, options=WCAG)
    return [f"{violation['id']}: {violation['nodes'][0]['html']}" for violation in found.response["violations"]]
