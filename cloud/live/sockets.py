"""One open WebSocket: what waits for it is sent, what it says is listened to, and either end ends both."""

import asyncio
from collections.abc import Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from cloud.live.hub import Closing, Hub, Listener
from cloud.people.store import Session

_GOODBYE_S = 2.0

Hear = Callable[[Listener, str], None]


async def serve(socket: WebSocket, hub: Hub, session: Session, hear: Hear, site: str | None = None) -> None:
    """Until the listener goes, or is let go. Of one city alone, if it is given."""
    await socket.accept()
    listener = hub.join(session, site)
    parts = (_send(socket, listener), _hear(socket, listener, hear), _lose_patience(listener))
    ways = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(listener)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _send(socket: WebSocket, listener: Listener) -> None:
    while True:
        item = await listener.next()
        if isinstance(item, Closing):
            await socket.close(item.code, item.reason)
            return
        await (socket.send_bytes(item) if isinstance(item, bytes) else socket.send_text(item))


async def _lose_patience(listener: Listener) -> None:
    """Who does not even take the goodbye is cut off."""
    await listener.let_go()
    await asyncio.sleep(_GOODBYE_S)


async def _hear(socket: WebSocket, listener: Listener, hear: Hear) -> None:
    try:
        async for text in socket.iter_text():
            listener.heard()
            hear(listener, text)
    except (WebSocketDisconnect, KeyError):  # gone, or it sent bytes, which nobody here understands
        return
