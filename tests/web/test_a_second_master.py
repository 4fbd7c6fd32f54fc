"""A frozen SDM630 read by mbpoll, an independent Modbus master: every digit that it prints is the console's."""

import asyncio
import struct
from functools import partial

import pytest
from playwright.async_api import Browser, Page

from firmware_sim.control import switch_fault
from protocols.modbus.registers import Order
from protocols.profiles import library
from tests.system import mbpoll
from tests.system.api import logged_in, when_all_have_reported
from tests.system.conftest import MakeTown
from tests.waiting import until_async
from tests.web.conftest import console

pytestmark = [
    pytest.mark.system,
    pytest.mark.browser,
    pytest.mark.skipif(not mbpoll.THERE, reason=mbpoll.MISSING),
]

POINTS = library()["eastron-sdm630"].polled
METER_UNIT = 1


async def test_every_digit_of_a_frozen_meter_is_the_consoles(make_town: MakeTown, browser: Browser) -> None:
    assert {point.order for point in POINTS} == {Order.ABCD}
    town = make_town()
    await town.start_all()
    cabinet, meter = town.city.cabinets[0].id, town.city.meters[0].id
    async with logged_in(town) as client:
        await when_all_have_reported(client)
    await asyncio.to_thread(switch_fault, town.folder, "on", "sensor_stuck", meter)
    printed, exact = await read_by_mbpoll(town.ports["sim"])
    async with console(browser, town) as page:
        await page.get_by_role("button", name="English").click()
        await page.evaluate(f"location.hash = '#/overview/cabinet/{cabinet}'")
        shown = await until_async(partial(shown_when, page, exact))
    assert {name: f"{single(text):.6g}" for name, text in shown.items()} == printed
    assert len(shown) == len(POINTS) >= 15


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
