"""How much of a serial line's time an edge uses: 32 slaves of 20 registers on a pseudo-terminal on which bytes travel
at the baud rate, polled round after round.

The theory is 8 + 45 characters of eleven bits, the two silences of 3.5 characters (1.75 ms above 19,200 baud) and 5 ms
that the slave takes. The least disturbed round counts, because the line is played by another process of this machine;
the median of the rounds is told beside it. The peer is pymodbus' own serial client in a loop: it keeps no silence, and
a slave does not hear what comes too soon.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from pymodbus.client import AsyncModbusSerialClient
from pymodbus.exceptions import ModbusException

from edge_agent.bus import Bus
from edge_agent.links.modbus import ModbusLink
from edge_agent.links.ports import SerialPort
from edge_agent.pauses import Pause
from edge_agent.poller import Poller
from protocols import profiles
from protocols.clock import ClockSettings, DomainClock
from protocols.modbus.plan import Member
from protocols.modbus.rtu import Pace
from protocols.readings import Reading
from tests.bench.report import Figure
from tests.edge.paced import paced
from tests.paced_line import TURN_ROUND_S

_SLAVES, _REGISTERS = 32, 20
_ROUNDS = {9_600: 3, 115_200: 12}
_TWENTY = Path(__file__).with_name("twenty.yaml")

Round = Callable[[], Awaitable[int]]  # gives how many answers it brought


def run() -> Iterator[Figure]:
    """Both ends of what is usual."""
    for baud, rounds in _ROUNDS.items():
        ours = asyncio.run(_ours(baud, rounds))
        peer = asyncio.run(_peer(baud, max(1, rounds // 4)))
        name = f"pymodbus_loop_{baud}_baud_share"
        yield Figure(f"ours_{baud}_baud_share", max(ours), "of_theory", name, max(ours) / max(*peer, 1e-3))
        yield Figure(f"ours_{baud}_baud_median_share", median(ours), "of_theory")
        yield Figure(name, max(peer), "of_theory")


def _theory_s(baud: int) -> float:
    """One question and its answer."""
    pace = Pace(baud)
    return pace.takes_s(8 + 5 + 2 * _REGISTERS) + 2 * pace.silence_s + TURN_ROUND_S


async def _shares(baud: int, rounds: int, once: Round) -> list[float]:
    await once()  # opens the port
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        answers = await once()
        found.append(answers * _theory_s(baud) / (time.perf_counter() - began))
    return found


async def _ours(baud: int, rounds: int) -> list[float]:
    twenty = profiles.parse_profile(_TWENTY.read_bytes(), _TWENTY.name)
    now = datetime.now(UTC)
    clock = DomainClock(ClockSettings(origin=now, started=now.timestamp()), time.time)
    taken: list[Reading] = []

    async def take(readings: object) -> None:
        assert isinstance(readings, list)
        taken.extend(readings)

    async with paced(baud) as line:
        link = ModbusLink(SerialPort(line.master, baud, stop_bits=2), 1.0, Pause(0.1, 0.1))
        members = [Member(f"D{n:03d}", n, twenty) for n in range(1, _SLAVES + 1)]
        bus = Bus("line", link, members, clock, baud=baud)
        poller = Poller(bus, timedelta(seconds=10), timedelta(seconds=1), clock, take)

        async def once() -> int:
            taken.clear()
            await poller.round()
            return len(taken)

        try:
            return await _shares(baud, rounds, once)
        finally:
            bus.close()


async def _peer(baud: int, rounds: int) -> list[float]:
    async with paced(baud) as line:
        client = AsyncModbusSerialClient(line.master, baudrate=baud, stopbits=2, timeout=0.3, retries=0)
        await client.connect()

        async def once() -> int:
            answers = 0
            for unit in range(1, _SLAVES + 1):
                try:
                    await client.read_input_registers(0, count=_REGISTERS, device_id=unit)
                except ModbusException:
                    continue
                answers += 1
            return answers

        try:
            return await _shares(baud, rounds, once)
        finally:
            client.close()
