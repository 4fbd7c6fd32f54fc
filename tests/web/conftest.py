"""A headless Chromium that reaches nothing but the town."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from tests.system.conftest import make_town
from tests.system.town import Town

__all__ = ["make_town"]

PATIENCE_MS = 30_000  # two cores play a city, draw its map and run the other tests
WIDE = ViewportSize(width=1680, height=945)
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


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no browser on this machine: apt install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def console(browser: Browser, town: Town) -> AsyncIterator[Page]:
    """The console's page, in Vietnamese, logged in as the generated administrator.

    Anything that the page throws, logs as an error or asks of another host fails the test.
    """
    context = await browser.new_context(viewport=WIDE, locale="vi-VN", timezone_id="UTC")
    page = await context.new_page()
    wrong: list[str] = []
    address = f"http://localhost:{town.ports['cloud']}"
    page.on("pageerror", lambda error: wrong.append(f"threw {error}"))
    page.on("console", lambda said: wrong.append(f"logged {said.text}") if said.type == "error" else None)
    page.on("request", lambda asked: wrong.append(f"asked {asked.url}") if not _is_ours(asked.url, address) else None)
    await page.goto(address)
    await _log_in(page, (town.folder / "secrets" / "admin").read_text().strip())
    wrong.clear()  # a browser logs the 401 that says that nobody is logged in yet
    yield page
    assert not wrong
    await context.close()


def _is_ours(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))


async def _log_in(page: Page, password: str) -> None:
    await page.locator("input[name=username]").fill("admin")
    await page.locator("input[name=password]").fill(password)
    await page.locator("button[type=submit]").click()
    await page.locator("canvas").first.wait_for()
