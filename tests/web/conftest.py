"""A headless Chromium that reaches nothing but what a test has started: one for all the tests of a process.

Every test and fixture here runs in the event loop of the session, which is the browser's.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from cloud.people.rights import Role
from cloud.settings import Consent, Settings
from rules.areas import Area
from tests.cloud.cities import small_city, write_city
from tests.cloud.clocks import standing_clock
from tests.cloud.serving import PASSWORD, serving, settings_in
from tests.cloud.sso.provider import providing
from tests.system.api import logged_in, when_all_have_reported
from tests.system.town import Town, lay_out
from tests.web.office import Office

ACCOUNTS = {"lan": {"sub": "u-1", "preferred_username": "lan"}, "stranger": {"sub": "u-2", "preferred_username": "x"}}
PATIENCE_MS = 30_000  # two cores play a city, draw its map and run the other tests
WIDE = ViewportSize(width=1520, height=720)  # wide enough for all columns, and not more for the CPU to draw
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The browser of this machine."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no browser on this machine: apt install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A service, and a provider that it trusts."""
    folder, (clock, wall) = tmp_path_factory.mktemp("office"), standing_clock()
    write_city(folder / "inventory.json", small_city())
    async with providing(ACCOUNTS) as provider:
        provider.now = clock.wall
        few = Consent(alone=1, one_person=2)
        known = dict(settings_in(folder, consent=few)) | {"sign_on": [provider.settings(folder)]}
        async with serving(Settings.model_validate(known), clock) as service:
            await service.parts.people.add("boss", PASSWORD, Role.ADMINISTRATOR, "Nguyễn Thị Hương")
            await service.parts.people.add("lead", PASSWORD, Role.SHIFT_LEAD, area=Area("halong"))
            await service.parts.people.add("lan", PASSWORD, Role.OPERATOR)
            office = Office(service, wall, provider, browser)
            yield office
            await office.close()


@asynccontextmanager
async def living(folder: Path, speed: float = 1.0) -> AsyncIterator[Town]:
    """A town whose lamps have all been heard of."""
    town = lay_out(folder, None, speed=speed)
    try:
        await town.start_all()
        async with logged_in(town) as client:
            await when_all_have_reported(client)
        yield town
    finally:
        await town.end()


@asynccontextmanager
async def console(browser: Browser, town: Town) -> AsyncIterator[Page]:
    """The console's page, in Vietnamese, logged in as the generated administrator.

    Anything that the page throws, logs as an error or asks of another host fails the test.
    """
    context = await browser.new_context(viewport=WIDE, locale="vi-VN", timezone_id="UTC", reduced_motion="reduce")
    page = await context.new_page()
    wrong: list[str] = []
    address = f"http://localhost:{town.ports['cloud']}"
    page.on("pageerror", lambda error: wrong.append(f"threw {error}"))
    page.on("console", lambda said: wrong.append(f"logged {said.text}") if said.type == "error" else None)
    page.on("request", lambda asked: wrong.append(f"asked {asked.url}") if not _is_ours(asked.url, address) else None)
    await page.goto(address)
    await _log_in(page, (town.folder / "secrets" / "admin").read_text().strip())
    wrong.clear()  # a browser logs the 401 that says that nobody is logged in yet
    try:
        yield page
    finally:
        await context.close()
    assert not wrong


def _is_ours(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))


async def _log_in(page: Page, password: str) -> None:
    await page.locator("input[name=username]").fill("admin")
    await page.locator("input[name=password]").fill(password)
    await page.locator("button[type=submit]").click()
    await page.locator("canvas").first.wait_for()
