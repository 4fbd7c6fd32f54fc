"""Point.decode on a short way, for a bus with thousands of points: what does not change is looked up once."""

import math
import struct
from collections.abc import Callable, Sequence

from protocols.modbus.registers import Order, Type, shortest
from protocols.profiles.points import Point

Decoder = Callable[[Sequence[int], int], float | None]  # the words of an answer, and where in them the point stands

_WHOLE = {Type.UINT16: 16, Type.INT16: 16, Type.UINT32: 32, Type.INT32: 32}
_SIGNED = (Type.INT16, Type.INT32)
_SINGLE_BITS, _SINGLE = struct.Struct(">I"), struct.Struct(">f")


def decoder(point: Point) -> Decoder:
    """What `point.decode` does, for the types and orders that most devices use; its long way for the rest."""
    is_plain = point.mask is None and point.curve is None and not point.offset
    if is_plain and point.order in (Order.ABCD, Order.CDAB):
        if point.type in _WHOLE:
            return _whole(point)
        if point.type is Type.FLOAT32 and point.scale == 1:
            return _single(point)
    return _by_the_point(point)


def _whole(point: Point) -> Decoder:
    nothing = frozenset(point.no_value)
    size = _WHOLE[point.type]
    half, full = (1 << size - 1, 1 << size) if point.type in _SIGNED else (1 << size, 0)
    numerator, denominator = point.scale.numerator, point.scale.denominator

    def decode_one(words: Sequence[int], offset: int) -> float | None:
        raw = words[offset]
        if raw in nothing:
            return None
        return (raw if raw < half else raw - full) * numerator / denominator

    if point.width == 1:
        return decode_one
    bits = _bits(point)

    def decode(words: Sequence[int], offset: int) -> float | None:
        raw = bits(words, offset)
        if raw in nothing:
            return None
        return (raw if raw < half else raw - full) * numerator / denominator

    return decode


def _single(point: Point) -> Decoder:
    bits = _bits(point)
    nothing = frozenset(point.no_value)

    def decode(words: Sequence[int], offset: int) -> float | None:
        raw = bits(words, offset)
        number: float = _SINGLE.unpack(_SINGLE_BITS.pack(raw))[0]
        return None if raw in nothing or not math.isfinite(number) else shortest(number)

    return decode


def _bits(point: Point) -> Callable[[Sequence[int], int], int]:
    """Two registers as one whole number."""
    high, low = (0, 1) if point.order is Order.ABCD else (1, 0)
    return lambda words, offset: words[offset + high] << 16 | words[offset + low]


def _by_the_point(point: Point) -> Decoder:
    width = point.width
    return lambda words, offset: point.decode(list(words[offset : offset + width]))
