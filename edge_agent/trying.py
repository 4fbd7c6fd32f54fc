"""One look at one device with a profile, for somebody who stands in front of it."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from edge_agent.bus import Bus, Priority
from edge_agent.links import LinkError
from edge_agent.links.modbus import ModbusTcpLink
from edge_agent.pauses import Pause
from edge_agent.visits import Visited, Visitor
from protocols.clock import ClockSettings, DomainClock
from protocols.modbus.dimming import Whom, written
from protocols.modbus.plan import Member, Place
from protocols.profiles import Profile
from protocols.readings import Quality, Reading
from rules.quality import graded

_PATIENCE_S = 8.0  # for a fade, and a gateway that answers from its memory for a while
_LOOK_EVERY_S = 0.2


class Verdict(StrEnum):
    """What to think of a value."""

    PLAUSIBLE = "plausible"
    NOT_PLAUSIBLE = "not plausible"
    NOT_KNOWN = "not known"  # the device says so
    NOT_READ = "not read"  # the request brought nothing


@dataclass(frozen=True, slots=True)
class Tried:
    """One quantity: the words that stood in its registers, and what they mean."""

    quantity: str
    register: str
    words: Sequence[int]
    value: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Trial:
    """What a look brought. `refused` says what could not be read, and why."""

    tried: Sequence[Tried] = ()
    refused: Sequence[tuple[str, LinkError]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Level:
    """A level (%) to set before the look."""

    light: float
    whom: Whom = None


async def attempt(
    profile: Profile, host: str, port: int, unit: int, *, block: int, timeout_s: float, level: Level | None = None
) -> Trial:
    """Read every point once, after setting a level if one is given. Raises LinkError when nothing can be read at all,
    OutOfReach and OverflowError for a level that cannot be set."""
    member = Member(profile.profile, unit, profile, block)
    now = datetime.now(UTC)
    clock = DomainClock(ClockSettings(origin=now, started=now.timestamp()), time.time)
    bus = Bus(f"{host}:{port}", ModbusTcpLink(host, port, timeout_s, Pause(timeout_s, timeout_s)), [member], clock)
    try:
        if level is not None:
            await _set(bus, member, level)
        visited = await Visitor(bus, member).visit()
    finally:
        bus.close()
    return Trial(list(tried(member, visited)), [(str(request), error) for request, error in visited.refused.items()])


async def _set(bus: Bus, member: Member, level: Level) -> None:
    """Write a level, and wait for a while until this lamp has it; it may not be one of those that were meant."""
    address, words = written(member, level.light, level.whom)
    async with bus.turn(Priority.URGENT) as write:
        await write(member.device, address, words)
    wanted = member.profile.point("programme_level").decode(words)
    ends = time.monotonic() + _PATIENCE_S
    while time.monotonic() < ends:
        visited = await Visitor(bus, member).visit()
        if any(one.quantity == "actual_level" and one.value == wanted for one in tried(member, visited)):
            return
        await asyncio.sleep(_LOOK_EVERY_S)


def tried(member: Member, visited: Visited) -> Iterator[Tried]:
    """Every quantity that the profile says, as far as it could be asked for."""
    readings = visited.plan.decode({block: one.answer for block, one in visited.heard.items()})
    reading = graded(readings[0]) if readings else None
    places = {place.point.quantity: place for place in visited.plan.places.get(member.device, ())}
    for point in member.profile.polled:
        place = places.get(point.quantity)
        if place is not None:
            yield _one(member, place, visited, reading)


def _one(member: Member, place: Place, visited: Visited, reading: Reading | None) -> Tried:
    point, block = place.point, place.block
    register = f"{block.space}/0x{member.address(point):04X}"
    if reading is None or point.quantity not in reading.values:
        return Tried(point.quantity, register, (), None, Verdict.NOT_READ)
    words = visited.heard[block].answer.words[place.offset : place.offset + point.width]
    return Tried(point.quantity, register, words, reading.values[point.quantity], _verdict(reading, point.quantity))


def _verdict(reading: Reading, quantity: str) -> Verdict:
    if reading.values[quantity] is None:
        return Verdict.NOT_KNOWN
    return Verdict.PLAUSIBLE if reading.flag(quantity) is Quality.GOOD else Verdict.NOT_PLAUSIBLE
