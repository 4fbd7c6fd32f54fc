"""A scripted cloud on a real broker: it takes what an edge sends, and acknowledges what a test wants."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt

from edge_agent.cancelling import notice_cancellation
from haidang.demo import broker as brokers
from haidang.demo.accounts import Account, accounts
from haidang.demo.ports import free_port
from haidang.demo.supervisor import Child, end
from protocols import topics, wire
from protocols.commands import Answer, Command
from protocols.readings import Reading
from protocols.topics import STREAMS, Address, Leaf, Stream
from protocols.wire import Batch, Mark, Watermark
from tests.ports import wait_for_port

SITE, EDGE = "halong", "HL-E01"


class Broker:
    """A broker process that a test may stop and start again; it forgets everything, as a lost disk does."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.port = free_port()
        self.everyone = {account.user: account for account in accounts(SITE, [EDGE], folder)}
        self.password_file = folder / "password"
        self.password_file.write_text(self.everyone[EDGE].password)
        self._folder = folder
        self._kind = kind
        self._starts = 0
        self._child: Child | None = None

    async def start(self) -> None:
        self._starts += 1
        folder = self._folder / f"broker{self._starts}"
        prepared = brokers.prepare(folder, self.port, list(self.everyone.values()), self._kind)
        log = folder / "log"
        self._child = Child("broker", prepared.command, log)
        with log.open("wb") as output:
            self._child.process = await asyncio.create_subprocess_exec(
                *prepared.command, stdout=output, stderr=output, start_new_session=True
            )
        await wait_for_port(self.port)

    async def stop(self) -> None:
        if self._child:
            await end(self._child)


class Cloud:
    """What arrived, in order of arrival. With `answering`, every batch is acknowledged at once."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.arrived: list[tuple[Stream, Batch]] = []
        self.said: dict[Leaf, list[bytes]] = {leaf: [] for leaf in Leaf}
        self.held: dict[tuple[str, Stream], int] = {}
        self.boot = "boot-1"
        self.answering = True

    async def run(self) -> None:
        async for message in self._client.messages:
            assert isinstance(message.payload, bytes)
            await self._take(topics.parse(str(message.topic)), message.payload)
            notice_cancellation()  # a publish that ends in the same moment swallows it, and batches never cease

    async def _take(self, address: Address, payload: bytes) -> None:
        if isinstance(address.leaf, Leaf):
            self.said[address.leaf].append(payload)
            return
        batch = wire.decode_batch(payload)
        self.arrived.append((address.leaf, batch))
        if self.answering:
            name = batch.header.epoch, address.leaf
            expected = max(self.held.get(name, 0) + 1, batch.header.floor)
            if batch.header.seq <= expected:
                self.held[name] = max(self.held.get(name, 0), batch.header.seq)
            await self.acknowledge()

    async def acknowledge(self, **streams: int) -> None:
        """Publish the watermark; `live=3` says that live is held up to 3."""
        epoch = self.arrived[-1][1].header.epoch if self.arrived else "none"
        self.held.update({(epoch, Stream(stream)): seq for stream, seq in streams.items()})
        marks = tuple(Mark(epoch=e, stream=s, seq=seq) for (e, s), seq in self.held.items())
        await self.say(Leaf.WATERMARK, wire.encode_message(Watermark(boot=self.boot, marks=marks)), retain=True)

    async def say(self, leaf: Leaf, payload: bytes, retain: bool = False) -> None:
        await self._client.publish(topics.topic(SITE, EDGE, leaf), payload, qos=1, retain=retain)

    async def command(self, command: Command) -> None:
        await self.say(Leaf.COMMAND, wire.encode_message(command))

    def seqs(self, stream: Stream) -> list[int]:
        return [batch.header.seq for of, batch in self.arrived if of is stream]

    def order(self) -> list[tuple[Stream, int]]:
        return [(stream, batch.header.seq) for stream, batch in self.arrived]

    def states(self) -> list[str]:
        return [wire.decode_message(wire.EdgeState, payload).state for payload in self.said[Leaf.STATE]]

    def answers(self, command: str) -> list[Answer]:
        return [event for stream in STREAMS for event in self._events(stream) if event.id == command]

    def readings(self, device: str) -> list[Reading]:
        tables = [table for _, batch in self.arrived for table in batch.tables]
        return [reading for table in tables for reading in table.readings() if reading.device == device]

    def _events(self, stream: Stream) -> list[Answer]:
        return [event for of, batch in self.arrived if of is stream for event in batch.events]


@asynccontextmanager
async def cloud_on(broker: Broker) -> AsyncIterator[Cloud]:
    """The cloud's account on a broker, connected and listening."""
    account: Account = broker.everyone["cloud"]
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
        listening = asyncio.create_task(cloud.run())
        try:
            yield cloud
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
