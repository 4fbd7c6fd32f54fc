"""Slaves, a broker and a master in processes of their own, and a cloud in this one that counts what arrives."""

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import orjson

from haidang.demo.ports import free_port
from protocols import topics, wire
from protocols.topics import Leaf, Stream
from protocols.wire import Mark, Watermark
from tests.bench.running import child
from tests.bench.slaves import UNITS
from tests.edge.clouds import EDGE, SITE, Broker
from tests.ports import wait_for_port
from tests.waiting import until

_CONFIG = """\
edge: {edge}
site: {site}
position: {{longitude: 107.08, latitude: 20.95}}
timezone: Asia/Ho_Chi_Minh
broker: {{host: 127.0.0.1, port: {broker}, username: {edge}, password_file: password}}
data: edge.sqlite
buses:
  - id: HL-TC001
    address: 127.0.0.1:{slaves}
    poll_every: 1s
    devices:
{devices}
"""
_MARK_EVERY_S = 0.2


@dataclass(slots=True)
class Heard:
    """What has arrived: data points, readings and their time, and for each command how it ended and when."""

    points: int = 0
    readings: int = 0
    first_at: int = sys.maxsize  # of the readings, by the city's clock
    last_at: int = 0
    ended: dict[str, tuple[str, float]] = field(default_factory=dict)


class Cloud:
    """Acknowledges everything, at most five times a second."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._held: dict[tuple[str, Stream], int] = {}
        self.heard = Heard()

    async def listen(self) -> None:
        async for message in self._client.messages:
            assert isinstance(message.payload, bytes)
            leaf = topics.parse(str(message.topic)).leaf
            if isinstance(leaf, Stream):
                self._take(leaf, orjson.loads(message.payload))
            elif leaf is Leaf.STATE and b'"values"' in message.payload:  # of the plain loop
                self._take_plain(orjson.loads(message.payload))

    async def acknowledge(self) -> None:
        said = b""
        while True:
            await asyncio.sleep(_MARK_EVERY_S)
            marks = tuple(Mark(epoch=epoch, stream=stream, seq=seq) for (epoch, stream), seq in self._held.items())
            before, said = said, wire.encode_message(Watermark(boot="bench", marks=marks))
            if said != before:
                await self._client.publish(topics.topic(SITE, EDGE, Leaf.WATERMARK), said, qos=1, retain=True)

    async def say(self, leaf: Leaf, payload: bytes) -> None:
        await self._client.publish(topics.topic(SITE, EDGE, leaf), payload, qos=1)

    def _take_plain(self, said: dict) -> None:  # type: ignore[type-arg] # as it travels
        self.heard.points += len(said["values"])
        self.heard.readings += 1
        self.heard.first_at = min(self.heard.first_at, int(said["at"]))
        self.heard.last_at = max(self.heard.last_at, int(said["at"]))

    def _take(self, stream: Stream, batch: dict) -> None:  # type: ignore[type-arg] # as it travels
        self._held[batch["epoch"], stream] = batch["seq"]
        for table in batch.get("tables", ()):
            self.heard.points += sum(len(column) - column.count(None) for column in table["values"])
            self.heard.readings += len(table["at"])
            self.heard.first_at = min(self.heard.first_at, *table["at"])
            self.heard.last_at = max(self.heard.last_at, *table["at"])
        for event in batch.get("events", ()):
            if event["step"] != "accepted":
                self.heard.ended[event["id"]] = event["step"], time.perf_counter()


@dataclass(slots=True)
class Seen:
    """Between two looks: seconds, CPU seconds of the master with all its threads, points that arrived, and memory."""

    wall_s: float
    cpu_s: float
    points: int
    rss_mb: float

    @property
    def cpu_us_per_point(self) -> float:
        return self.cpu_s / max(1, self.points) * 1e6


@dataclass(slots=True)
class Rig:
    """One master at work."""

    cloud: Cloud
    pid: int

    async def over(self, seconds: float) -> Seen:
        """What happens in so many seconds and a little more: both ends are moments at which something has arrived, so
        that whole rounds are counted."""
        await self._arrival()
        began, cpu_s, points = time.perf_counter(), cpu_of(self.pid), self.cloud.heard.points
        await asyncio.sleep(seconds)
        await self._arrival()
        wall_s = time.perf_counter() - began
        return Seen(wall_s, cpu_of(self.pid) - cpu_s, self.cloud.heard.points - points, rss_mb(self.pid))

    async def _arrival(self) -> None:
        before = self.cloud.heard.points
        await until(lambda: self.cloud.heard.points > before, every_s=0.002)


def cpu_of(pid: int) -> float:
    """User and system time of a process and all its threads that live, in seconds."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@asynccontextmanager
async def slaves(folder: Path, silent: int = 0, takes_ms: float = 0.0) -> AsyncIterator[int]:
    """Their port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.slaves", str(port)]
    async with child(folder / "slaves.log", [*command, "--silent", str(silent), "--takes-ms", str(takes_ms)]):
        await wait_for_port(port)
        yield port


Command = Callable[[Path, int, Broker], list[str]]  # folder, port of the slaves, broker


@asynccontextmanager
async def rig(
    folder: Path, command: Command, *, silent: int = 0, takes_ms: float = 0.0, first_data_s: float = 60.0
) -> AsyncIterator[Rig]:
    """Everything, from the first data that arrives. Raises TimeoutError when none does."""
    broker = Broker(folder, "mosquitto")
    await broker.start()
    try:
        async with (
            slaves(folder, silent, takes_ms) as port,
            _cloud(broker) as cloud,
            child(folder / "master.log", command(folder, port, broker)) as master,
        ):
            await until(lambda: cloud.heard.points, first_data_s)
            yield Rig(cloud, master.pid)
    finally:
        await broker.stop()


def our_edge(every_s: float, *, loop: str = "", profile: str = "bench-twenty") -> Command:
    """Our edge, a round every so many seconds."""

    def command(folder: Path, port: int, broker: Broker) -> list[str]:
        device = "      - {{id: D{n:03d}, profile: {profile}, unit: {n}}}"
        devices = "\n".join(device.format(n=n, profile=profile) for n in range(1, UNITS + 1))
        config = folder / "edge.yaml"
        config.write_text(_CONFIG.format(edge=EDGE, site=SITE, broker=broker.port, slaves=port, devices=devices))
        wanted = [sys.executable, "-m", "tests.bench.masters", "edge", str(config), str(every_s)]
        return [*wanted, loop] if loop else wanted

    return command


def plain_loop(every_s: float) -> Command:
    """The peer."""

    def command(folder: Path, port: int, broker: Broker) -> list[str]:
        where = [str(port), str(broker.port), EDGE, str(broker.password_file), str(every_s)]
        return [sys.executable, "-m", "tests.bench.masters", "loop", *where]

    return command


@asynccontextmanager
async def _cloud(broker: Broker) -> AsyncIterator[Cloud]:
    account = broker.everyone["cloud"]
    client = aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        identifier=account.user,
        username=account.user,
        password=account.password,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )
    async with client:
        await client.subscribe([(topic, 1) for topic in topics.from_every_edge(SITE)])
        cloud = Cloud(client)
        tasks = [asyncio.create_task(cloud.listen()), asyncio.create_task(cloud.acknowledge())]
        try:
            yield cloud
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)
