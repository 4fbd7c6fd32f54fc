"""One simulated device of any make on a real port, and our own link to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from edge_agent.bus import Bus
from edge_agent.links.modbus import ModbusTcpLink
from edge_agent.pauses import Pause
from firmware_sim import device
from firmware_sim.modbus_server import Line, listening
from firmware_sim.units import Unit
from protocols.clock import DomainClock
from protocols.modbus.plan import Member
from protocols.profiles import Profile

UNIT = 7
SHORT = timedelta(milliseconds=50)


def quick(profile: Profile) -> Profile:
    """The same device in a hurry: a test does not wait 40 s for a brush."""
    return profile.model_copy(update={"wait": min(profile.wait, SHORT)})


class Played:
    """Units on one port, and the bus that leads to them."""

    def __init__(self, units: dict[int, Unit], port: int, bus: Bus) -> None:
        self.units = units
        self.port = port
        self.bus = bus

    @property
    def unit(self) -> Unit:
        return self.units[UNIT]


@asynccontextmanager
async def played(clock: DomainClock, *profiles: Profile, blocks: int = 1) -> AsyncIterator[Played]:
    """Devices as units from UNIT on; of one that repeats itself, so many blocks are members."""
    now = clock.now().timestamp()
    units = {UNIT + n: device.unit(profile, now) for n, profile in enumerate(profiles)}
    members = [
        Member(f"{profile.profile}-{block}", UNIT + n, profile, block)
        for n, profile in enumerate(profiles)
        for block in range(blocks if profile.block else 1)
    ]
    line = Line("played", units, lambda: clock.now().timestamp())
    async with listening(line, "127.0.0.1", 0) as port:
        bus = Bus("played", ModbusTcpLink("127.0.0.1", port, timeout=2.0, pause=Pause(0.01, 0.01)), members, clock)
        try:
            yield Played(units, port, bus)
        finally:
            bus.close()
