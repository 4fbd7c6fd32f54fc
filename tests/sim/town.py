"""A simulated town for a test: a clock that the test turns, real sockets, and pymodbus as the edge."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pymodbus.client import AsyncModbusTcpClient

from firmware_sim import city, main
from firmware_sim.city import CitySpec
from firmware_sim.expansion import Expanded, expand
from firmware_sim.main import Ports
from protocols.clock import ClockSettings, DomainClock
from protocols.modbus.registers import Space
from protocols.profiles import Profile, library

LAMPS = 12
EVENING = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
METER, SEGMENT_A, SEGMENT_B = 1, 11, 12  # unit ids
LAMP_PROFILE = library()["haidang-segment-controller"]


@cache
def small_spec() -> CitySpec:
    """Ha Long with the districts round its centre only, which is quicker to lay."""
    spec = city.load_city(Path(str(city.CITIES / "halong.yaml")))
    return spec.model_copy(update={"districts": spec.districts[:3]})


@cache
def small_city() -> Expanded:
    return expand(small_spec(), LAMPS)


@dataclass(slots=True)
class Time:
    """A wall clock that stands still until a test moves it."""

    wall: float = 0.0
    speed: float = 1.0

    def clock(self) -> DomainClock:
        return DomainClock(ClockSettings(origin=EVENING, started=0.0, speed=self.speed), lambda: self.wall)

    def now(self) -> float:
        return self.clock().now().timestamp()


@dataclass(slots=True)
class Town:
    """A running simulator."""

    data: Path
    time: Time
    ports: Ports
    clients: list[AsyncModbusTcpClient] = field(default_factory=list)

    async def edge(self, bus: str = "HL-TC001") -> AsyncModbusTcpClient:
        """A Modbus master on a bus."""
        client = AsyncModbusTcpClient("127.0.0.1", port=self.ports.lines[bus], timeout=2, retries=0)
        assert await client.connect()
        self.clients.append(client)
        return client


@contextlib.asynccontextmanager
async def running(data: Path, time: Time, read_log: Path | None = None) -> AsyncIterator[Town]:
    """The small city, played."""
    ready: asyncio.Future[Ports] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(
        main.run(
            small_spec(),
            data,
            time.clock(),
            lamps=LAMPS,
            read_log=read_log,
            on_ready=ready.set_result,
            base_port=0,
            camera_port=0,
            mail_port=0,
        )
    )
    try:
        waited: set[asyncio.Future[Any]] = {ready, task}
        await asyncio.wait(waited, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        town = Town(data, time, ready.result())
        yield town
        for client in town.clients:
            client.close()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def read_device(
    client: AsyncModbusTcpClient, unit: int, profile: Profile, block: int = 0
) -> dict[str, float | None]:
    """Every measured point of a device, each read on its own and decoded by the profile."""
    found: dict[str, float | None] = {}
    for point in profile.polled:
        read = client.read_input_registers
        if point.register_.space is Space.HOLDING:
            read = client.read_holding_registers
        address = point.register_.address + block * (profile.block or 0)
        answer = await read(address, count=point.width, device_id=unit)
        assert not answer.isError(), answer
        found[point.quantity] = point.decode(list(answer.registers))
    return found
