"""Takes the demo's mail, so that nothing leaves the machine: every message a file."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from firmware_sim.files import write_whole

_LARGEST = 1_000_000  # bytes of one message


class _Letterbox:
    """What aiosmtpd calls when a message has come."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now
        self._numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        content = envelope.content
        assert isinstance(content, bytes)  # noqa: S101 - aiosmtpd decodes only when asked; for mypy
        file = self._folder / f"{self._now():%Y%m%dT%H%M%SZ}-{next(self._numbers):04d}.eml"
        await asyncio.to_thread(write_whole, file, content)
        return "250 Message accepted for delivery"


def _wall() -> datetime:
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def post_office(
    folder: Path, port: int, *, host: str = "127.0.0.1", now: Callable[[], datetime] = _wall
) -> AsyncIterator[int]:
    """Take mail on a port for as long as the context lasts; gives the port, which matters when it was 0."""
    letterbox = _Letterbox(folder, now)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(letterbox, hostname="localhost", data_size_limit=_LARGEST, enable_SMTPUTF8=True), host, port
    )
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
