"""The simulator role: every cabinet a Modbus server, cameras, mail, and the door for switching faults."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from firmware_sim import camera, control, keeping
from firmware_sim.camera import Camera
from firmware_sim.city import CitySpec
from firmware_sim.expansion import Expanded, expand
from firmware_sim.files import write_whole
from firmware_sim.luminaire import SILENCE_S
from firmware_sim.modbus_server import listening
from firmware_sim.mqtt_kinds import MAKES
from firmware_sim.mqtt_player import Broker, OnReport, Player, play
from firmware_sim.post_office import post_office
from firmware_sim.read_log import ReadLog
from firmware_sim.sky import Sky
from firmware_sim.switchboard import Switchboard
from firmware_sim.world import World, build
from protocols import topics
from protocols.clock import DomainClock

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PASSWORDS = "devices"  # a folder with one file for each account
STATE, FAULTS, MAIL = "sim-state.json", "faults.json", "mail"
SAVE_EVERY_S = 5.0  # wall time
_LEAST_SILENCE_WALL_S = 60.0  # a city that runs fast must not take a poll that comes in wall time for a silence


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the simulator answers; `lines` is by bus."""

    lines: Mapping[str, int]
    camera: int
    mail: int | None


async def run(
    spec: CitySpec,
    data: Path,
    clock: DomainClock,
    *,
    lamps: int | None = None,
    read_log: Path | None = None,
    base_port: int | None = None,
    camera_port: int | None = None,
    mail_port: int | None = None,
    broker: tuple[str, int] | None = None,
    on_ready: Callable[[Ports], None] | None = None,
) -> None:
    """Play the city until cancelled. A port of 0 is any free one. Raises ConfigError, OSError."""
    asked = {"base_port": base_port, "camera_port": camera_port}
    spec = spec.model_copy(update={name: port for name, port in asked.items() if port is not None})
    expanded = await asyncio.to_thread(expand, spec, lamps)
    await asyncio.to_thread(data.mkdir, parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        written = stack.enter_context(ReadLog(read_log)) if read_log else None
        silence = max(SILENCE_S, _LEAST_SILENCE_WALL_S * clock.settings.speed)
        world = build(
            expanded, lambda: clock.now().timestamp(), silence=silence, on_read=written.on_read if written else None
        )
        switchboard = _as_it_was(world, data, clock)
        await stack.enter_async_context(control.serve(data, switchboard))
        stack.callback(lambda: write_whole(data / STATE, keeping.dump(world, clean=True)))
        ports = await _open(stack, expanded, world, data, clock, mail_port)
        players = _players(expanded, world, data, broker, written.on_report if written else None)
        log.info("%s", _ready(expanded, ports))
        if on_ready is not None:
            on_ready(ports)
        async with asyncio.TaskGroup() as group:
            group.create_task(play(players))
            await _keep_saving(world, data / STATE)


def _as_it_was(world: World, data: Path, clock: DomainClock) -> Switchboard:
    """The faults and counters of the last run. Faults first: what is without voltage burns nothing meanwhile."""
    switchboard = Switchboard(world, data / FAULTS)
    saved = keeping.load(data / STATE)
    if saved is not None:
        keeping.restore(world, saved, 2 * SAVE_EVERY_S * clock.settings.speed)
    return switchboard


async def _open(
    stack: contextlib.AsyncExitStack,
    expanded: Expanded,
    world: World,
    data: Path,
    clock: DomainClock,
    mail_port: int | None,
) -> Ports:
    """Listen on every port. What is opened here is closed before the last save."""
    spec = expanded.spec
    lines = {
        bus.id: await stack.enter_async_context(
            listening(world.lines[bus.id], HOST, spec.base_port + bus.port_offset if spec.base_port else 0)
        )
        for bus in expanded.buses
    }
    sky = Sky(spec.centre)
    cameras = [Camera(c.id, sky, spec.timezone, world.now, clock.wall) for c in spec.cameras]
    camera_port = await stack.enter_async_context(camera.serve(cameras, spec.camera_port))
    mail = None if mail_port is None else await stack.enter_async_context(post_office(data / MAIL, mail_port))
    return Ports(lines, camera_port, mail)


def _players(
    expanded: Expanded, world: World, data: Path, broker: tuple[str, int] | None, on_report: OnReport | None
) -> list[Player]:
    """The devices that speak MQTT, where there is a broker for them. Raises OSError when one has no password."""
    if broker is None:
        return []
    zone, site = ZoneInfo(expanded.spec.timezone), expanded.spec.site
    players: list[Player] = []
    for bus in expanded.mqtt:
        there = Broker(*broker, topics.devices(site, bus.edge), data / PASSWORDS)
        for profile, gateway in sorted({(d.profile, d.gateway or "") for d in bus.devices}):
            nodes = {d.id: world.nodes[d.id] for d in bus.devices if (d.profile, d.gateway or "") == (profile, gateway)}
            kinds = MAKES[profile](gateway, nodes, zone)
            players += [Player(kind, there, world.now, on_report) for kind in kinds]
    return players


def _ready(expanded: Expanded, ports: Ports) -> str:
    city, taken = expanded.city, sorted(ports.lines.values())
    counts = f"{len(city.luminaires)} lamps, {len(city.cabinets)} cabinets"
    return f"simulator ready: {counts} on ports {taken[0]} to {taken[-1]}"


async def _keep_saving(world: World, file: Path) -> None:
    while True:
        await asyncio.sleep(SAVE_EVERY_S)
        writing = asyncio.ensure_future(asyncio.to_thread(write_whole, file, keeping.dump(world, clean=False)))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing  # or it would end after the last save and undo it
            raise
