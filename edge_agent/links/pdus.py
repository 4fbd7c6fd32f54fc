"""Questions and answers as pymodbus passes them through. Its own classes unpack one register at a time, and refuse
requests for no registers at all, which some probes take as an order."""

import functools
import struct
from collections.abc import Sequence

from pymodbus.pdu import ModbusPDU

from edge_agent.links import WRITE_ONE, WRITE_SEVERAL
from protocols.modbus.plan import Block
from protocols.modbus.registers import Space
from protocols.modbus.rtu import EXCEPTION, READ_HOLDING, READ_INPUT, Expected

_FUNCTIONS = {Space.HOLDING: READ_HOLDING, Space.INPUT: READ_INPUT}


class Question(ModbusPDU):
    """What is asked of a unit."""

    def __init__(self, unit: int, function: int, data: bytes, expected: Expected) -> None:
        super().__init__(dev_id=unit)
        self.function_code = function
        self.expected = expected
        self.pdu = bytes((function,)) + data  # also what makes two questions to a unit the same


class Reply(ModbusPDU):
    """What a unit answered. `data` is what stands behind the function code."""

    def __init__(self, unit: int, transaction: int, pdu: bytes) -> None:
        super().__init__(dev_id=unit, transaction_id=transaction)
        self.function_code = pdu[0]
        self.data = pdu[1:]

    @property
    def code(self) -> int:
        """Of an exception."""
        return self.data[0] if self.data else 0

    def words(self) -> list[int]:
        """The registers of a read. Raises ValueError when the count of bytes is not that of the bytes."""
        size = len(self.data) - 1
        if size < 0 or size % 2 or self.data[0] != size:
            raise ValueError(f"{size} bytes where {self.data[0] if self.data else 'none'} are announced")
        return list(struct.unpack_from(f">{size // 2}H", self.data, 1))

    def echo(self) -> tuple[int, int]:
        """Address and number of a write. Raises ValueError."""
        if len(self.data) != 4:
            raise ValueError(f"{len(self.data)} bytes instead of 4")
        address, number = struct.unpack(">HH", self.data)
        return address, number


class Spoilt(ModbusPDU):
    """Something came that was meant as the answer and cannot be used."""

    def __init__(self, unit: int, transaction: int, why: str) -> None:
        super().__init__(dev_id=unit, transaction_id=transaction)
        self.why = why


@functools.lru_cache(4096)  # the same again with every round
def read(block: Block) -> Question:
    """A read of a block."""
    function = _FUNCTIONS[block.space]
    expected = Expected.registers(block.unit, function, block.count)
    return Question(block.unit, function, struct.pack(">HH", block.address, block.count), expected)


def write_one(unit: int, address: int, word: int) -> Question:
    """A write of one register."""
    return Question(unit, WRITE_ONE, struct.pack(">HH", address, word), Expected.echo(unit, WRITE_ONE))


def write_several(unit: int, address: int, words: Sequence[int]) -> Question:
    """A write of registers in one request."""
    data = struct.pack(f">HHB{len(words)}H", address, len(words), 2 * len(words), *words)
    return Question(unit, WRITE_SEVERAL, data, Expected.echo(unit, WRITE_SEVERAL))


def is_exception(function: int) -> bool:
    """True of the function code of a refusal."""
    return bool(function & EXCEPTION)
