"""On a line at its true speed our master keeps the silences that the standard asks for, and an independent one agrees
with our slaves."""

import asyncio
import re
from datetime import timedelta

import pytest

from edge_agent.bus import Bus
from edge_agent.links import NoAnswer
from edge_agent.links.modbus import ModbusLink
from edge_agent.links.ports import SerialPort
from edge_agent.pauses import Pause
from edge_agent.poller import Poller
from firmware_sim import device
from firmware_sim.modbus_server import Line
from firmware_sim.rtu_server import on_serial
from protocols.modbus.plan import Block, Member
from protocols.modbus.registers import Space
from protocols.modbus.rtu import READ_INPUT
from protocols.profiles import library
from tests.edge.clocks import NOON, SetClock
from tests.edge.lines import register
from tests.edge.paced import paced
from tests.edge.test_poller import Taken
from tests.system import mbpoll

METER = library()["eastron-sdm630"]


def link_to(port: str, baud: int, gap: float = 0.0) -> ModbusLink:
    return ModbusLink(SerialPort(port, baud, stop_bits=2), 5.0, Pause(0.01, 0.01), gap=gap)


@pytest.mark.parametrize("baud", [9_600, 19_200, 115_200])
async def test_every_question_keeps_its_silence_and_gets_its_answer(baud: int) -> None:
    """The slave on this line does not hear what comes too soon after its answer."""
    async with paced(baud) as found:
        link = link_to(found.master, baud)
        for n in range(12):
            unit, count = 1 + n % 3, 1 + n
            words = await link.read(Block(unit, Space.INPUT, n, count))
            assert words == [register(unit, READ_INPUT, n + k) for k in range(count)]
        await link.write(2, 26, [1, 2, 3])
        link.close()
        assert await found.seen() == {"answered": 13, "too_soon": 0, "broken": 0}


async def test_a_time_out_does_not_count_the_time_that_bytes_need() -> None:
    """At 1,200 baud an answer of 100 registers is on the line for two seconds."""
    async with paced(1_200) as found:
        link = ModbusLink(SerialPort(found.master, 1_200, stop_bits=2), 1.5, Pause(0.01, 0.01))
        assert len(await link.read(Block(1, Space.INPUT, 0, 100))) == 100
        link.close()


async def test_a_bus_on_a_serial_line_is_polled_like_any_other() -> None:
    clock, taken = SetClock(NOON), Taken()
    now = clock.clock.now().timestamp()
    simulated = Line("line", {n: device.unit(METER, now) for n in (1, 2)}, lambda: now)
    async with paced(115_200, join=True) as found, on_serial(simulated, found.slave, 115_200):
        link = link_to(found.master, 115_200)
        bus = Bus("line", link, [Member(f"M{n}", n, METER) for n in (1, 2)], clock.clock, baud=115_200)
        await Poller(bus, timedelta(seconds=10), timedelta(seconds=5), clock.clock, taken).round()
        link.close()
    readings = {reading.device: reading for reading in taken.rounds[0]}
    assert readings.keys() == {"M1", "M2"}
    assert all(220 < (reading.values["voltage_l1"] or 0) < 240 for reading in readings.values())


async def test_a_unit_that_is_not_there_is_silence() -> None:
    clock = SetClock(NOON)
    now = clock.clock.now().timestamp()
    async with (
        paced(115_200, join=True) as found,
        on_serial(Line("line", {1: device.unit(METER, now)}, lambda: now), found.slave, 115_200),
    ):
        link = link_to(found.master, 115_200)
        with pytest.raises(NoAnswer):
            await link.read(Block(9, Space.INPUT, 0, 2), patience_s=0.1)
        link.close()


@pytest.mark.skipif(not mbpoll.THERE, reason=mbpoll.MISSING)
async def test_mbpoll_reads_our_slave_over_the_line_as_we_do() -> None:
    clock = SetClock(NOON)
    now = clock.clock.now().timestamp()
    simulated = Line("line", {1: device.unit(METER, now)}, lambda: now)
    async with paced(9_600, join=True) as found, on_serial(simulated, found.slave, 9_600):
        told = await _mbpoll(found.master, 9_600, unit=1, count=6)
        link = link_to(found.master, 9_600)
        assert await link.read(Block(1, Space.INPUT, 0, 6)) == told
        link.close()


async def _mbpoll(port: str, baud: int, unit: int, count: int) -> list[int]:
    """What it prints for the input registers from 0."""
    line = ["-m", "rtu", "-b", str(baud), "-P", "none", "-s", "2", "-o", "5"]
    place = ["-a", str(unit), "-0", "-r", "0", "-c", str(count), "-t", "3:hex", "-1"]
    process = await asyncio.create_subprocess_exec("mbpoll", *line, *place, port, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    values = re.findall(r"^\[\d+\]:\s+0x(\w+)", output.decode(), re.MULTILINE)
    assert len(values) == count, output.decode()
    return [int(value, 16) for value in values]
