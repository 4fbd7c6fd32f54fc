"""Modbus TCP as a bus of many units: one asyncio protocol, requests answered in the segment in which they come.

A server loop of our own, because it must not cost more than the edge agents that it drives (an established library
takes about nine times as long for a request).
"""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from firmware_sim.image import words
from firmware_sim.units import IllegalFunction, IllegalValue, Refusal, Unit
from protocols.modbus.registers import Space

log = logging.getLogger(__name__)

OnRead = Callable[[float, str, int, Space, int, bytes], None]

READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY = 3, 4, 6, 16
MOST_READ, MOST_WRITTEN = 125, 123  # Modbus Application Protocol V1.1b3, sections 6.3 and 6.12
_SPACES = {READ_HOLDING: Space.HOLDING, READ_INPUT: Space.INPUT}
_HEADER = struct.Struct(">HHHB")  # transaction, protocol 0, bytes that follow, unit
_LONGEST = 254  # unit and the longest PDU
_FIELDS = struct.Struct(">BHH")


class Malformed(ValueError):
    """These bytes are not Modbus TCP; nobody can tell where the next request starts."""


@dataclass(slots=True)
class Line:
    """All units that answer on one port. A silent line takes requests and says nothing."""

    name: str
    units: Mapping[int, Unit]
    now: Callable[[], float]
    on_read: OnRead | None = None
    silent: bool = False

    def answer(self, number: int, pdu: bytes, now: float) -> bytes | None:
        """The PDU that answers a PDU; `None` when there is only silence. Raises Malformed."""
        unit = self.units.get(number)
        if self.silent or unit is None or unit.silent:
            return None
        try:
            return self._obeyed(unit, number, pdu, now)
        except Refusal as refusal:
            return bytes((pdu[0] | 0x80, refusal.code))

    def _obeyed(self, unit: Unit, number: int, pdu: bytes, now: float) -> bytes:
        function = pdu[0]
        if function in _SPACES:
            return self._read(unit, number, pdu, now)
        if function == WRITE_ONE:
            return _write_one(unit, pdu, now)
        if function == WRITE_MANY:
            return _write_many(unit, pdu, now)
        raise IllegalFunction

    def _read(self, unit: Unit, number: int, pdu: bytes, now: float) -> bytes:
        function, address, count = _fields(pdu)
        if not 1 <= count <= MOST_READ and not (count == 0 and unit.takes_orders):
            raise IllegalValue
        registers = unit.read(_SPACES[function], address, count, now)
        if self.on_read is not None:
            self.on_read(now, self.name, number, _SPACES[function], address, registers)
        return bytes((function, len(registers))) + registers


def _write_one(unit: Unit, pdu: bytes, now: float) -> bytes:
    _, address, value = _fields(pdu)
    unit.write(address, [value], now)
    return pdu


def _write_many(unit: Unit, pdu: bytes, now: float) -> bytes:
    if len(pdu) < 6 or len(pdu) != 6 + pdu[5]:
        raise Malformed("a write whose byte count is not that of its bytes")
    _, address, count = _FIELDS.unpack_from(pdu)
    if not 1 <= count <= MOST_WRITTEN and not (count == 0 and unit.takes_orders):
        raise IllegalValue
    if pdu[5] != 2 * count:
        raise IllegalValue
    unit.write(address, words(pdu[6:]), now)
    return pdu[:5]


def _fields(pdu: bytes) -> tuple[int, int, int]:
    if len(pdu) != _FIELDS.size:
        raise Malformed(f"function {pdu[0]} with {len(pdu)} bytes")
    function, address, value = _FIELDS.unpack(pdu)
    return function, address, value


class Connection(asyncio.Protocol):
    """One master. Requests may come split, or many in one segment; the answers of a segment leave together."""

    def __init__(self, line: Line, open_connections: set["Connection"]) -> None:
        self._line = line
        self._open = open_connections
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP server has no other; for mypy
        self._transport = transport
        self._open.add(self)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers: list[bytes] = []
        try:
            self._buffer = self._buffer[self._answer_all(answers) :]
        except Malformed as error:
            log.info("%s: closing a connection: %s", self._line.name, error)
            self._send(answers)
            self._transport.close()
        else:
            self._send(answers)

    def _send(self, answers: list[bytes]) -> None:
        if answers:
            self._transport.write(b"".join(answers))

    def pause_writing(self) -> None:
        """A master that asks and does not listen is not listened to either."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def hang_up(self) -> None:
        """At once, also on a master that does not listen."""
        self._transport.abort()

    def _answer_all(self, answers: list[bytes]) -> int:
        """Answer every whole request in the buffer; returns how many bytes they were."""
        buffer, at, now = self._buffer, 0, self._line.now()
        while len(buffer) - at >= _HEADER.size:
            transaction, protocol, length, unit = _HEADER.unpack_from(buffer, at)
            if protocol != 0 or not 2 <= length <= _LONGEST:
                raise Malformed(f"protocol {protocol}, length {length}")
            end = at + 6 + length
            if end > len(buffer):
                break
            pdu = self._line.answer(unit, buffer[at + _HEADER.size : end], now)
            if pdu is not None:
                answers.append(_HEADER.pack(transaction, 0, len(pdu) + 1, unit) + pdu)
            at = end
        return at


@contextlib.asynccontextmanager
async def listening(line: Line, host: str, port: int) -> AsyncIterator[int]:
    """Answer for as long as the context lasts; gives the port, which matters when it was 0. Raises OSError."""
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(line, connections), host, port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for connection in list(connections):
            connection.hang_up()
        await server.wait_closed()
