"""Modbus RTU: frames, how long they take on a line, and how one is found among noise and late answers.

Modbus over Serial Line V1.02. A frame has no beginning that could be recognised: what tells it is its length, which
follows from its function, and its CRC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_SEVERAL = 3, 4, 6, 16
EXCEPTION = 0x80

_READS = (READ_HOLDING, READ_INPUT)
_ECHOES = (WRITE_ONE, WRITE_SEVERAL)
_SHORTEST = 5  # unit, function, exception code, CRC
_TO_TELL = 3  # unit, function, and how many bytes follow
_ECHO = 8  # unit, function, address, number, CRC
_SILENCE_CHARACTERS = 3.5  # section 2.5.1.1 ...
_SHORTEST_SILENCE_S = 0.00175  # ... which fixes it above 19,200 baud
_FIXED_ABOVE = 19_200
_CRC_START = 0xFFFF  # section 2.5.1.2, as the polynomial
_CRC_POLYNOMIAL = 0xA001


def _crc_table() -> Iterator[int]:
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CRC_POLYNOMIAL if crc & 1 else 0)
        yield crc


_CRC = tuple(_crc_table())


def crc(data: bytes) -> int:
    """The check sum that travels low byte first behind a frame."""
    found = _CRC_START
    for byte in data:
        found = found >> 8 ^ _CRC[(found ^ byte) & 0xFF]
    return found


def sealed(unit: int, pdu: bytes) -> bytes:
    """A frame."""
    frame = bytes((unit,)) + pdu
    return frame + crc(frame).to_bytes(2, "little")


def is_whole(frame: bytes) -> bool:
    """True when the CRC is that of the bytes before it."""
    return crc(frame[:-2]) == int.from_bytes(frame[-2:], "little")


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed of a line. `bits` are those of a character: start, eight of data, parity, stop."""

    baud: int
    bits: int = 11

    @property
    def character_s(self) -> float:
        return self.bits / self.baud

    @property
    def silence_s(self) -> float:
        """What parts two frames: the turn-round that a master owes the line."""
        if self.baud > _FIXED_ABOVE:
            return _SHORTEST_SILENCE_S
        return _SILENCE_CHARACTERS * self.character_s

    def takes_s(self, size: int) -> float:
        """How long so many bytes are on the line."""
        return size * self.character_s


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer that a question asks for. `size` is that of the whole frame, if it is no exception."""

    unit: int
    function: int
    size: int

    @classmethod
    def registers(cls, unit: int, function: int, count: int) -> "Expected":
        """The answer to a read."""
        return cls(unit, function, 5 + 2 * count)

    @classmethod
    def echo(cls, unit: int, function: int) -> "Expected":
        """The answer to a write."""
        return cls(unit, function, _ECHO)

    def fits(self, frame: bytes) -> bool:
        """True of a whole frame that answers, be it by an exception."""
        unit, function = frame[0], frame[1]
        if unit != self.unit:
            return False
        return function == self.function | EXCEPTION or (function == self.function and len(frame) == self.size)


class Fate(Enum):
    """What came of looking at what was received."""

    NOTHING = auto()  # yet
    ANSWER = auto()
    SPOILT = auto()  # the answer, but its CRC is wrong


@dataclass(frozen=True, slots=True)
class Sight:
    """What stands in a buffer. `frame` is the answer; `strays` are whole frames that do not fit: late answers, or
    another master. `noise` counts bytes that belong to nothing. Of the buffer `used` bytes are done with."""

    fate: Fate
    used: int
    frame: bytes = b""
    strays: tuple[bytes, ...] = ()
    noise: int = 0


def look(buffer: bytes, expected: Expected) -> Sight:
    """Look for the answer, however much stands before it."""
    at, noise, kept, spoilt = 0, 0, None, None
    strays: list[bytes] = []
    while at < len(buffer):
        size, frame = _frame(buffer, at)
        if frame and is_whole(frame):
            if expected.fits(frame):
                return Sight(Fate.ANSWER, at + size, frame, tuple(strays), noise)
            strays.append(frame)
            at, kept = at + size, None
            continue
        if frame and spoilt is None and _is_meant(frame, expected):
            spoilt = frame
        if kept is None and not frame and size:
            kept = at  # it may become one
        at, noise = at + 1, noise + 1
    if spoilt is not None:
        return Sight(Fate.SPOILT, len(buffer), spoilt, tuple(strays), noise - len(spoilt))
    used = len(buffer) if kept is None else kept
    return Sight(Fate.NOTHING, used, b"", tuple(strays), noise - (len(buffer) - used))


def _frame(buffer: bytes, at: int) -> tuple[int, bytes]:
    """How long the frame would be that begins here, 0 when none does; and the frame, when all of it is there."""
    size = _size(buffer, at)
    return size, buffer[at : at + size] if at + size <= len(buffer) else b""


def _size(buffer: bytes, at: int) -> int:
    if len(buffer) - at < _TO_TELL:
        return _SHORTEST
    function = buffer[at + 1]
    if function in _READS:
        return _SHORTEST + buffer[at + 2]
    if function in _ECHOES:
        return _ECHO
    return _SHORTEST if function & ~EXCEPTION in (*_READS, *_ECHOES) else 0


def _is_meant(frame: bytes, expected: Expected) -> bool:
    """True of a frame whose beginning and length are those of the answer; noise has them once in 2^24."""
    return frame[0] == expected.unit and frame[1] == expected.function and len(frame) == expected.size
