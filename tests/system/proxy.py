"""A line between an edge and its broker that a test can cut."""

import asyncio
from contextlib import suppress

_AT_ONCE = 65_536


class Line:
    """Passes on what comes at `port` to `target` on this machine. While it is cut nobody gets through."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()
        self._is_cut = False
        self.port = 0

    async def open(self) -> None:
        """Begin to listen; the port stays the same until `close`."""
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection, without a word to either side, and let none be made."""
        self._is_cut = True
        await self._end_visits()

    def heal(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    async def close(self) -> None:
        """End everything."""
        if self._server:
            self._server.close()
        for _ in range(5):  # a connection that the kernel has accepted reaches its visit
            await asyncio.sleep(0)
        await self._end_visits()

    def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.ensure_future(self._visit(reader, writer))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)
        visit.add_done_callback(lambda _: writer.transport.abort())  # also of one that is cut before it begins

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            return
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            ways = [asyncio.ensure_future(_pass_on(reader, back)), asyncio.ensure_future(_pass_on(there, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                back.transport.abort()

    async def _end_visits(self) -> None:
        for visit in list(self._visits):
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_AT_ONCE):
        writer.write(data)
        await writer.drain()
