"""What answers under a Modbus unit id: how it says no, and an instrument that only measures.

Refusal            an exception answer; `code` is that of the Modbus Application Protocol, section 7
  IllegalFunction  1
  IllegalAddress   2
  IllegalValue     3
  DeviceFailure    4, a lamp that its controller does not reach
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from firmware_sim.image import Layout, Values
from protocols.modbus.registers import Space
from protocols.profiles import Profile


class Refusal(Exception):
    """The device says no."""

    code = 0


class IllegalFunction(Refusal):
    code = 1


class IllegalAddress(Refusal):
    code = 2


class IllegalValue(Refusal):
    code = 3


class DeviceFailure(Refusal):
    code = 4


class Unit(Protocol):
    """Something with a unit id. A silent unit is not asked at all; one that `takes_orders` does something when no
    registers at all are asked of it or written to it, which Modbus forbids."""

    silent: bool
    takes_orders: bool

    def read(self, space: Space, address: int, count: int, now: float) -> bytes:
        """Registers, two bytes each. Raises Refusal."""

    def write(self, address: int, numbers: Sequence[int], now: float) -> None:
        """Write holding registers. Raises Refusal."""


class Instrument:
    """A meter or a station: it measures and cannot be commanded. Within one second it says the same."""

    takes_orders = False

    def __init__(self, profile: Profile, values: Callable[[float], Values]) -> None:
        self.silent = False
        self.frozen: bytes | None = None
        self._profile = profile
        self._values = values
        self._layout = Layout(profile, profile.polled[0].register_.space)
        self._image = b""
        self._second = -1

    def read(self, space: Space, address: int, count: int, now: float) -> bytes:
        layout, start = self._layout, address - self._layout.first
        if space is not layout.space or start < 0 or start + count > layout.count or self._forbids(address, count):
            raise IllegalAddress
        if count > self._profile.most_registers:
            raise IllegalValue
        image = self.frozen or self._measured(now)
        return image[2 * start : 2 * (start + count)]

    def write(self, address: int, numbers: Sequence[int], now: float) -> None:  # noqa: ARG002 - as every Unit
        raise IllegalAddress

    def freeze(self, now: float) -> None:
        """From now on the same digits, whoever asks."""
        self.frozen = self._measured(now)

    def _measured(self, now: float) -> bytes:
        if int(now) != self._second:
            self._image, self._second = self._layout.encode(self._values(now)), int(now)
        return self._image

    def _forbids(self, address: int, count: int) -> bool:
        asked = range(address, address + count)
        if not self._profile.across_holes and not self._layout.meant.issuperset(asked):
            return True
        spans = ((span.first.address, span.last.address) for span in self._profile.forbidden)
        return any(address <= last and address + count > first for first, last in spans)
