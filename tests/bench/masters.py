"""Whoever reads the slaves, in a process of its own.

`python -m tests.bench.masters edge CONFIG EVERY_S [uvloop]`: our edge. With a round every 100 ms the city's clock runs
ten times as fast, because a device has one reading for each of its seconds.
`python -m tests.bench.masters loop MODBUS_PORT MQTT_PORT USER PASSWORD_FILE EVERY_S`: what one writes with pymodbus in
an afternoon: one read of each slave, one message for each. 0 s is as fast as it goes.
"""

import asyncio
import socket
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import orjson
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from edge_agent import main as edge
from edge_agent.config import load_config
from protocols import profiles, topics
from protocols.clock import ClockSettings, DomainClock
from protocols.topics import Leaf
from tests.bench.slaves import UNITS
from tests.edge.clouds import EDGE, SITE

_TWENTY = Path(__file__).with_name("twenty.yaml")


async def run_edge(config_file: Path, every_s: float) -> None:
    """Until killed."""
    config = load_config(config_file)
    buses = tuple(bus.model_copy(update={"poll_every": timedelta(seconds=every_s)}) for bus in config.buses)
    now = datetime.now(UTC)
    clock = DomainClock(ClockSettings(origin=now, started=now.timestamp(), speed=max(1.0, 1 / every_s)), time.time)
    await edge.run(config.model_copy(update={"buses": buses}), clock)


async def run_loop(modbus_port: int, mqtt_port: int, user: str, password: str, every_s: float) -> None:
    """Until killed."""
    link = AsyncModbusTcpClient("127.0.0.1", port=modbus_port, timeout=1, retries=0)
    await link.connect()
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    async with aiomqtt.Client(
        "127.0.0.1", mqtt_port, identifier=user, username=user, password=password, socket_options=options
    ) as client:
        due = time.monotonic()
        while True:
            for unit in range(1, UNITS + 1):
                try:
                    reply = await link.read_input_registers(0, count=20, device_id=unit)
                except ModbusException:
                    await link.connect()  # it gives a connection up after some silences
                    continue
                said = {"device": unit, "at": time.time(), "values": reply.registers}
                await client.publish(topics.topic(SITE, EDGE, Leaf.STATE), orjson.dumps(said), qos=1)
            due = max(due + every_s, time.monotonic() - every_s)
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def main(arguments: list[str]) -> None:
    who, *rest = arguments
    if who == "loop":
        asyncio.run(run_loop(int(rest[0]), int(rest[1]), rest[2], Path(rest[3]).read_text().strip(), float(rest[4])))
        return
    twenty = profiles.parse_profile(_TWENTY.read_bytes(), _TWENTY.name)
    known = profiles.library()
    assert isinstance(known, dict)
    known[twenty.profile] = twenty  # the library is closed; a benchmark may be on the guest list
    if rest[2:] == ["uvloop"]:
        import uvloop

        uvloop.run(run_edge(Path(rest[0]), float(rest[1])))
    else:
        asyncio.run(run_edge(Path(rest[0]), float(rest[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
