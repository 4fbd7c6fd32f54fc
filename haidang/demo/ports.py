"""Loopback ports that nobody has at this moment."""

import contextlib
import socket


def free_port(wanted: int = 0) -> int:
    """The wanted port on loopback, or any free one when somebody has it."""
    port = _bound(wanted) or _bound(0)
    if port is None:
        raise OSError("no free port on 127.0.0.1")
    return port


def free_run(wanted: int, count: int) -> int:
    """The first of `count` free ports in a row: one for each cabinet."""
    for first in range(wanted, 32768 - count, count):  # below the ports that Linux hands out by itself
        if all(_bound(port) for port in range(first, first + count)):
            return first
    raise OSError(f"no {count} free ports in a row on 127.0.0.1")


def _bound(port: int) -> int | None:
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
    return None
