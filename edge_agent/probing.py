"""What answers on a bus, and which profiles fit: for somebody who stands before a cabinet without its papers.

Every unit is asked for a register; one that answers, be it with a refusal, is read with every profile of the library.
Nothing is written, and no device is started, unless that was allowed.
"""

import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from edge_agent.bus import Bus
from edge_agent.links import WRITE_SEVERAL, LineCounts, Link, LinkError, NoAnswer, Unreachable
from edge_agent.links.modbus import ModbusLink
from edge_agent.links.ports import Port
from edge_agent.pauses import Pause
from edge_agent.trying import Tried, Verdict, tried
from edge_agent.visits import Visitor
from protocols.clock import ClockSettings, DomainClock
from protocols.modbus import registers
from protocols.modbus.plan import Block, Member
from protocols.modbus.registers import Space
from protocols.profiles import Point, Profile
from protocols.quantities import QUANTITIES

_MOST_BLOCKS = 64
_WEAK, _STRONG = 0.1, 8.0  # bits of evidence that one value can give
_FLOAT_BITS = 6.0  # most words are no float of a size that a device measures
_TINY = 1e-4  # whole numbers read as a float are smaller by far
_DOUBT, _UNREAD = 8.0, 4.0  # bits against a profile
_QUICK = 4.0  # times what the presence of a unit took to find out


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a profile explains a unit. `doubtful` are the values that cannot be; `bits` is the evidence for it."""

    profile: Profile
    plausible: int
    doubtful: tuple[Tried, ...]
    unread: int
    bits: float

    @property
    def fits(self) -> bool:
        """True when every value could be read and none is impossible."""
        return self.plausible > 0 and not self.doubtful and not self.unread


@dataclass(frozen=True, slots=True)
class Found:
    """A unit that answers. `fits` are ranked, those that explain nothing left out; `blocks` is how many devices of the
    best profile stand in this unit."""

    unit: int
    fits: tuple[Fit, ...]
    blocks: int = 1

    @property
    def best(self) -> Fit | None:
        """The profile that fits, if one does."""
        return self.fits[0] if self.fits and self.fits[0].fits else None


async def probe(
    port: Port, units: Iterable[int], profiles: Sequence[Profile], *, timeout_s: float, told: Callable[[int], None]
) -> AsyncIterator[Found]:
    """The units that answer, one after the other; `told` hears of each that was asked. Raises Unreachable."""
    async with _linked(port, timeout_s) as link:
        for unit in units:
            remembering = _Remembering(link)
            if await _answers(remembering, unit, timeout_s):
                yield await _known(remembering, unit, profiles)
            told(unit)


def harmless(profiles: Iterable[Profile]) -> list[Profile]:
    """The profiles with which a device can be read without being started."""
    return [profile for profile in profiles if not profile.start]


@asynccontextmanager
async def _linked(port: Port, timeout_s: float) -> AsyncIterator[Link]:
    link = ModbusLink(port, timeout_s, Pause(timeout_s, timeout_s))
    try:
        yield link
    finally:
        link.close()


class _Remembering:
    """A link that asks for the same registers once: many profiles begin alike."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._known: dict[Block, list[int] | LinkError] = {}
        self.patience_s: float | None = None

    @property
    def counts(self) -> LineCounts:
        return self._link.counts

    async def read(self, block: Block, patience_s: float | None = None) -> list[int]:
        known = self._known.get(block)
        if known is None:
            try:
                known = await self._link.read(block, patience_s or self.patience_s)
            except Unreachable:
                raise
            except LinkError as error:
                known = error
            self._known[block] = known
        if isinstance(known, LinkError):
            raise known
        return known

    async def write(self, unit: int, address: int, words: Sequence[int], function: int = WRITE_SEVERAL) -> None:
        self._known.clear()
        await self._link.write(unit, address, words, function)

    def close(self) -> None:
        self._link.close()


async def _answers(link: _Remembering, unit: int, timeout_s: float) -> bool:
    """Is anybody there? A refusal is an answer. Who is there is not given more time than it needs from then on."""
    for space in Space:
        began = time.monotonic()
        try:
            await link.read(Block(unit, space, 0, 1))
        except NoAnswer:
            continue
        except Unreachable:
            raise
        except LinkError:
            pass
        link.patience_s = min(timeout_s, max(timeout_s / 4, _QUICK * (time.monotonic() - began)))
        return True
    return False


async def _known(link: _Remembering, unit: int, profiles: Sequence[Profile]) -> Found:
    found = [fit for profile in profiles if (fit := await _fit(link, unit, profile)) is not None]
    ranked = tuple(sorted(found, key=lambda fit: (fit.fits, fit.bits), reverse=True))
    blocks = await _blocks(link, unit, ranked[0].profile) if ranked and ranked[0].fits else 1
    return Found(unit, ranked, blocks)


async def _fit(link: _Remembering, unit: int, profile: Profile) -> Fit | None:
    """`None` when nothing that the profile says could be read."""
    return _judged(profile, await _values(link, Member(profile.profile, unit, profile)))


async def _values(link: _Remembering, member: Member) -> Sequence[Tried]:
    now = datetime.now(UTC)
    clock = DomainClock(ClockSettings(origin=now, started=now.timestamp()), time.time)
    try:
        visited = await Visitor(Bus(member.device, link, [member], clock), member).visit()
    except NoAnswer:
        return ()
    return list(tried(member, visited))


def _judged(profile: Profile, values: Sequence[Tried]) -> Fit | None:
    plausible = [one for one in values if one.verdict is Verdict.PLAUSIBLE]
    doubtful = tuple(one for one in values if one.verdict is Verdict.NOT_PLAUSIBLE)
    unread = len(profile.polled) - sum(one.verdict is not Verdict.NOT_READ for one in values)
    if not plausible:
        return None
    evidence = sum(_evidence(profile.point(one.quantity), one.value) for one in plausible)
    return Fit(profile, len(plausible), doubtful, unread, evidence - _DOUBT * len(doubtful) - _UNREAD * unread)


def _evidence(point: Point, value: float | None) -> float:
    """How surprising it is, in bits, that a register holds a value of this quantity by chance. Nought tells nothing."""
    if not value or point.mask is not None or point.curve is not None:
        return _WEAK
    if registers.is_float(point.type):
        return _FLOAT_BITS if abs(value) > _TINY else _WEAK
    quantity = QUANTITIES[point.quantity]
    steps = (quantity.high - quantity.low) / abs(float(point.scale))
    return min(_STRONG, max(_WEAK, 16 * point.width - math.log2(max(1.0, steps))))


async def _blocks(link: _Remembering, unit: int, profile: Profile) -> int:
    """How many devices stand in a unit that repeats itself: those that know something, until one cannot be read."""
    count = 1
    for block in range(1, min(profile.blocks or _MOST_BLOCKS, _MOST_BLOCKS) if profile.block else 1):
        values = await _values(link, Member(profile.profile, unit, profile, block))
        if all(one.verdict is Verdict.NOT_READ for one in values):
            break
        count += any(one.verdict is Verdict.PLAUSIBLE for one in values)
    return count
