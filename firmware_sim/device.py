"""One device of any make on a port of its own: for those who try a profile without having the device."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from firmware_sim.controller import Node, SegmentController
from firmware_sim.feeder import Meter, MeterState
from firmware_sim.gateway import DaliGateway
from firmware_sim.image import Layout
from firmware_sim.luminaire import LampState, Luminaire, PowerCurve, Segment
from firmware_sim.modbus_server import Line, listening
from firmware_sim.noise import noise, seed_of
from firmware_sim.probes import Steady, instrument
from firmware_sim.rtu_server import on_serial, on_socket
from firmware_sim.sky import Sky
from firmware_sim.stations import values_of
from firmware_sim.units import Unit
from protocols.inventory import LuminaireType, Place
from protocols.modbus.registers import Space
from protocols.profiles import Profile

HALONG = Place(longitude=107.0715, latitude=20.9575)
LAMPS = 12
GROUPS = {0: range(0, LAMPS, 2), 1: range(1, LAMPS, 2)}  # the lamps of each side of a street
_TYPE = LuminaireType(
    id="LED-100", rated_power_w=100, expected_power=((0.5, 4.0), (25, 28.0), (50, 52.0), (75, 76.0), (100, 100.0))
)


def unit(profile: Profile, now: float, steady: Steady = time.monotonic) -> Unit:
    """A device by its profile, in Ha Long, as it is at a moment. Raises ValueError for a kind that nobody plays."""
    seed = seed_of(profile.profile)
    if profile.kind == "luminaire":
        return _lamps(profile, now)
    if profile.kind == "meter":
        return instrument(profile, Meter(seed, [_segment(now, 4) for _ in range(3)], MeterState(now)).values, steady)
    if profile.kind not in ("air_station", "water_station"):
        raise ValueError(f"{profile.profile} is of kind {profile.kind}; meters, stations and luminaires are played")
    return instrument(profile, partial(values_of(profile.kind), Sky(HALONG), seed), steady)


async def play(
    profile: Profile, number: int, host: str, port: int, ready: Callable[[str], None], *, rtu: bool = False
) -> None:
    """Answer as one device under a unit number until cancelled: Modbus TCP, or RTU over TCP. Raises ValueError,
    OSError."""
    line = Line(profile.profile, {number: unit(profile, time.time())}, time.time)
    async with (on_socket if rtu else listening)(line, host, port) as taken:
        ready(f"{host}:{taken}")
        await asyncio.get_running_loop().create_future()


async def play_serial(profile: Profile, number: int, port: str, baudrate: int, ready: Callable[[str], None]) -> None:
    """The same on a serial port or a pty."""
    line = Line(profile.profile, {number: unit(profile, time.time())}, time.time)
    async with on_serial(line, port, baudrate):
        ready(port)
        await asyncio.get_running_loop().create_future()


def _lamps(profile: Profile, now: float) -> Unit:
    segment = _segment(now, LAMPS)
    if profile.blocks is not None:
        return DaliGateway(profile, segment, segment.lamps, GROUPS)
    layout = Layout(profile, Space.INPUT, fill=0xFFFF)
    return SegmentController(profile, segment, _nodes(segment.lamps, layout))


def _nodes(lamps: Sequence[Luminaire], layout: Layout) -> list[Node]:
    return [Node(lamp, layout, lambda second: 230 + noise(1, second)) for lamp in lamps]


def _segment(now: float, lamps: int) -> Segment:
    segment = Segment(Sky(HALONG), now)
    for n in range(lamps):
        state = LampState(now, programme=100.0, level=100.0)
        segment.lamps.append(Luminaire(f"LAMP-{n:02d}", PowerCurve(_TYPE), segment, state, seed=n))
    return segment
