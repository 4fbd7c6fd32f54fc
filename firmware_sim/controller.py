"""The controller of a lighting segment on the bus: what it measures of its lamps, and what it is told."""

from collections.abc import Callable, Mapping, Sequence

from firmware_sim.feeder import Electrical, frequency, measured
from firmware_sim.image import Layout, Values, data
from firmware_sim.luminaire import LampState, Luminaire, Reason, Segment, Status
from firmware_sim.stations import air_temperature
from firmware_sim.units import DeviceFailure, IllegalAddress, IllegalValue
from protocols.modbus.registers import Space
from protocols.profiles import Point, Profile


class Node:
    """A lamp as its controller sees it: a block of measured registers. Within one second it says the same."""

    def __init__(self, lamp: Luminaire, layout: Layout, volts: Callable[[int], float]) -> None:
        self.lamp = lamp
        self.frozen: bytes | None = None
        self._volts = volts
        self._layout = layout
        self._image = b""
        self._seen = (-1, -1)  # the second and the lamp's version that the image is of

    @property
    def reached(self) -> bool:
        """False when the lamp has no voltage or does not answer."""
        return self.lamp.segment.powered and not self.lamp.silent

    def measured(self, now: float) -> bytes:
        """All measured registers."""
        if not self.reached:
            return self._layout.not_known
        return self._fresh(now) if self.frozen is None else self.frozen

    def electrical(self, now: float) -> Electrical:
        """What the lamp takes now, for one that measures without a controller."""
        self.lamp.advance(now)
        return measured(self.lamp, self._volts(int(now)), int(now))

    def freeze(self, now: float) -> None:
        """From now on the same digits, whoever asks."""
        self.frozen = self._fresh(now)

    def _fresh(self, now: float) -> bytes:
        seen = int(now), self.lamp.version
        if seen != self._seen or self.lamp.fading:
            self.lamp.advance(now)
            electrical = measured(self.lamp, self._volts(seen[0]), seen[0])
            self._image = self._layout.encode(lamp_values(self.lamp, electrical, seen[0]))
            self._seen = seen
        return self._image


class SegmentController:
    """The controller of one segment: a block of registers for each of its lamps."""

    takes_orders = False

    def __init__(self, profile: Profile, segment: Segment, nodes: Sequence[Node]) -> None:
        self.silent = False
        self._segment = segment
        self._nodes = nodes
        self._block = profile.block or 0
        self._written = {p.register_.address: p for p in profile.points if p.write}

    def read(self, space: Space, address: int, count: int, now: float) -> bytes:
        self._segment.hear(now)
        if address + count > self._block * len(self._nodes):
            raise IllegalAddress
        first, last = address // self._block, (address + count - 1) // self._block
        nodes = self._nodes[first : last + 1]
        is_measured = space is Space.INPUT
        joined = b"".join(node.measured(now) if is_measured else self._commanded(node.lamp.state) for node in nodes)
        start = address - first * self._block
        return joined[2 * start : 2 * (start + count)]

    def write(self, address: int, numbers: Sequence[int], now: float) -> None:
        self._segment.hear(now)
        number, offset = divmod(address, self._block)
        if number >= len(self._nodes):
            raise IllegalAddress
        values = self._understood(offset, list(numbers))
        if not self._nodes[number].reached:
            raise DeviceFailure
        _obey(self._nodes[number].lamp, values, now)

    def _commanded(self, state: LampState) -> bytes:
        values = {
            "programme_level": state.programme,
            "override_level": state.override,
            "override_expiry": float(state.override_until),
        }
        image = bytearray(b"\xff\xff" * self._block)
        for address, point in self._written.items():
            image[2 * address : 2 * (address + point.width)] = data(point.encode(values[point.quantity]))
        return bytes(image)

    def _understood(self, offset: int, numbers: list[int]) -> dict[str, float | None]:
        """What was written, by quantity; whole points only."""
        values: dict[str, float | None] = {}
        while numbers:
            point = self._written.get(offset)
            if point is None or point.width > len(numbers):
                raise IllegalAddress
            values[point.quantity] = _allowed(point, numbers[: point.width])
            numbers, offset = numbers[point.width :], offset + point.width
        return values


def _allowed(point: Point, numbers: list[int]) -> float | None:
    value = point.decode(numbers)
    if point.quantity.endswith("_level") and value is not None and value > 100:
        raise IllegalValue
    return value


def _obey(lamp: Luminaire, values: Mapping[str, float | None], now: float) -> None:
    state = lamp.state
    if "programme_level" in values:
        lamp.set_programme(values["programme_level"], now)
    if "override_level" in values or "override_expiry" in values:
        level = values.get("override_level", state.override)
        until = int(values.get("override_expiry", state.override_until) or 0)
        lamp.set_override(level, until, now)


def lamp_values(lamp: Luminaire, electrical: Electrical, second: int) -> Values:
    """All that a controller measures of a lamp that it reaches, at the lamp's last look."""
    state = lamp.state
    target, reason = lamp.target(state.at)
    return {
        "status_bits": float(_status(lamp, reason)),
        "fault_bits": 0.0,  # our controller measures; what is wrong is for the rules to find out
        "target_level": target,
        "actual_level": state.level,
        "command_reason": float(reason),
        "voltage": electrical.voltage,
        "current": electrical.current,
        "active_power": electrical.power,
        "power_factor": electrical.power_factor,
        "frequency": frequency(second),
        "active_energy": state.energy_wh / 1000,
        "lamp_hours": state.lit_s / 3600,
        "switch_on_count": float(state.switch_ons),
        "supply_loss_count": float(state.supply_losses),
        "gear_temperature": air_temperature(lamp.segment.sky, second) + state.warmth,
    }


def _status(lamp: Luminaire, reason: Reason) -> Status:
    bits = Status.COMMS_OK | Status.TIME_VALID
    if lamp.state.level > 0:
        bits |= Status.ON
    if reason is Reason.OVERRIDE:
        bits |= Status.OVERRIDE
    if reason is Reason.PROGRAMME:
        bits |= Status.PROGRAMME
    return bits
