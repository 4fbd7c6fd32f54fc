"""A frozen SDM630 read by mbpoll, an independent Modbus master: every digit equals the console's."""

import asyncio

import pytest

from firmware_sim.control import switch_fault
from protocols.modbus.registers import Order
from protocols.profiles import Point, library
from tests.system import mbpoll
from tests.system.api import logged_in, when_all_have_reported
from tests.system.conftest import MakeTown
from tests.waiting import until_async

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not mbpoll.THERE, reason=mbpoll.MISSING),
]


async def test_every_digit_of_a_frozen_meter_is_the_consoles(make_town: MakeTown) -> None:
    town = make_town()
    await town.start_all()
    meter = town.city.meters[0]
    async with logged_in(town) as client:
        await when_all_have_reported(client)
        await asyncio.to_thread(switch_fault, town.folder, "on", "sensor_stuck", meter.id)
        frozen_at = (await client.get("/api/v1/overview")).json()["at"]

        async def fresh() -> dict[str, float | None] | None:
            latest = (await client.get(f"/api/v1/devices/{meter.id}/latest")).json()
            return latest["values"] if latest["at"] and latest["at"] > frozen_at else None

        shown = await until_async(fresh, every_s=0.2)
        read = {
            point.quantity: await mbpoll.input_register(town.ports["sim"], 1, point.register_.address, "3:float")
            for point in sdm630_points()
        }
    assert {quantity: f"{value:.6g}" for quantity, value in shown.items()} == read
    assert len(read) >= 15


def sdm630_points() -> list[Point]:
    points = library()["eastron-sdm630"].polled
    assert all(point.order is Order.ABCD for point in points)
    return list(points)
