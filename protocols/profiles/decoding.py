"""Point.decode on a short way, for a bus with thousands of points: what does not change is looked up once."""

import math
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from protocols.modbus.registers import Order, Type, shortest
from protocols.profiles.points import Point

Decoder = Callable[[Sequence[int], int], float | None]  # the words of an answer, and where in them the point stands

_WHOLE = {Type.UINT16: 16, Type.INT16: 16, Type.UINT32: 32, Type.INT32: 32}
_SIGNED = (Type.INT16, Type.INT32)
_SINGLE_BITS, _SINGLE = struct.Struct(">I"), struct.Struct(">f")


class OneWord(NamedTuple):
    """A whole number in one register at `offset` of an answer: `half` is the first word that means a negative one, of
    `full` less."""

    quantity: str
    offset: int
    nothing: frozenset[int]
    half: int
    full: int
    numerator: int
    denominator: int


def one_word(point: Point, offset: int) -> OneWord | None:
    """The point as most are, or `None` when it is of another sort."""
    if not _is_plain(point) or point.type not in _WHOLE or point.width != 1:
        return None
    nothing, (half, full) = frozenset(point.no_value), _signed(point)
    return OneWord(point.quantity, offset, nothing, half, full, point.scale.numerator, point.scale.denominator)


def of_one_word(points: Sequence[OneWord], words: Sequence[int]) -> dict[str, float | None]:
    """What `point.decode` says of each; one comprehension, because a call for each costs more than the rest."""
    return {
        quantity: None
        if (raw := words[offset]) in nothing
        else (raw if raw < half else raw - full) * numerator / denominator
        for quantity, offset, nothing, half, full, numerator, denominator in points
    }


def decoder(point: Point) -> Decoder:
    """What `point.decode` does, for the types and orders that most devices use; its long way for the rest."""
    if _is_plain(point):
        if point.type in _WHOLE and point.width == 2:
            return _whole(point)
        if point.type is Type.FLOAT32 and point.scale == 1:
            return _single(point)
    return _by_the_point(point)


def _is_plain(point: Point) -> bool:
    in_order = point.order in (Order.ABCD, Order.CDAB)
    return in_order and point.mask is None and point.curve is None and not point.offset


def _signed(point: Point) -> tuple[int, int]:
    """From where on a pattern means a negative number, and how much less."""
    size = _WHOLE[point.type]
    return (1 << size - 1, 1 << size) if point.type in _SIGNED else (1 << size, 0)


def _whole(point: Point) -> Decoder:
    nothing, bits, (half, full) = frozenset(point.no_value), _bits(point), _signed(point)
    numerator, denominator = point.scale.numerator, point.scale.denominator

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
