"""What the simulated luminaires give, read past the edge and the cloud."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import closing

from edge_agent.config import Device, TcpBus, load_config
from edge_agent.links.modbus import ModbusTcpLink
from edge_agent.pauses import Pause
from protocols.modbus.plan import Answer, plan
from tests.system.town import Town

_TIMEOUT_S = 20.0
_OUR_SECOND = 0  # when it was read is not asked for


async def levels(town: Town, lamps: Collection[str]) -> Mapping[str, float | None]:
    """The actual level (%) of each luminaire that hangs on a controller, bus by bus and side by side."""
    buses = [bus for edge in town.edges for bus in load_config(town.folder / "edges" / f"{edge}.yaml").modbus]
    found = await asyncio.gather(*(_of(bus, lamps) for bus in buses if isinstance(bus, TcpBus)))
    return {lamp: level for some in found for lamp, level in some.items()}


async def _of(bus: TcpBus, lamps: Collection[str]) -> Mapping[str, float | None]:
    asked = plan([device.member() for device in _chosen(bus, lamps)])
    with closing(ModbusTcpLink(bus.host, bus.port, _TIMEOUT_S, Pause(0.1, 1.0))) as link:
        heard = {block: Answer(await link.read(block), _OUR_SECOND) for block in asked.blocks}
    return {reading.device: reading.values.get("actual_level") for reading in asked.decode(heard)}


def _chosen(bus: TcpBus, lamps: Collection[str]) -> list[Device]:
    return [device for device in bus.devices if device.id in lamps]
