"""A frozen SDM630 read by mbpoll, an independent Modbus master: every digit equals the console's."""

import asyncio
import re
import shutil

import pytest

from firmware_sim.control import switch_fault
from protocols.modbus.registers import Order
from protocols.profiles import Point, library
from tests.system.api import logged_in, when_all_have_reported
from tests.system.conftest import MakeTown
from tests.waiting import until_async

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not shutil.which("mbpoll"), reason="mbpoll is not on this machine: apt install mbpoll"),
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
        read = {point.quantity: await mbpoll(town.ports["sim"], point.register_.address) for point in sdm630_points()}
    assert {quantity: f"{value:.6g}" for quantity, value in shown.items()} == read
    assert len(read) >= 15


def sdm630_points() -> list[Point]:
    points = library()["eastron-sdm630"].polled
    assert all(point.order is Order.ABCD for point in points)
    return list(points)


async def mbpoll(port: int, address: int) -> str:
    """One float32 from input registers, as mbpoll prints it (`%g`: six digits)."""
    command = ["mbpoll", "-m", "tcp", "-p", str(port), "-a", "1", "-0", "-r", str(address), "-t", "3:float", "-B", "-1"]
    process = await asyncio.create_subprocess_exec(*command, "127.0.0.1", stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    match = re.search(rf"^\[{address}\]:\s+(\S+)", output.decode(), re.MULTILINE)
    assert match, output.decode()
    return match[1]
