"""Values into the registers of a device, by its profile; the whole numbers of a busy device on a short way."""

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from protocols.modbus.registers import Order, Space, Type
from protocols.profiles import Point, Profile

Values = Mapping[str, float | None]
_Put = Callable[[bytearray, float], None]

_WHOLE = {Type.UINT16: ">H", Type.INT16: ">h", Type.UINT32: ">I", Type.INT32: ">i"}


class Layout:
    """The polled points of a profile in one table, from the first register to the last (or a whole block)."""

    def __init__(self, profile: Profile, space: Space, fill: int = 0) -> None:
        points = [p for p in profile.polled if p.register_.space is space]
        self.space = space
        self.first = 0 if profile.block else min(p.register_.address for p in points)
        self.count = profile.block or max(p.last for p in points) + 1 - self.first
        self._empty = fill.to_bytes(2, "big") * self.count
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


def _put(point: Point, first: int) -> _Put:
    """Point.encode, without its detours for the types that lamps consist of."""
    offset = 2 * (point.register_.address - first)
    per_unit = float(1 / point.scale)
    if point.type not in _WHOLE or point.order is not Order.ABCD:
        encode = lru_cache(maxsize=16)(lambda value: data(point.encode(value)))  # fault bits hardly ever change
        return lambda image, value: _lay(image, offset, encode(value))
    pack_into = struct.Struct(_WHOLE[point.type]).pack_into
    return lambda image, value: pack_into(image, offset, round(value * per_unit))


def _lay(image: bytearray, offset: int, registers: bytes) -> None:
    image[offset : offset + len(registers)] = registers


def _place(image: bytearray, point: Point, first: int, value: float | None) -> None:
    _lay(image, 2 * (point.register_.address - first), data(point.encode(value)))
