"""One service without lamps to play, and one browser: enough for everything about people."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import Browser, Page, ViewportSize, expect

from cloud.console import DIST
from tests.cloud.clocks import Wall
from tests.cloud.serving import PASSWORD, Service
from tests.cloud.sso.provider import Provider

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
_LOCALES: Mapping[Language, str] = {"vi": "vi-VN", "en": "en-GB"}
_WIDE = ViewportSize(width=1440, height=860)
_TEXTS = DIST.parent / "src" / "i18n"


def words(language: Language, key: str, **values: str) -> str:
    """What the console says."""
    known = {**json.loads((_TEXTS / f"{language}.json").read_text())}
    for page in ("people", "light", "group", "fleet"):
        known |= json.loads((_TEXTS / f"{page}.{language}.json").read_text())
    return str(known[key]).format(**values)


@dataclass(frozen=True, slots=True)
class Desk:
    """A page in front of somebody, and what went wrong in it."""

    page: Page
    address: str
    language: Language
    wrong: list[str] = field(default_factory=list)

    def says(self, key: str, **values: str) -> str:
        """A text in the language of this desk."""
        return words(self.language, key, **values)

    async def press(self, key: str, **values: str) -> None:
        """The button that says so; nothing else is taken for it."""
        await self.page.get_by_role("button", name=self.says(key, **values), exact=True).click()

    async def open(self, view: str) -> None:
        """A page of the console, by its address. Those about people draw no map, which is what costs."""
        await self.page.goto(f"{self.address}/#/{view}")

    async def knock(self, username: str, password: str = PASSWORD) -> None:
        """The first step of a log-in."""
        await self.page.locator("input[name=username]").fill(username)
        await self.page.locator("input[name=password]").fill(password)
        await self.press("log_in.enter")

    async def come_in(self, username: str, view: str = "account") -> None:
        """Somebody without a second factor, in front of a page."""
        await self.open(view)
        await self.knock(username)
        await self.is_in(username)

    async def is_in(self, username: str) -> None:
        """Somebody's own account is open, or another page of the console."""
        await expect(self.page.locator(".user-menu .menu p").first).to_contain_text(username)

    async def leave(self) -> None:
        """Log out, and stand before the door again: that of the account, where no map is drawn."""
        await self.page.locator(".user-menu summary").click()
        await self.press("top.log_out")
        await self.page.locator("input[name=username]").wait_for()
        await self.open("account")

    async def confirm(self, password: str = PASSWORD) -> None:
        """Answer the question who one is."""
        await self.page.locator("dialog input[name=password]").fill(password)
        await self.press("confirm.go")

    async def forget(self) -> None:
        """Whoever was here, and all that the page has kept: it stands before the door again."""
        await self.page.context.clear_cookies()
        await self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")
        await self.open("account")
        await self.page.reload()
        await self.page.locator("input[name=username]").wait_for()
        self.wrong.clear()


@dataclass(frozen=True, slots=True)
class Office:
    """What the tests of a module share. A desk that is left is the next one's: to load the console again in a page that
    has it takes half as long as in a new one."""

    service: Service
    wall: Wall
    provider: Provider
    browser: Browser
    free: Mapping[Language, list[Desk]] = field(default_factory=lambda: {language: [] for language in LANGUAGES})

    @asynccontextmanager
    async def desk(self, language: Language = "vi") -> AsyncIterator[Desk]:
        """A browser that knows nobody. What its page throws, or asks of another host, fails the test."""
        desk = self.free[language].pop() if self.free[language] else await self._new(language)
        try:
            yield desk
            assert desk.wrong == []
            await desk.forget()
        except BaseException:
            await desk.page.context.close()
            raise
        self.free[language].append(desk)

    async def close(self) -> None:
        """Every desk that is free."""
        for desks in self.free.values():
            while desks:
                await desks.pop().page.context.close()

    async def _new(self, language: Language) -> Desk:
        context = await self.browser.new_context(
            viewport=_WIDE, locale=_LOCALES[language], timezone_id="UTC", reduced_motion="reduce"
        )
        desk = Desk(await context.new_page(), f"http://localhost:{self.service.port}", language)
        ours = (desk.address, self.provider.issuer, "data:", "blob:")
        desk.page.on("pageerror", lambda error: desk.wrong.append(f"threw {error}"))
        desk.page.on(
            "request", lambda asked: None if asked.url.startswith(ours) else desk.wrong.append(f"asked {asked.url}")
        )
        return desk
