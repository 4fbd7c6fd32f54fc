"""A luminaire as the agent drives it: what to write for a level, and how to read it alone."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from edge_agent.bus import Bus, Priority
from protocols.modbus.plan import Member, ReadPlan, plan
from protocols.profiles import Profile
from protocols.quantities import QUANTITIES
from protocols.readings import Reading

COMMANDED = {"programme_level", "override_level", "override_expiry"}
REPORTED = {"target_level", "actual_level", "command_reason"}


class Reason(IntEnum):
    """Why a luminaire has its level, by its own word: the command_reason register."""

    HARDWARE = 0
    PROGRAMME = 1
    SENSOR = 2
    OVERRIDE = 3
    LOCAL = 4


@dataclass(frozen=True, slots=True)
class Order:
    """Registers to write in one request."""

    address: int
    words: list[int]


@dataclass(frozen=True, slots=True)
class Lamp:
    """A luminaire on its bus."""

    bus: Bus
    member: Member
    plan: ReadPlan

    @property
    def device(self) -> str:
        return self.member.device

    def programme(self, level: float) -> Order:
        """The level that applies when no override is in force."""
        return self._order({"programme_level": level})

    def override(self, level: float, until: datetime) -> Order:
        """Hold a level until a moment, which the device's own clock sees too, as far as it can count."""
        expiry = min(math.ceil(until.timestamp()), QUANTITIES["override_expiry"].high)
        return self._order({"override_level": level, "override_expiry": expiry})

    def resume(self) -> Order:
        """End whatever override the device has."""
        return self._order({"override_level": None, "override_expiry": 0})

    async def read(self, priority: Priority) -> Reading:
        """This luminaire alone, now. Raises LinkError."""
        heard = {block: (await self.bus.read(block, priority)).answer for block in self.plan.blocks}
        (reading,) = self.plan.decode(heard)
        return reading

    def _order(self, values: Mapping[str, float | None]) -> Order:
        points = sorted((self.member.profile.point(quantity) for quantity in values), key=self.member.address)
        words = [word for point in points for word in point.encode(values[point.quantity])]
        return Order(self.member.address(points[0]), words)


def lamps(buses: Iterable[Bus]) -> dict[str, Lamp]:
    """Every device that can be given a level and says which it has, by its id."""
    return {
        member.device: Lamp(bus, member, plan([member]))
        for bus in buses
        for member in bus.members.values()
        if _can_be_driven(member.profile)
    }


def _can_be_driven(profile: Profile) -> bool:
    written = {point.quantity for point in profile.points if point.write}
    return written >= COMMANDED and {point.quantity for point in profile.polled} >= REPORTED
