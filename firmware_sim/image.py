"""Values into the registers of a device, by its profile; the whole numbers of a busy device on a short way."""

import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from protocols.modbus.registers import Order, Register, Space, Type, encode, is_float
from protocols.profiles import Point, Profile

Values = Mapping[str, float | None]
_Put = Callable[[bytearray, float], None]

_WHOLE = {Type.UINT16: ">H", Type.INT16: ">h", Type.UINT32: ">I", Type.INT32: ">i"}


class Layout:
    """The polled points of a profile in one table, from the first register to the last (or a whole block).

    What a value depends on says that it is one, in the first unit that the profile knows."""

    def __init__(self, profile: Profile, space: Space, fill: int = 0) -> None:
        points = [_in_first_unit(p) for p in profile.polled if p.register_.space is space]
        beside = {register: word for p in points for register, word in _beside(p) if register.space is space}
        taken = [a for p in points for a in range(p.register_.address, p.last + 1)] + [r.address for r in beside]
        self.space = space
        self.first = 0 if profile.block else min(taken)
        self.count = profile.block or max(taken) + 1 - self.first
        self.meant = frozenset(taken)
        self._empty = self._filled(fill, {register.address: word for register, word in beside.items()})
        self._puts = [(p.quantity, _put(p, self.first), p) for p in points]
        self._not_known: bytes | None = None

    def encode(self, values: Values) -> bytes:
        """All registers. A value of `None` is the point's "not known". Raises KeyError, OverflowError."""
        image = bytearray(self._empty)
        for quantity, put, point in self._puts:
            value = values[quantity]
            if value is None:
                _place(image, point, self.first, None)
            else:
                put(image, value)
        return bytes(image)

    def blank(self) -> bytes:
        """The registers of a device that has measured nothing yet: floats are not a number, the rest is 0, and no value
        is said to be one."""
        points = [point for _, _, point in self._puts]
        refused = {p.valid.register_.address: p.valid.is_ ^ p.valid.mask for p in points if p.valid is not None}
        image = bytearray(self._filled(0, refused))
        for point in points:
            if is_float(point.type):
                nan = data(encode(math.nan, point.type, point.order))
                _lay(image, 2 * (point.register_.address - self.first), nan)
        return bytes(image)

    def _filled(self, fill: int, words_at: Mapping[int, int]) -> bytes:
        return data([words_at.get(self.first + n, fill) for n in range(self.count)])

    @property
    def not_known(self) -> bytes:
        """The registers of a device that is not reached. Raises OverflowError when a point has no pattern for it."""
        if self._not_known is None:
            self._not_known = self.encode({quantity: None for quantity, _, _ in self._puts})
        return self._not_known


def words(data: bytes) -> list[int]:
    """Registers as numbers."""
    return list(struct.unpack(f">{len(data) // 2}H", data))


def data(numbers: Sequence[int]) -> bytes:
    """Numbers as registers."""
    return struct.pack(f">{len(numbers)}H", *numbers)


def _in_first_unit(point: Point) -> Point:
    """The point as the device tells it when it is set to the first unit of its profile."""
    return point if point.unit is None else point.model_copy(update={"scale": next(iter(point.unit.scales.values()))})


def _beside(point: Point) -> Iterator[tuple[Register, int]]:
    if point.valid is not None:
        yield point.valid.register_, point.valid.is_
    if point.unit is not None:
        yield point.unit.register_, next(iter(point.unit.scales))


def _put(point: Point, first: int) -> _Put:
    """Point.encode, without its detours for the types that lamps consist of."""
    offset = 2 * (point.register_.address - first)
    per_unit = float(1 / point.scale)
    if point.mask is not None:
        return lambda image, value: _add(image, offset, data(point.encode(value)))
    if point.type not in _WHOLE or point.order is not Order.ABCD or point.offset or point.curve:
        encode = lru_cache(maxsize=16)(lambda value: data(point.encode(value)))  # fault bits hardly ever change
        return lambda image, value: _lay(image, offset, encode(value))
    pack_into = struct.Struct(_WHOLE[point.type]).pack_into
    return lambda image, value: pack_into(image, offset, round(value * per_unit))


def _add(image: bytearray, offset: int, registers: bytes) -> None:
    """Into what other bits of the same number are in."""
    for n, byte in enumerate(registers):
        image[offset + n] |= byte


def _lay(image: bytearray, offset: int, registers: bytes) -> None:
    image[offset : offset + len(registers)] = registers


def _place(image: bytearray, point: Point, first: int, value: float | None) -> None:
    _lay(image, 2 * (point.register_.address - first), data(point.encode(value)))
