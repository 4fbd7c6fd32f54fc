"""A luminaire behind a controller on a Modbus bus, which knows its programme, its override and why it has its level."""

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import IntEnum

from edge_agent.bus import Bus, Priority, Write
from edge_agent.lamps import Hold, Obey, Order, Programme, Release
from protocols.commands import Override
from protocols.modbus.plan import Member, ReadPlan
from protocols.quantities import QUANTITIES
from protocols.readings import Reading

_SAME = 0.25  # % of light: half of the coarsest step (LON SNVT_lev_cont), so that rounding is no difference


class Reason(IntEnum):
    """Why a luminaire has its level, by its own word: the command_reason register."""

    HARDWARE = 0
    PROGRAMME = 1
    SENSOR = 2
    OVERRIDE = 3
    LOCAL = 4


@dataclass(frozen=True, slots=True)
class Registers:
    """Registers to write in one request."""

    address: int
    words: list[int]


@dataclass(frozen=True, slots=True)
class ModbusLamp:
    """A luminaire on its bus."""

    line: Bus
    member: Member
    plan: ReadPlan

    patience_s: None = None
    pace_s: float = 0.0
    sleeps: bool = False
    is_listening: bool = True
    reports_itself: bool = False

    @property
    def device(self) -> str:
        return self.member.device

    @property
    def unit(self) -> int:
        return self.member.unit

    async def listens(self, within_s: float) -> None:
        """It never sleeps."""

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[Obey]:
        """The whole bus, which is the lamp's only way."""
        async with self.line.turn(priority) as write:

            async def obey(order: Order) -> None:
                await self._write(write, order)

            yield obey

    async def read(self, priority: Priority) -> Reading:
        """This luminaire alone, now. Raises LinkError."""
        heard = {block: (await self.line.read(block, priority)).answer for block in self.plan.blocks}
        (reading,) = self.plan.decode(heard)
        return reading

    def corrections(
        self, reading: Reading, programme: float, override: Override | None, written: float | None
    ) -> Sequence[Order]:
        """Only what differs."""
        return corrections(reading, programme, override, written)

    def obeyed(self, reading: Reading, programme: float, override: Override | None) -> Reading:
        """By its own word."""
        return obeyed(reading, programme, override)

    def shown(self, level: float) -> float:
        """By the steps in which it is told."""
        point = self.member.profile.point("programme_level")
        return point.decode(point.encode(level)) or 0.0

    def registers(self, order: Order) -> Registers:
        """Where an order stands in this luminaire's block."""
        match order:
            case Programme(level):
                return self._registers({"programme_level": level})
            case Hold(level, until):
                expiry = min(math.ceil(until.timestamp()), QUANTITIES["override_expiry"].high)
                return self._registers({"override_level": level, "override_expiry": expiry})
            case Release():
                return self._registers({"override_level": None, "override_expiry": 0})

    async def _write(self, write: Write, order: Order) -> None:
        found = self.registers(order)
        await write(self.device, found.address, found.words)

    def _registers(self, values: Mapping[str, float | None]) -> Registers:
        points = sorted((self.member.profile.point(quantity) for quantity in values), key=self.member.address)
        words = [word for point in points for word in point.encode(values[point.quantity])]
        return Registers(self.member.address(points[0]), words)


def corrections(
    reading: Reading, programme: float, override: Override | None, written: float | None
) -> Sequence[Order]:
    """What to write so that a luminaire does what it should; `written` is the programme level it was last given, or has
    shown."""
    target, reason = reading.values.get("target_level"), reading.values.get("command_reason")
    if target is None or reason is None:
        return []
    orders: list[Order] = [Programme(programme)] if _lacks_programme(target, reason, programme, written) else []
    if override is not None and (reason != Reason.OVERRIDE or not _is_same(target, override.level)):
        orders.append(Hold(override.level, override.until))
    if override is None and reason == Reason.OVERRIDE:
        orders.append(Release())
    return orders


def _lacks_programme(target: float, reason: float, programme: float, written: float | None) -> bool:
    if reason == Reason.HARDWARE:
        return True
    if reason == Reason.PROGRAMME:
        return not _is_same(target, programme)
    return written != programme  # held by hand, by a sensor or on the spot: its programme level does not show


def shows_programme(reading: Reading, programme: float) -> bool:
    """True of a luminaire that says that it goes by this programme level: it need not be given it."""
    target = reading.values.get("target_level")
    is_programme = reading.values.get("command_reason") == Reason.PROGRAMME
    return is_programme and target is not None and _is_same(target, programme)


def _is_same(level: float, other: float) -> bool:
    return abs(level - other) <= _SAME


def obeyed(reading: Reading, programme: float, override: Override | None) -> Reading:
    """What a luminaire says when it has done what it should. Who is held by a sensor or on the spot stays so."""
    if override is not None:
        said = {"target_level": override.level, "command_reason": float(Reason.OVERRIDE)}
    elif reading.values.get("command_reason") in (Reason.SENSOR, Reason.LOCAL):
        said = {}
    else:
        said = {"target_level": programme, "command_reason": float(Reason.PROGRAMME)}
    return replace(reading, values={**reading.values, **said})
