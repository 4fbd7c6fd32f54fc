"""Loopback ports that nobody has at this moment.

All of them lie below 32768, where Linux begins to give ports to outgoing connections by itself: a port from there may
be taken by anybody's connection before its server comes to listen.
"""

import asyncio
import contextlib
import itertools
import random
import socket

span = range(10_000, 32_768)
_given: set[int] = set()  # by this process; their servers may not listen yet


def free_port(wanted: int | None = None) -> int:
    """The wanted port, or the next free one above it; without a wish any. Raises OSError."""
    return free_run(wanted, 1)


def free_run(wanted: int | None, count: int) -> int:
    """The first of `count` free ports in a row. Raises OSError."""
    start = wanted or _anywhere()
    for first in itertools.chain(range(start, span.stop - count, count), range(span.start, start, count)):
        run = range(first, first + count)
        if _given.isdisjoint(run) and all(map(_is_free, run)):
            _given.update(run)
            return first
    raise OSError(f"no {count} free ports in a row on 127.0.0.1")


async def listening(port: int, timeout_s: float = 60.0) -> None:
    """Return when something listens. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while True:
            if await answers(port):
                return
            await asyncio.sleep(0.02)


async def answers(port: int) -> bool:
    """True when something listens."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _anywhere() -> int:
    """Two that look at the same time should not look at the same place."""
    return random.choice(span)  # noqa: S311 - no secret


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return True
    return False
