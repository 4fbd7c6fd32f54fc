"""The same units behind a serial line, or behind a socket that passes a line's bytes on."""

import asyncio
import contextlib
import os
import termios
import tty
from collections.abc import AsyncIterator, Callable, Iterator

from firmware_sim.modbus_server import Line, Malformed
from protocols.modbus import rtu
from protocols.modbus.rtu import READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_SEVERAL

_READ = 4096
_TO_TELL = 7  # bytes of a request before its length is known
_REQUEST = 8  # of a read, and of a write of one register: unit, function, address, number, CRC
_WRITES = 9  # of a write of several without its data
_LONGEST = 256
_EIGHT = (READ_HOLDING, READ_INPUT, WRITE_ONE)


class Requests:
    """Cuts requests out of a line's bytes; what is none is passed over."""

    def __init__(self) -> None:
        self._buffer = b""

    def take(self, data: bytes) -> Iterator[bytes]:
        """The whole requests that have come."""
        self._buffer += data
        while len(self._buffer) >= _TO_TELL:
            size = self._size()
            if size > len(self._buffer):
                return
            frame = self._buffer[:size]
            if size and rtu.is_whole(frame):
                self._buffer = self._buffer[size:]
                yield frame
            else:
                self._buffer = self._buffer[1:]

    def _size(self) -> int:
        function = self._buffer[1]
        if function in _EIGHT:
            return _REQUEST
        size = _WRITES + self._buffer[6]
        return size if function == WRITE_SEVERAL and size <= _LONGEST else 0


class Serving:
    """Answers what comes over a line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._requests = Requests()

    def answers(self, data: bytes) -> bytes:
        """What is to be sent for these bytes."""
        return b"".join(self._answer(request) for request in self._requests.take(data))

    def _answer(self, request: bytes) -> bytes:
        unit = request[0]
        try:
            pdu = self._line.answer(unit, request[1:-2], self._line.now())
        except Malformed:
            return b""
        return b"" if pdu is None else rtu.sealed(unit, pdu)


@contextlib.asynccontextmanager
async def on_serial(line: Line, port: str, baudrate: int) -> AsyncIterator[None]:
    """Answer on a serial port or a pty for as long as the context lasts. Raises OSError."""
    loop, fd = asyncio.get_running_loop(), os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        _configure(fd, baudrate)
        loop.add_reader(fd, _heard(fd, Serving(line)))
        yield
    finally:
        loop.remove_reader(fd)
        os.close(fd)


@contextlib.asynccontextmanager
async def on_socket(line: Line, host: str, port: int) -> AsyncIterator[int]:
    """Answer on a TCP port; gives it, which matters when it was 0. Raises OSError."""
    open_connections: set[asyncio.Transport] = set()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(line, open_connections), host, port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for transport in list(open_connections):
            transport.abort()
        await server.wait_closed()


class _Connection(asyncio.Protocol):
    def __init__(self, line: Line, open_connections: set[asyncio.Transport]) -> None:
        self._serving = Serving(line)
        self._open = open_connections
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP server has no other; for mypy
        self._transport = transport
        self._open.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self._open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        answers = self._serving.answers(data)
        if answers:
            self._transport.write(answers)


def _configure(fd: int, baudrate: int) -> None:
    """Raw bytes, 8N1, at this speed. Raises OSError when it is no terminal."""
    try:
        tty.setraw(fd)
        settings = termios.tcgetattr(fd)
        settings[4] = settings[5] = getattr(termios, f"B{baudrate}")
        termios.tcsetattr(fd, termios.TCSANOW, settings)
    except termios.error as error:
        raise OSError(*error.args) from error


def _heard(fd: int, serving: Serving) -> Callable[[], None]:
    def hear() -> None:
        try:
            data = os.read(fd, _READ)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(fd)  # the other end is gone
            return
        os.write(fd, serving.answers(data))

    return hear
