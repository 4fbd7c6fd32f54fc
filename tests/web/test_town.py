"""The console over one living town: its lamps on the map, a lamp that obeys and one that does not, a meter's digits,
and every screen in both languages."""

import asyncio
import struct
from collections.abc import AsyncIterator
from functools import partial

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from firmware_sim.control import switch_fault
from protocols.inventory import Luminaire
from protocols.modbus.registers import Order
from protocols.profiles import library
from tests.system import mbpoll
from tests.system.api import logged_in
from tests.system.town import Town
from tests.waiting import until_async
from tests.web.barriers import barriers
from tests.web.conftest import console, living

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

with_mbpoll = pytest.mark.skipif(not mbpoll.THERE, reason=mbpoll.MISSING)
VIEWS = ("overview", "lamps", "alarms", "audit")
POINTS = library()["eastron-sdm630"].polled
METER_UNIT = 1


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Each test leaves it as it was."""
    async with living(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def screen(browser: Browser, town: Town) -> AsyncIterator[Page]:
    async with console(browser, town) as screen:
        yield screen


@pytest_asyncio.fixture(loop_scope="session")
async def page(screen: Page) -> Page:
    """The console as every test finds it: the map, in Vietnamese."""
    if await screen.locator("html").get_attribute("lang") != "vi":
        await switch_language(screen, "Tiếng Việt")
    await show(screen, "overview")
    return screen


async def show(page: Page, view: str) -> None:
    await page.evaluate(f"location.hash = '#/{view}'")


async def switch_language(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()


async def give_back(client: httpx2.AsyncClient, lamp: Luminaire) -> None:
    """What the light plan says is in force again."""
    order = {"target": lamp.id, "action": {"type": "resume"}, "reason": "a test ends"}
    (await client.post("/api/v1/commands", json=order)).raise_for_status()


@with_mbpoll
async def test_a_dimmed_lamp_is_confirmed_by_its_actual_level(town: Town, page: Page) -> None:
    """An operator dims a lamp, and believes it only when the lamp itself has said so."""
    lamp = town.city.luminaires[0]
    async with logged_in(town) as client:
        before = (await client.get(f"/api/v1/luminaires/{lamp.id}")).json()["latest"]["values"]["active_power"]
        await show(page, f"overview/lamp/{lamp.id}")
        await page.locator("input[name=level]").fill("40")
        await page.locator(".control button[type=submit]").click()
        steps = page.locator("ol.steps li")
        await expect(steps).to_have_count(4)
        await expect(page.locator("section.command")).to_have_attribute("data-state", "confirmed", timeout=30_000)
        for step in ("requested", "sent", "acknowledged", "confirmed"):
            await expect(page.locator(f"li[data-step={step}]")).to_have_attribute("data-look", "done")
        await expect(page.get_by_test_id("command-proof")).to_contain_text("40")

        async def is_there() -> bool:
            """The last half per cent of its fade may still be to come: as near counts as confirmed."""
            return await actual_level(town.ports["sim"], lamp.segment) == 40.0

        assert await until_async(is_there, every_s=0.2)

        async def follows() -> bool:
            readings = await client.get(f"/api/v1/devices/{lamp.id}/readings", params={"quantity": "active_power"})
            power = readings.json()["quantities"]["active_power"][-1]
            return power is not None and 0.3 * before < power < 0.6 * before

        assert await until_async(follows, every_s=0.2)
        await give_back(client, lamp)


async def actual_level(port: int, segment: str) -> float:
    """What the simulated controller answers for its first lamp, read past the edge and the cloud: steps of 0.5 %."""
    unit = {"A": 11, "B": 12, "C": 13}[segment[-1]]
    return int(await mbpoll.input_register(port, unit, 4)) / 2


async def test_a_lamp_that_does_not_answer_is_told_in_the_reader_s_language(town: Town, page: Page) -> None:
    lamp = town.city.luminaires[1]
    await asyncio.to_thread(switch_fault, town.folder, "on", "comm_loss", lamp.id)
    await show(page, f"overview/lamp/{lamp.id}")
    await page.locator("input[name=level]").fill("40")
    await page.locator(".control button[type=submit]").click()
    await expect(page.locator(".command-failure")).to_contain_text("Đèn không trả lời", timeout=30_000)
    await expect(page.locator("section.command")).to_have_attribute("data-state", "failed")
    await switch_language(page, "English")
    await expect(page.locator(".command-failure")).to_contain_text("The lamp does not answer")
    await show(page, "audit")
    await expect(page.locator("tbody tr").first).to_contain_text("Set 40 % until")
    await expect(page.locator("tbody tr").first).to_contain_text(lamp.id)
    await asyncio.to_thread(switch_fault, town.folder, "off", "comm_loss", lamp.id)
    async with logged_in(town) as client:
        await give_back(client, lamp)


async def test_every_lamp_is_on_the_map_and_none_is_unknown(town: Town, page: Page) -> None:
    every = len(town.city.luminaires)

    async def are_on() -> bool:
        """The map draws each lamp as lit; those that other tests have used may need a moment."""
        counts = await drawn(page)
        return counts is not None and sum(counts.values()) == counts["on"] == every

    assert await until_async(are_on, every_s=0.2)


async def drawn(page: Page) -> dict[str, int] | None:
    """How many lamps the map draws in each state."""
    counts: dict[str, int] | None = await page.evaluate(
        "() => window.__haidang?.mapReady() ? window.__haidang.counts() : null"
    )
    return counts


async def test_every_screen_is_open_to_all_in_both_languages(town: Town, page: Page) -> None:
    """axe finds nothing."""
    lamp = town.city.luminaires[0].id
    for language, switch in (("vi", None), ("en", "English")):
        if switch:
            await switch_language(page, switch)
        await expect(page.locator("html")).to_have_attribute("lang", language)
        for view in (*VIEWS, f"overview/lamp/{lamp}"):
            await show(page, view)
            await expect(page.locator("main")).to_be_visible()
            assert await barriers(page) == []


@with_mbpoll
async def test_every_digit_of_a_frozen_meter_is_the_consoles(town: Town, page: Page) -> None:
    """mbpoll is an independent Modbus master."""
    assert {point.order for point in POINTS} == {Order.ABCD}
    cabinet, meter = town.city.cabinets[0].id, town.city.meters[0].id
    await asyncio.to_thread(switch_fault, town.folder, "on", "sensor_stuck", meter)
    printed, exact = await read_by_mbpoll(town.ports["sim"])
    await switch_language(page, "English")
    await show(page, f"overview/cabinet/{cabinet}")
    shown = await until_async(partial(shown_when, page, exact))
    assert {name: f"{single(text):.6g}" for name, text in shown.items()} == printed
    assert len(shown) == len(POINTS) >= 15
    await asyncio.to_thread(switch_fault, town.folder, "off", "sensor_stuck", meter)


def single(digits: str) -> float:
    """The float32 that is meant: rounding its shortest digits once more may end on the other side of a half."""
    return float(struct.unpack(">f", struct.pack(">f", float(digits)))[0])


async def read_by_mbpoll(port: int) -> tuple[dict[str, str], dict[str, bytes]]:
    """What mbpoll prints of each quantity (`%g`: six digits), and the very bytes of its float32."""
    printed, exact = {}, {}
    for point in POINTS:
        address = point.register_.address
        printed[point.quantity] = await mbpoll.input_register(port, METER_UNIT, address, "3:float")
        exact[point.quantity] = await mbpoll.input_bytes(port, METER_UNIT, address, point.width)
    return printed, exact


async def shown_when(page: Page, exact: dict[str, bytes]) -> dict[str, str] | None:
    """The digits on the page, once each of them is the float32 that the meter holds: a poll may be on its way."""
    rows = page.locator("tr[data-quantity]")
    names = [await row.get_attribute("data-quantity") or "" for row in await rows.all()]
    texts = [
        text.split()[0].replace(",", "").replace("−", "-") for text in await rows.locator("data").all_inner_texts()
    ]
    shown = dict(zip(names, texts, strict=False))
    return shown if {name: struct.pack(">f", float(text)) for name, text in shown.items()} == exact else None
