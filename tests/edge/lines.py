"""A serial line whose far end a test plays: every request that comes is answered as the test says, at once."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from edge_agent.links.modbus import ModbusLink
from edge_agent.links.ports import SerialPort
from edge_agent.pauses import Pause
from protocols.modbus import rtu
from protocols.modbus.rtu import READ_HOLDING, READ_INPUT, WRITE_SEVERAL, sealed

_REQUEST = 8  # bytes of a read, and of a write of one register


def register(unit: int, function: int, address: int) -> int:
    """What stands in a register unless somebody has written there: a number that only it has."""
    return unit << 8 ^ function << 13 ^ address


def right(request: bytes) -> bytes:
    """The answer of a device that has everything."""
    unit, function, address, count = request[0], request[1], _word(request, 2), _word(request, 4)
    if function not in (READ_HOLDING, READ_INPUT):
        return sealed(unit, request[1:6])
    words = b"".join(register(unit, function, address + n).to_bytes(2, "big") for n in range(count))
    return sealed(unit, bytes((function, len(words))) + words)


def answered(request: bytes) -> Sequence[bytes]:
    return [right(request)]


@dataclass
class FarEnd:
    """`answer` gives the pieces that a request brings. `requests` are those that came, whole and right."""

    name: str
    fd: int
    answer: Callable[[bytes], Sequence[bytes]] = answered
    requests: list[bytes] = field(default_factory=list)
    _buffer: bytes = b""

    def say(self, data: bytes) -> None:
        """Bytes that nobody asked for."""
        os.write(self.fd, data)

    def hear(self) -> None:
        self._buffer += os.read(self.fd, 4096)
        while size := _size(self._buffer):
            request, self._buffer = self._buffer[:size], self._buffer[size:]
            assert rtu.is_whole(request)
            self.requests.append(request)
            for piece in self.answer(request):
                self.say(piece)


@asynccontextmanager
async def line() -> AsyncIterator[FarEnd]:
    """A pair of ends; `name` is the device file of the near one."""
    far, near = os.openpty()
    tty.setraw(far)
    tty.setraw(near)
    end = FarEnd(os.ttyname(near), far)
    asyncio.get_running_loop().add_reader(far, end.hear)
    try:
        yield end
    finally:
        asyncio.get_running_loop().remove_reader(far)
        os.close(near)
        os.close(far)


@asynccontextmanager
async def linked(end: FarEnd) -> AsyncIterator[ModbusLink]:
    """Our link to it."""
    link = ModbusLink(SerialPort(end.name, 115_200), 1.0, Pause(0.01, 0.01))
    try:
        yield link
    finally:
        link.close()


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")


def _size(buffer: bytes) -> int:
    """Of the request that stands first, if all of it is there; else 0."""
    if len(buffer) < _REQUEST:
        return 0
    size = 9 + buffer[6] if buffer[1] == WRITE_SEVERAL else _REQUEST
    return size if len(buffer) >= size else 0
