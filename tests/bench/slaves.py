"""A hundred slaves on one port, in a process of their own, so that only the edge's CPU is the edge's.

`python -m tests.bench.slaves PORT [--silent N] [--takes-ms T]`: units 1 to 100; the first N say nothing; an answer
takes T ms, one after the other, as on a line. As `twenty` says, input registers 0 to 19 differ with every read; as in a
segment controller, a level that is written to holding register 3 or 26 is the actual level at once.
"""

import argparse
import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

UNITS = 100
_HEADER = struct.Struct(">HHHB")
_MEASURED = struct.Struct(">20H")
_READ_INPUT = 4
_LAMP_REGISTERS = 22  # more than the meter has
_PROGRAMME, _OVERRIDE = 3, 26
_RELEASED = 0xFFFF
_BY_PROGRAMME, _BY_OVERRIDE = 1, 3


@dataclass(slots=True)
class Slave:
    """A meter, or a lamp that has reached its level when it has been told."""

    reads: int = 0
    programme: int = 0
    override: int = _RELEASED

    def read(self, count: int) -> bytes:
        self.reads += 1
        return self._lamp() if count >= _LAMP_REGISTERS else self._meter()[: 2 * count]

    def write(self, address: int, word: int) -> None:
        if address == _PROGRAMME:
            self.programme = word
        if address == _OVERRIDE:
            self.override = word

    def _meter(self) -> bytes:
        n = self.reads % 97
        return _MEASURED.pack(*(2200 + n + k for k in range(20)))

    def _lamp(self) -> bytes:
        held = self.override != _RELEASED
        level, reason = (self.override, _BY_OVERRIDE) if held else (self.programme, _BY_PROGRAMME)
        words = [1, 0, 0, level, level, reason, 2300 + self.reads % 7, 210, 5 * level, 960, 5000]
        return struct.pack(">11H", *words) + bytes(2 * _LAMP_REGISTERS - 22)


@dataclass(slots=True)
class Shelf:
    """All of them."""

    silent: int
    takes_s: float
    slaves: dict[int, Slave] = field(default_factory=lambda: {n: Slave() for n in range(1, UNITS + 1)})
    free_at: float = 0.0

    def answer(self, unit: int, pdu: bytes) -> bytes | None:
        slave = self.slaves.get(unit)
        if slave is None or unit <= self.silent:
            return None
        function, address, count = struct.unpack_from(">BHH", pdu)
        if function == _READ_INPUT:
            registers = slave.read(count)
            return bytes((function, len(registers))) + registers
        slave.write(address, struct.unpack_from(">H", pdu, 6)[0])
        return pdu[:5]


class Connection(asyncio.Protocol):
    """One master."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) > _HEADER.size:
            transaction, _, length, unit = _HEADER.unpack_from(self._buffer)
            if len(self._buffer) < 6 + length:
                return
            pdu, self._buffer = self._buffer[_HEADER.size : 6 + length], self._buffer[6 + length :]
            reply = self._shelf.answer(unit, pdu)
            if reply is not None:
                self._send(_HEADER.pack(transaction, 0, len(reply) + 1, unit) + reply)

    def _send(self, frame: bytes) -> None:
        if not self._shelf.takes_s:
            self._transport.write(frame)
            return
        loop = asyncio.get_running_loop()
        self._shelf.free_at = max(loop.time(), self._shelf.free_at) + self._shelf.takes_s
        loop.call_at(self._shelf.free_at, self._transport.write, frame)


async def serve(port: int, silent: int, takes_ms: float) -> None:
    """Until killed."""
    shelf = Shelf(silent, takes_ms / 1000)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(shelf), "127.0.0.1", port)
    await server.serve_forever()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--silent", type=int, default=0)
    parser.add_argument("--takes-ms", type=float, default=0.0)
    wish = parser.parse_args(arguments)
    asyncio.run(serve(wish.port, wish.silent, wish.takes_ms))


if __name__ == "__main__":
    main()
