"""Where `haidang edge status` asks the running edge: a socket in its folder that only its own account may open."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from edge_agent.status import Status

_LONGEST_PATH = 100  # bytes; sockaddr_un has room for 108
_PATIENCE_S = 5.0


def door(data: Path) -> Path:
    """Where the door of the edge with this data is."""
    return data.with_suffix(".sock")


@asynccontextmanager
async def answering(path: Path, status: Callable[[], Status]) -> AsyncIterator[None]:
    """Tell everybody who comes how the edge is, until the block ends."""

    async def tell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(orjson.dumps(status(), option=orjson.OPT_NON_STR_KEYS))
            await writer.drain()
        writer.close()

    with _listening(path) as listener:
        async with await asyncio.start_unix_server(tell, sock=listener):
            yield


def ask(path: Path) -> dict[str, Any]:
    """How the edge is, as plain data. Raises OSError when nobody answers."""
    with _short(path) as address, socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(_PATIENCE_S)
        asking.connect(address)
        parts = list(iter(lambda: asking.recv(65536), b""))
    found: dict[str, Any] = orjson.loads(b"".join(parts))
    return found


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)  # of an edge that was killed
    with _short(path) as address, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        path.chmod(0o600)  # nobody can connect before it listens
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """An address for a socket in a folder, however deep that stands."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
