"""Plays devices over a real broker: each connection with its own account and last will, and the ways it dies."""

import asyncio
import logging
import random
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import aiomqtt

from firmware_sim.mqtt_client import Client
from firmware_sim.mqtt_kinds import Kind, NarrowbandNode, Said

log = logging.getLogger(__name__)

REPORT_EVERY_S = 10.0  # wall time, as the edges poll
SLEEPS_S, LISTENS_S = 10.0, 12.0  # of a node on the cellular network, wall time; a real one sleeps for longer
_TICK_S = 0.2
_NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
_PAUSE_S = 1.0  # between two tries to connect, on average

OnReport = Callable[[float, str, str, bytes], None]  # domain seconds, account, topic, payload


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the devices of a bus connect: `prefix` stands before their topics, `passwords` is a folder with a file for
    each account."""

    host: str
    port: int
    prefix: str
    passwords: Path


class _Gone(Exception):
    """The device has lost its voltage or its network."""


class Player:
    """One connection, for as long as `run` runs."""

    def __init__(
        self,
        kind: Kind,
        broker: Broker,
        now: Callable[[], float],
        on_report: OnReport | None,
        report_every_s: float = REPORT_EVERY_S,
        sleeps_s: float = SLEEPS_S,
        listens_s: float = LISTENS_S,
    ) -> None:
        self.kind = kind
        self._broker, self._now, self._on_report = broker, now, on_report
        self._report_every_s, self._sleeps_s, self._listens_s = report_every_s, sleeps_s, listens_s
        self._password = (broker.passwords / kind.account).read_text("utf-8").strip()

    async def run(self) -> NoReturn:
        """Connect again and again, as a device does."""
        while True:
            if self.kind.reached:
                await self._connection()
                _notice_cancellation()
            if isinstance(self.kind, NarrowbandNode):
                await self._sleep(self.kind)
            await asyncio.sleep(_PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load, guards nothing

    async def _connection(self) -> None:
        try:
            async with self._connected() as client:
                await self._live(client)
        except* (aiomqtt.MqttError, OSError, _Gone) as group:
            log.info("%s is off its broker: %s", self.kind.account, group.exceptions[0])

    async def _live(self, client: aiomqtt.Client) -> None:
        if isinstance(self.kind, NarrowbandNode):
            await self._while_awake(client)
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(client))
            await self._report(client)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiomqtt.Client]:
        kind, broker = self.kind, self._broker
        will = aiomqtt.Will(self._topic(kind.will.topic), kind.will.payload, qos=1, retain=kind.will.retain)
        async with Client(
            broker.host,
            broker.port,
            identifier=kind.account,
            username=kind.account,
            password=self._password,
            will=will,
            keepalive=15,
            socket_options=[_NODELAY],
        ) as client:
            await client.subscribe([(self._topic(topic), 1) for topic in kind.listens_to])
            _notice_cancellation()
            await self._say(client, kind.greeting(self._now()))
            yield client

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            await self._obey(client, message)

    async def _obey(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        topic = str(message.topic).removeprefix(f"{self._broker.prefix}/")
        await self._say(client, self.kind.obey(topic, payload, self._now()))

    async def _report(self, client: aiomqtt.Client) -> NoReturn:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._report_every_s
        while True:
            await asyncio.sleep(_TICK_S)
            self._check(client)
            await self._say(client, self.kind.changes(self._now()))
            if loop.time() >= due:
                due += self._report_every_s
                await self._say(client, self.kind.reports(self._now()))

    async def _while_awake(self, client: aiomqtt.Client) -> None:
        """Every order keeps it awake for as long again."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._listens_s
        messages = aiter(client.messages)
        heard = asyncio.ensure_future(anext(messages))
        try:
            while loop.time() < ends:
                await asyncio.wait({heard}, timeout=_TICK_S)
                self._check(client)
                if heard.done():
                    await self._obey(client, heard.result())
                    heard = asyncio.ensure_future(anext(messages))
                    ends = loop.time() + self._listens_s
                await self._say(client, self.kind.changes(self._now()))
        finally:
            heard.cancel()
            with suppress(asyncio.CancelledError, aiomqtt.MqttError, StopAsyncIteration):
                await heard

    async def _sleep(self, node: NarrowbandNode) -> None:
        await asyncio.sleep(self._sleeps_s * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load, guards nothing
        if not node.reached:
            node.keep(self._now())

    def _check(self, client: aiomqtt.Client) -> None:
        """A device that is cut off says no farewell: its connection dies, and the broker speaks its last will."""
        if not self.kind.reached:
            sock = client._client.socket()
            if isinstance(sock, socket.socket):
                sock.shutdown(socket.SHUT_RDWR)
            raise _Gone("cut off")

    async def _say(self, client: aiomqtt.Client, said: Sequence[Said]) -> None:
        for one in said:
            topic = self._topic(one.topic)
            await client.publish(topic, one.payload, qos=1, retain=one.retain)
            _notice_cancellation()
            if self._on_report is not None:
                self._on_report(self._now(), self.kind.account, topic, one.payload)

    def _topic(self, topic: str) -> str:
        return f"{self._broker.prefix}/{topic}"


def _notice_cancellation() -> None:
    """Python before 3.12 can lose a cancellation in a TaskGroup in which something fails at that moment."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def play(players: Sequence[Player]) -> None:
    """All of them, until cancelled."""
    async with asyncio.TaskGroup() as group:
        for player in players:
            group.create_task(player.run(), name=f"device {player.kind.account}")
