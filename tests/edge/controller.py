"""A Modbus TCP server whose registers and misdeeds a test sets."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from protocols.modbus.registers import Space
from tests.listening import listening

_TABLES = {3: Space.HOLDING, 4: Space.INPUT}
_WRITE_ONE, _WRITE = 6, 16


@dataclass(frozen=True)
class Request:
    """What was asked."""

    unit: int
    function: int
    address: int
    count: int


def _as_it_is(frame: bytes) -> bytes:
    return frame


def _unseen(request: Request) -> None:
    pass


@dataclass
class Controller:
    """`silent` units do not answer, `refused` units answer with an exception code, `mangle` spoils whole replies."""

    port: int = 0
    registers: dict[tuple[int, Space, int], int] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    refused: dict[int, int] = field(default_factory=dict)
    mangle: Callable[[bytes], bytes] = _as_it_is
    written: Callable[[Request], None] = _unseen
    requests: list[Request] = field(default_factory=list)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)

    def put(self, unit: int, space: Space, address: int, words: Sequence[int]) -> None:
        for n, word in enumerate(words):
            self.registers[unit, space, address + n] = word

    def get(self, unit: int, space: Space, address: int, count: int) -> list[int]:
        return [self.registers.get((unit, space, address + n), 0) for n in range(count)]

    def writes(self) -> list[Request]:
        return [request for request in self.requests if request.function == _WRITE]

    def drop_connections(self) -> None:
        for writer in self.connections:
            writer.close()
        self.connections.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        while True:
            head = await reader.readexactly(7)
            tid, _, length, unit = struct.unpack(">HHHB", head)
            reply = self._answer(unit, await reader.readexactly(length - 1))
            if reply is not None:
                frame = struct.pack(">HHHB", tid, 0, len(reply) + 1, unit) + reply
                writer.write(self.mangle(frame))
                await writer.drain()

    def _answer(self, unit: int, pdu: bytes) -> bytes | None:
        function, address, count = struct.unpack(">BHH", pdu[:5])
        request = Request(unit, function, address, count)
        self.requests.append(request)
        if unit in self.silent:
            return None
        if unit in self.refused:
            return bytes([function | 0x80, self.refused[unit]])
        if function == _WRITE_ONE:
            self.put(unit, Space.HOLDING, address, [count])
            return pdu
        return self._written(request, pdu) if function == _WRITE else self._read(request)

    def _read(self, request: Request) -> bytes:
        words = self.get(request.unit, _TABLES[request.function], request.address, request.count)
        return struct.pack(f">BB{len(words)}H", request.function, 2 * len(words), *words)

    def _written(self, request: Request, pdu: bytes) -> bytes:
        words = struct.unpack(f">{request.count}H", pdu[6:])
        self.put(request.unit, Space.HOLDING, request.address, words)
        self.written(request)
        return pdu[:5]


@asynccontextmanager
async def running(controller: Controller) -> AsyncIterator[Controller]:
    """Listen on `controller.port`, or on a free one."""
    async with listening(controller.serve, controller.port) as controller.port:
        yield controller
