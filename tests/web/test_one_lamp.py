"""An operator dims a lamp, and believes it only when the lamp itself has said so."""

import asyncio
from functools import partial

import pytest
from playwright.async_api import Browser, Page, expect

from firmware_sim.control import switch_fault
from tests.system import mbpoll
from tests.system.api import logged_in, when_all_have_reported
from tests.system.conftest import MakeTown
from tests.waiting import until_async
from tests.web.conftest import console

pytestmark = [pytest.mark.system, pytest.mark.browser]


@pytest.mark.skipif(not mbpoll.THERE, reason=mbpoll.MISSING)
async def test_a_dimmed_lamp_is_confirmed_by_its_actual_level(make_town: MakeTown, browser: Browser) -> None:
    town = make_town()
    await town.start_all()
    lamp = town.city.luminaires[0]
    async with logged_in(town) as client:
        await when_all_have_reported(client)
        before = (await client.get(f"/api/v1/luminaires/{lamp.id}")).json()["latest"]["values"]["active_power"]
        async with console(browser, town) as page:
            await page.evaluate(f"location.hash = '#/overview/lamp/{lamp.id}'")
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


async def actual_level(port: int, segment: str) -> float:
    """What the simulated controller answers for its first lamp, read past the edge and the cloud: steps of 0.5 %."""
    unit = {"A": 11, "B": 12, "C": 13}[segment[-1]]
    return int(await mbpoll.input_register(port, unit, 4)) / 2


async def test_a_lamp_that_does_not_answer_is_told_in_the_reader_s_language(
    make_town: MakeTown, browser: Browser
) -> None:
    town = make_town()
    await town.start_all()
    lamp = town.city.luminaires[1]
    async with logged_in(town) as client:
        await when_all_have_reported(client)
    await asyncio.to_thread(switch_fault, town.folder, "on", "comm_loss", lamp.id)
    async with console(browser, town) as page:
        await page.evaluate(f"location.hash = '#/overview/lamp/{lamp.id}'")
        await page.locator("input[name=level]").fill("40")
        await page.locator(".control button[type=submit]").click()
        await expect(page.locator(".command-failure")).to_contain_text("Đèn không trả lời", timeout=30_000)
        await expect(page.locator("section.command")).to_have_attribute("data-state", "failed")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator(".command-failure")).to_contain_text("The lamp does not answer")
        await page.evaluate("location.hash = '#/audit'")
        await expect(page.locator("tbody tr").first).to_contain_text("Set 40 % until")
        await expect(page.locator("tbody tr").first).to_contain_text(lamp.id)


async def test_every_lamp_is_on_the_map_and_none_is_unknown(make_town: MakeTown, browser: Browser) -> None:
    town = make_town()
    await town.start_all()
    async with logged_in(town) as client:
        await when_all_have_reported(client)
    async with console(browser, town) as page:
        counts = await until_async(partial(drawn, page), every_s=0.2)
    assert sum(counts.values()) == counts["on"] == len(town.city.luminaires)


async def drawn(page: Page) -> dict[str, int] | None:
    """How many lamps the map draws in each state, once none is unknown."""
    counts: dict[str, int] | None = await page.evaluate(
        "() => window.__haidang?.mapReady() ? window.__haidang.counts() : null"
    )
    return counts if counts and not counts["unknown"] else None
