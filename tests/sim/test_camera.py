"""The camera is a stream that any MJPEG reader understands, moves, knows day from night, and says it is simulated."""

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from firmware_sim.scene import HEIGHT, WIDTH, Scene, draw
from tests.sim.town import Time, Town, running

NIGHT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


def brightness(picture: bytes) -> float:
    return float(ImageStat.Stat(Image.open(io.BytesIO(picture)).convert("L")).mean[0])


def moved(a: bytes, b: bytes) -> float:
    """How much two pictures differ below the time stamp, 0 to 255."""
    street = (0, 20, WIDTH, HEIGHT)
    first, second = (Image.open(io.BytesIO(picture)).convert("L").crop(street) for picture in (a, b))
    return float(ImageStat.Stat(ImageChops.difference(first, second)).mean[0])


async def ask(town: Town, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", town.ports.camera)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    async with asyncio.timeout(30):
        return reader, writer, await reader.readuntil(b"\r\n\r\n")


async def next_part(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(30):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.rpartition(b"Content-Length: ")[2])
        part = await reader.readexactly(length)
        assert await reader.readexactly(2) == b"\r\n"
        return part


async def test_the_stream_sends_pictures_that_move(town: Town) -> None:
    reader, writer, head = await ask(town, "/HL-CAM-01.mjpg")
    first = await next_part(reader)
    town.time.wall += 1
    later = await next_part(reader)
    while later == first:  # one more may have been on its way
        later = await next_part(reader)
    writer.close()

    assert b"multipart/x-mixed-replace" in head
    assert Image.open(io.BytesIO(first)).size == (WIDTH, HEIGHT)
    assert moved(first, later) > 0.2


async def test_a_single_picture_can_be_had(town: Town) -> None:
    reader, writer, head = await ask(town, "/HL-CAM-01.jpg?now")
    async with asyncio.timeout(30):
        picture = await reader.read()
    writer.close()

    assert b"image/jpeg" in head
    assert Image.open(io.BytesIO(picture)).format == "JPEG"


@pytest.mark.parametrize("path", ["/", "/HL-CAM-02.mjpg", "/HL-CAM-01.html", "/../faults.json"])
async def test_there_is_nothing_else_to_see(town: Town, path: str) -> None:
    _, writer, head = await ask(town, path)
    writer.close()

    assert head.startswith(b"HTTP/1.1 404")


async def test_whoever_watches_does_not_keep_the_simulator_from_ending(tmp_path: Path) -> None:
    async with running(tmp_path, Time()) as town:
        reader, writer, _ = await ask(town, "/HL-CAM-01.mjpg")
        await next_part(reader)
    async with asyncio.timeout(30):
        await reader.read()
    writer.close()


def test_a_night_is_darker_than_a_day_and_its_lamps_are_lit() -> None:
    night, day = (draw(Scene("HL-CAM-01", NIGHT, light, 12.0)) for light in (0.0, 1.0))

    assert brightness(night) < 60 < 110 < brightness(day)
    assert moved(night, draw(Scene("HL-CAM-01", NIGHT, 0.0, 12.0))) == 0
