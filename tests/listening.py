"""A server of a test's own that leaves nothing open: not a connection that was being accepted when it ended, either."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_TURNS = 5  # of the event loop, for a connection that the kernel has accepted to reach its visit


@asynccontextmanager
async def listening(serve: Serve, port: int = 0) -> AsyncIterator[int]:
    """Answer each connection with `serve` until the context ends; gives the port. Whoever hangs up is let go."""
    visits: set[asyncio.Task[None]] = set()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await serve(reader, writer)
        finally:
            writer.transport.abort()

    def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(visit(reader, writer))
        visits.add(task)
        task.add_done_callback(visits.discard)

    server = await asyncio.start_server(joined, "127.0.0.1", port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        await _end(visits)


async def _end(visits: set[asyncio.Task[None]]) -> None:
    for task in list(visits):
        task.cancel()
    await asyncio.gather(*visits, return_exceptions=True)
