"""One simulated cabinet on a real port: its meter, its lamps, and the faults that a test switches."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from edge_agent.bus import Bus
from edge_agent.links.modbus import ModbusTcpLink
from edge_agent.pauses import Pause
from firmware_sim.city import CITIES, load_city
from firmware_sim.expansion import Expanded, expand
from firmware_sim.luminaire import Luminaire
from firmware_sim.modbus_server import listening
from firmware_sim.switchboard import Switchboard
from firmware_sim.world import World, build
from protocols import profiles
from protocols.clock import DomainClock
from protocols.modbus.plan import Member

LAMPS = 6
_TIMEOUT_S = 1.0  # only who is silent on purpose is waited for


@cache
def city() -> Expanded:
    """The six lamps nearest to the centre of the demo city."""
    spec = load_city(Path(str(CITIES / "halong.yaml")))
    expanded = expand(spec.model_copy(update={"districts": spec.districts[:1]}), LAMPS)
    assert len(expanded.city.cabinets) == 1
    return expanded


class Street:
    """A cabinet as a test sees it: from outside, and from the side of the simulator."""

    def __init__(self, world: World, folder: Path, port: int, clock: DomainClock) -> None:
        self.world = world
        self.port = port
        self.faults = Switchboard(world, folder / "faults.json")
        self.config = city().buses[0]
        self.lamps = [lamp.id for lamp in city().city.luminaires]
        members = [
            Member(device.id, device.unit, profiles.library()[device.profile], device.block or 0)
            for device in self.config.devices
        ]
        self.bus = Bus(
            self.config.id,
            ModbusTcpLink("127.0.0.1", port, timeout=_TIMEOUT_S, pause=Pause(0.01, 0.01)),
            members,
            clock,
        )

    def lamp(self, device: str) -> Luminaire:
        """The simulated luminaire, as it is now."""
        lamp = self.world.nodes[device].lamp
        lamp.advance(self.world.now())
        return lamp

    def level(self, device: str) -> float:
        return self.lamp(device).state.level


@asynccontextmanager
async def street(folder: Path, clock: DomainClock) -> AsyncIterator[Street]:
    """A running cabinet."""
    world = build(city(), lambda: clock.now().timestamp())
    async with listening(world.lines[city().buses[0].id], "127.0.0.1", 0) as port:
        found = Street(world, folder, port, clock)
        try:
            yield found
        finally:
            found.bus.close()
