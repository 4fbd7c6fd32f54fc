"""Street cameras over HTTP, as MJPEG and as single pictures, drawn only while somebody looks.

GET /HL-CAM-01.mjpg    five pictures a second for as long as somebody looks
GET /HL-CAM-01.jpg     one picture
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from firmware_sim.scene import Scene, draw
from firmware_sim.sky import DARK_BELOW, Sky

PICTURES_PER_SECOND = 5
_FULL_DAY = 12.0  # degrees of sun elevation above the first light
_BOUNDARY = b"haidang-picture"
_LONGEST_REQUEST = 4096
_REQUEST_S = 10.0


class Camera:
    """Draws only when it is asked, and once for everybody who looks in the same moment."""

    def __init__(self, name: str, sky: Sky, timezone: str, now: Callable[[], float], wall: Callable[[], float]) -> None:
        self.name = name
        self._sky, self._zone = sky, ZoneInfo(timezone)
        self._now, self._wall = now, wall
        self._drawn: tuple[int, bytes] = (-1, b"")

    @property
    def step(self) -> int:
        """The number of the picture that belongs to this moment."""
        return int(self._wall() * PICTURES_PER_SECOND)

    async def picture(self) -> bytes:
        """The JPEG of this moment."""
        step = self.step
        if self._drawn[0] != step:
            self._drawn = step, await asyncio.to_thread(draw, self._scene(step))
        return self._drawn[1]

    def _scene(self, step: int) -> Scene:
        at = self._now()
        light = min(max((self._sky.sun_elevation(at) - DARK_BELOW) / _FULL_DAY, 0.0), 1.0)
        return Scene(self.name, datetime.fromtimestamp(at, self._zone), light, step / PICTURES_PER_SECOND)


@contextlib.asynccontextmanager
async def serve(cameras: Iterable[Camera], port: int, *, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Show the cameras for as long as the context lasts; gives the port, which matters when it was 0."""
    by_name = {camera.name: camera for camera in cameras}
    watching: set[asyncio.Task[None]] = set()

    def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_visit(by_name, reader, writer))
        watching.add(task)
        task.add_done_callback(watching.discard)

    server = await asyncio.start_server(visit, host, port, limit=_LONGEST_REQUEST)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in list(watching):
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def _visit(cameras: dict[str, Camera], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request. Whoever hangs up, or says nothing that we understand, is let go."""
    try:
        async with asyncio.timeout(_REQUEST_S):
            request = await reader.readuntil(b"\r\n\r\n")
        await _answer(cameras, request, writer)
    except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    except asyncio.CancelledError:
        writer.transport.abort()  # at the end nobody waits for the rest of a picture
        raise
    finally:
        writer.close()


async def _answer(cameras: dict[str, Camera], request: bytes, writer: asyncio.StreamWriter) -> None:
    words = request.split(b"\r\n", 1)[0].split(b" ")
    path = words[1].decode("ascii", "replace").partition("?")[0] if len(words) == 3 else ""
    name, _, kind = path.removeprefix("/").rpartition(".")
    camera = cameras.get(name)
    if words[0] != b"GET" or camera is None or kind not in ("jpg", "mjpg"):
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    elif kind == "jpg":
        picture = await camera.picture()
        writer.write(_head(b"image/jpeg") + b"Content-Length: %d\r\n\r\n" % len(picture) + picture)
    else:
        writer.write(_head(b"multipart/x-mixed-replace; boundary=" + _BOUNDARY) + b"\r\n")
        await _stream(camera, writer)
    await writer.drain()


def _head(kind: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nCache-Control: no-store\r\nConnection: close\r\n"


async def _stream(camera: Camera, writer: asyncio.StreamWriter) -> None:
    """Until the watcher hangs up, which shows when a picture cannot be sent."""
    while True:
        picture = await camera.picture()
        part = b"--%b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (_BOUNDARY, len(picture))
        writer.write(part + picture + b"\r\n")
        await writer.drain()
        await asyncio.sleep(1 / PICTURES_PER_SECOND)
