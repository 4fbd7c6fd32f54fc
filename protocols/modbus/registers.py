"""Numbers in 16-bit registers, in every word order that devices use.

The order is named by where the bytes of the big-endian number 0xAABBCCDD stand: ABCD is big endian, CDAB has its
words swapped, BADC the bytes of each word, DCBA both. 64-bit numbers follow the same rule word by word.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

Number = int | float


class Space(StrEnum):
    """The table that a register stands in."""

    INPUT = "input"  # read with function code 4
    HOLDING = "holding"  # read with function code 3, written with 6 and 16


class Order(StrEnum):
    """Where the bytes of a number stand."""

    ABCD = "ABCD"
    CDAB = "CDAB"
    BADC = "BADC"
    DCBA = "DCBA"


class Type(StrEnum):
    """What the registers of a point hold together."""

    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"


_FORMATS: Mapping[Type, struct.Struct] = {
    Type.UINT16: struct.Struct(">H"),
    Type.INT16: struct.Struct(">h"),
    Type.UINT32: struct.Struct(">I"),
    Type.INT32: struct.Struct(">i"),
    Type.UINT64: struct.Struct(">Q"),
    Type.INT64: struct.Struct(">q"),
    Type.FLOAT32: struct.Struct(">f"),
    Type.FLOAT64: struct.Struct(">d"),
}


_LARGEST_FLOAT32 = 3.4028234e38  # beyond it struct refuses to pack


@dataclass(frozen=True, slots=True, order=True)
class Register:
    """One address, 0-based as it travels in the frame; written `input/0x0010`."""

    space: Space
    address: int

    def __str__(self) -> str:
        return f"{self.space}/0x{self.address:04X}"


def width(kind: Type) -> int:
    """How many registers a number takes."""
    return _FORMATS[kind].size // 2


def is_float(kind: Type) -> bool:
    """True for the IEEE 754 types."""
    return kind in (Type.FLOAT32, Type.FLOAT64)


def bits(words: Sequence[int], order: Order) -> int:
    """The registers as one big-endian whole number: what "no value" patterns are compared with."""
    return int.from_bytes(_arranged(words, order), "big")


def decode(words: Sequence[int], kind: Type, order: Order) -> Number:
    """The number in `width(kind)` registers; a float32 as the shortest decimal that means it (230.1)."""
    number: Number = _FORMATS[kind].unpack(_arranged(words, order))[0]
    return shortest(number) if kind is Type.FLOAT32 else number


def encode(number: Number, kind: Type, order: Order) -> list[int]:
    """The reverse of decode. Raises OverflowError when the number does not fit."""
    try:
        data = _FORMATS[kind].pack(number if is_float(kind) else round(number))
    except (struct.error, ValueError) as error:  # round() has no whole number for NaN
        raise OverflowError(f"{number} does not fit into {kind}") from error
    words = [int.from_bytes(data[n : n + 2], "big") for n in range(0, len(data), 2)]
    arranged = _arranged(words, order)  # every order is its own inverse
    return [int.from_bytes(arranged[n : n + 2], "big") for n in range(0, len(arranged), 2)]


def shortest(number: float) -> float:
    """The shortest decimal that means the same float32 as this double."""
    single = _FORMATS[Type.FLOAT32]
    for digits in (6, 7, 8):  # nine always do (IEEE 754)
        candidate = float(f"{number:.{digits}g}")
        if abs(candidate) < _LARGEST_FLOAT32 and single.unpack(single.pack(candidate))[0] == number:
            return candidate
    return float(f"{number:.9g}")


def _arranged(words: Sequence[int], order: Order) -> bytes:
    swap_words = order in (Order.CDAB, Order.DCBA)
    swap_bytes = order in (Order.BADC, Order.DCBA)
    ordered = reversed(words) if swap_words else words
    return b"".join(word.to_bytes(2, "little" if swap_bytes else "big") for word in ordered)
