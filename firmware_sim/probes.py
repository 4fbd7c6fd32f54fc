"""Probes that do more than answer: those that measure when they are told to, and one that tells its own map."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from firmware_sim.image import Values, data
from firmware_sim.units import IllegalAddress, IllegalValue, Instrument
from protocols.modbus.registers import Register, Space, encode
from protocols.profiles import Point, Profile
from protocols.profiles.sequences import DynamicMap, Step

Steady = Callable[[], float]  # seconds of a clock that only goes on: a probe does not know the city's time

_NOT_THERE = 2  # status of a value whose probe is not plugged in


def instrument(profile: Profile, values: Callable[[float], Values], steady: Steady = time.monotonic) -> Instrument:
    """A meter or a station of any make that measures `values`."""
    if profile.map is not None:
        return MappedSonde(profile, profile.map, values)
    if profile.start:
        return StartedProbe(profile, values, steady)
    return Instrument(profile, values)


@dataclass(frozen=True, slots=True)
class _Order:
    """A request that makes the probe do something."""

    register: Register
    count: int | None  # of a read
    words: tuple[int, ...] | None  # of a write


def _order(step: Step) -> _Order:
    register = step.write or step.read
    assert register is not None  # noqa: S101 - a step has one of them; for mypy
    return _Order(register, step.count, step.words)


class StartedProbe(Instrument):
    """Measures when it is started, and needs its time for it. Before, it tells what it measured last, or nothing yet.

    One that can be stopped goes on measuring until it is; the others measure once for each start.
    """

    takes_orders = True

    def __init__(self, profile: Profile, values: Callable[[float], Values], steady: Steady) -> None:
        super().__init__(profile, values)
        self._start = [_order(step) for step in profile.start]
        self._stop = [_order(step) for step in profile.stop]
        self._wait = profile.wait.total_seconds()
        self._steady = steady
        self._steps_done = 0
        self._ready_at: float | None = None
        self._told = self._layout.blank()

    def read(self, space: Space, address: int, count: int, now: float) -> bytes:
        if self._obeys(_Order(Register(space, address), count, None), now):
            return bytes(2 * count)
        if count == 0:
            raise IllegalValue
        return super().read(space, address, count, now)

    def write(self, address: int, numbers: Sequence[int], now: float) -> None:
        if not self._obeys(_Order(Register(Space.HOLDING, address), None, tuple(numbers)), now):
            raise IllegalAddress

    def _obeys(self, order: _Order, now: float) -> bool:
        if self._steps_done < len(self._start) and order == self._start[self._steps_done]:
            self._steps_done += 1
        elif order == self._start[0]:
            self._steps_done = 1
        elif order in self._stop:
            self._measured(now)
            self._ready_at = None
            self._steps_done = 0
            return True
        else:
            return False
        if self._steps_done == len(self._start):
            self._ready_at, self._steps_done = self._steady() + self._wait, 0
        return True

    def _measured(self, now: float) -> bytes:
        if self._ready_at is not None and self._steady() >= self._ready_at:
            self._told = super()._measured(now)
            if not self._stop:
                self._ready_at = None
        return self._told


class MappedSonde(Instrument):
    """Tells which value stands where. `codes` may be changed while it runs; `missing` are those whose probe is not
    plugged in."""

    def __init__(self, profile: Profile, own_map: DynamicMap, values: Callable[[float], Values]) -> None:
        self.silent = False
        self.frozen = None
        self.codes: list[int] = [point.code[0] for point in profile.polled]
        self.missing: set[int] = set()
        self._map = own_map
        self._values = values
        self._points = {code: point for point in profile.polled for code in point.code}

    def read(self, space: Space, address: int, count: int, now: float) -> bytes:
        registers = self._registers(now)
        try:
            return data([registers[Register(space, address + n)] for n in range(count)])
        except KeyError as error:
            raise IllegalAddress from error

    def freeze(self, now: float) -> None:
        """From now on the same digits, whoever asks."""
        self.frozen = data([word for words in self._measurements(now) for word in words])

    def _registers(self, now: float) -> Mapping[Register, int]:
        own, found = self._map, dict[Register, int]()
        listed = [*self.codes, *[0] * (own.count - len(self.codes))]
        found.update(_laid(own.codes, listed))
        if own.status is not None:
            found.update(_laid(own.status, [_NOT_THERE if code in self.missing else int(code == 0) for code in listed]))
        found.update(_laid(own.values, self._told(now)))
        return found

    def _told(self, now: float) -> list[int]:
        if self.frozen is not None:
            return [int.from_bytes(self.frozen[n : n + 2], "big") for n in range(0, len(self.frozen), 2)]
        return [word for words in self._measurements(now) for word in words]

    def _measurements(self, now: float) -> Iterator[list[int]]:
        values = self._values(float(int(now)))  # the same within a second
        some = next(iter(self._points.values()))
        for code in [*self.codes, *[0] * (self._map.count - len(self.codes))]:
            yield _encoded(self._points.get(code, some), values if code in self._points else {})


def _encoded(point: Point, values: Values) -> list[int]:
    value = values.get(point.quantity)
    return point.encode(value) if value is not None else encode(math.nan, point.type, point.order)


def _laid(first: Register, numbers: Sequence[int]) -> Iterator[tuple[Register, int]]:
    for n, number in enumerate(numbers):
        yield Register(first.space, first.address + n), number
