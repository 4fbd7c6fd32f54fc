"""`mosquitto_sub` with the monitor account sees the whole conversation; without an account it is refused."""

import asyncio
import shutil

import orjson
import pytest

from protocols import wire
from protocols.topics import Leaf, Stream, parse
from tests.system.api import logged_in, when_all_have_reported
from tests.system.conftest import MakeTown
from tests.system.town import Town

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not shutil.which("mosquitto_sub"), reason="not on this machine: apt install mosquitto-clients"),
]


async def test_the_monitor_sees_birth_state_streams_and_watermark(make_town: MakeTown, broker_name: str) -> None:
    town = make_town(broker_name)
    await town.start_all()
    async with logged_in(town) as client:
        await when_all_have_reported(client)
    seen: dict[str, bytes] = {}
    wanted = {Leaf.BIRTH, Leaf.STATE, Stream.LIVE, Leaf.WATERMARK}
    process = await mosquitto_sub(town, "-i", "monitor", "-u", "monitor", "-P", password(town), "-q", "1", "-v")
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            while not wanted <= {parse(topic).leaf for topic in seen}:
                topic, _, payload = (await process.stdout.readline()).strip().partition(b" ")
                seen[topic.decode()] = payload
    finally:
        process.kill()  # its handler of SIGTERM takes locks, and may wait for itself
        await process.wait()
    payloads = {parse(topic).leaf: payload for topic, payload in seen.items()}
    assert wire.decode_message(wire.EdgeState, payloads[Leaf.STATE]).state == "online"
    birth = wire.decode_message(wire.Birth, payloads[Leaf.BIRTH])
    batch = wire.decode_batch(payloads[Stream.LIVE])
    assert birth.epoch == batch.header.epoch
    assert batch.tables
    marks = wire.decode_message(wire.Watermark, payloads[Leaf.WATERMARK]).marks
    assert any(mark.epoch == birth.epoch and mark.stream is Stream.LIVE for mark in marks)
    assert orjson.loads(payloads[Stream.LIVE])["v"] == wire.VERSION


async def test_without_an_account_nobody_listens(make_town: MakeTown, broker_name: str) -> None:
    town = make_town(broker_name)
    await town.start("broker")
    process = await mosquitto_sub(town, "-W", "30")
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    assert process.returncode != 0
    assert not output
    assert b"not authori" in errors.lower()


async def mosquitto_sub(town: Town, *arguments: str) -> asyncio.subprocess.Process:
    command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(town.ports["broker"]), *arguments]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *command, "-t", f"haidang/v1/{town.city.site}/#", stdout=pipe, stderr=pipe
    )


def password(town: Town) -> str:
    return (town.folder / "secrets" / "monitor").read_text()
