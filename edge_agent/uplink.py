"""The way to the cloud: one MQTT connection, made again by one loop, and the outbox sent over it in order.

A batch is done when the cloud's watermark covers it; the broker's PUBACK only says that the line is alive.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import aiomqtt

from edge_agent.cancelling import notice_cancellation
from edge_agent.config import EdgeConfig
from edge_agent.desired import Holdings
from edge_agent.flow import Flow
from edge_agent.mqtt_client import PATIENCE_S, client, reasons
from edge_agent.outbox import Entry, Outbox
from edge_agent.pauses import Pause
from protocols import topics, wire
from protocols.audit_head import AuditHead
from protocols.clock import DomainClock
from protocols.commands import Command, Group
from protocols.topics import Leaf, Stream
from protocols.wire import Birth, Desired, EdgeState, Header, Watermark, WireError

log = logging.getLogger(__name__)

_FAREWELL_S = 1.0  # an agent that is told to end has no more time for a slow broker


class _BeginAgain(Exception):
    """This connection no longer fits what we are."""


def _deaf(_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears what comes from the cloud; none of them may wait. `time` is the city's, as the cloud has it now."""

    command: Callable[[Command | Group], None] = _deaf
    desired: Callable[[Desired], None] = _deaf
    time: Callable[[datetime], None] = _deaf
    audit_head: Callable[[AuditHead], None] = _deaf


class Uplink:
    """Give it to a task with `run`. `holdings` are said in the birth, again whenever they change."""

    def __init__(
        self,
        config: EdgeConfig,
        outbox: Outbox,
        clock: DomainClock,
        software: str,
        ears: Ears,
        holdings: Holdings | None = None,
        *,
        pause: Pause | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._config = config
        self._outbox = outbox
        self._clock = clock
        self._software = software
        self._ears = ears
        self._holdings = holdings or Holdings()
        self._pause = pause or Pause(0.5, 60.0)
        self._patience_s = patience_s
        uplink = config.uplink
        stall_after = uplink.stall_after.total_seconds()
        self._flow = Flow(outbox.readable, uplink.window, stall_after, uplink.backlog_per_second)
        self._boot: str | None = None
        self._away_since: float | None = None
        self._stalled: set[Stream] = set()
        self.connected = False

    def stream_for_readings(self) -> Stream:
        """Live while the link is up and the cloud keeps up; otherwise they will be late, and go into the backlog."""
        caught_up = self._outbox.shelf(Stream.LIVE).depth < self._config.uplink.window
        return Stream.LIVE if self.connected and caught_up else Stream.BACKLOG

    async def run(self) -> NoReturn:
        """Keep a connection until cancelled."""
        while True:
            reason = await self._connection()
            notice_cancellation()
            if self._away_since is None:
                self._away_since = time.monotonic()
                log.warning("no connection to the cloud: %s", reason)
            await asyncio.sleep(self._pause.after_failure())

    async def _connection(self) -> str:
        """Why it ended."""
        why: list[str] = []
        try:
            async with _client(self._config, self._patience_s) as connected:
                await self._session(connected)
        except* (aiomqtt.MqttError, OSError, _BeginAgain) as group:
            why = reasons(group)
        finally:
            self.connected = False
        return why[0] if why else "it was closed"

    async def _session(self, client: aiomqtt.Client) -> None:
        await self._introduce(client)
        notice_cancellation()
        self._flow.restart()
        self._boot = None
        self.connected = True
        self._arrived()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._receive(client))
                group.create_task(self._say_again(client))
                await self._send(client, group)  # in the body: only there 3.11 takes its own cancellation back
        except asyncio.CancelledError:
            await self._take_leave(client)
            raise

    def _arrived(self) -> None:
        self._pause.reset()
        if self._away_since is not None:
            log.info("connected to the cloud again after %.0f s", time.monotonic() - self._away_since)
            self._away_since = None

    async def _introduce(self, client: aiomqtt.Client) -> None:
        site, edge = self._config.site, self._config.edge
        await client.subscribe([(topic, 1) for topic in topics.to_one_edge(site, edge)])
        await self._say_who_we_are(client)
        state = wire.encode_message(EdgeState(state="online"))
        await client.publish(topics.topic(site, edge, Leaf.STATE), state, qos=1, retain=True)

    async def _say_again(self, client: aiomqtt.Client) -> NoReturn:
        while True:
            await self._holdings.news.wait()
            await self._say_who_we_are(client)
            notice_cancellation()

    async def _say_who_we_are(self, client: aiomqtt.Client) -> None:
        self._holdings.news.clear()
        birth = Birth(
            epoch=self._outbox.epoch,
            software=self._software,
            at=self._clock.now(),
            documents=self._holdings.held or None,
            refused=self._holdings.refused or None,
        )
        topic = topics.topic(self._config.site, self._config.edge, Leaf.BIRTH)
        await client.publish(topic, wire.encode_message(birth), qos=1, retain=True)

    async def _take_leave(self, client: aiomqtt.Client) -> None:
        """Say that we are offline: whoever disconnects in good order has no last will."""
        client.timeout = _FAREWELL_S
        will = _will(self._config)
        with suppress(aiomqtt.MqttError):
            await client.publish(will.topic, will.payload, qos=will.qos, retain=will.retain)

    async def _send(self, client: aiomqtt.Client, group: asyncio.TaskGroup) -> NoReturn:
        while True:
            self._outbox.news.clear()
            self._tell_stalls(self._flow.stalls(time.monotonic()))
            wish = self._flow.wish(time.monotonic())
            if wish is None:
                await self._news()
                continue
            epoch = self._outbox.epoch  # the one of these seqs, whatever the next watermark begins
            entries = await self._outbox.unsent(wish.stream, wish.after, wish.limit)
            if not wish.same_place(self._flow.wish(time.monotonic())):
                continue  # a watermark, a restart or an event came while the disk was asked
            for entry in entries:
                self._flow.published(wish.stream, entry.seq, time.monotonic())
                group.create_task(self._publish(client, wish.stream, epoch, entry))

    async def _news(self) -> None:
        """Wait for an append, a watermark, or the next moment of the flow."""
        wake_at = self._flow.wake_at()
        delay = None if wake_at is None else max(0.0, wake_at - time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._outbox.news.wait()

    async def _publish(self, client: aiomqtt.Client, stream: Stream, epoch: str, entry: Entry) -> None:
        """One of many at a time: nobody waits for the PUBACK but this task, which ends the connection without it."""
        header = Header(epoch, entry.seq, min(self._outbox.floor(stream), entry.seq))
        topic = topics.topic(self._config.site, self._config.edge, stream)
        await client.publish(topic, wire.seal(header, entry.body), qos=1)

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            try:
                await self._take(message)
            except (WireError, topics.NotATopic) as error:
                log.warning("what came on %s is not for us: %s", message.topic, error)

    async def _take(self, message: aiomqtt.Message) -> None:
        leaf = topics.parse(str(message.topic)).leaf
        payload = message.payload if isinstance(message.payload, bytes) else b""
        if leaf is Leaf.WATERMARK:
            watermark = wire.decode_message(Watermark, payload)
            if watermark.at and not message.retain:  # what was retained tells when it was said
                self._ears.time(watermark.at)
            await self._watermark(watermark)
        elif leaf is Leaf.COMMAND:
            self._ears.command(wire.decode_command(payload))
        elif leaf is Leaf.DESIRED:
            self._ears.desired(wire.decode_message(Desired, payload))
        elif leaf is Leaf.AUDIT_HEAD:
            self._ears.audit_head(wire.decode_message(AuditHead, payload))

    async def _watermark(self, watermark: Watermark) -> None:
        epoch = self._outbox.epoch
        await self._outbox.trim(watermark.marks)
        if self._outbox.epoch != epoch:
            self._flow.begin_epoch()
            raise _BeginAgain("a new epoch is begun")
        marks = {mark.stream: mark.seq for mark in watermark.marks if mark.epoch == epoch}
        now = time.monotonic()
        moved = [self._flow.acknowledged(stream, marks.get(stream, 0), now) for stream in topics.STREAMS]
        self._greet(watermark.boot, any(moved))
        self._outbox.news.set()

    def _greet(self, boot: str, moved: bool) -> None:
        """A cloud that has restarted may have lost what it heard. One that is heard for the first time on this
        connection may not have been listening before, unless its watermark has just moved."""
        if self._boot is not None and boot != self._boot:
            log.info("the cloud has restarted; what it has not got is sent again")
        if boot != self._boot and not (self._boot is None and moved):
            self._flow.restart()
        self._boot = boot

    def _tell_stalls(self, still: list[Stream]) -> None:
        """Once for each silence; it has ended when nothing of the stream waits any more."""
        self._stalled = {stream for stream in self._stalled if self._outbox.shelf(stream).depth}
        for stream in still:
            if stream not in self._stalled:
                log.warning("the cloud does not acknowledge %s; its oldest batch is sent again", stream)
            self._stalled.add(stream)


def _client(config: EdgeConfig, patience_s: float) -> aiomqtt.Client:
    in_flight = 3 * config.uplink.window + 10
    return client(config.broker, config.edge, in_flight, will=_will(config), patience_s=patience_s)


def _will(config: EdgeConfig) -> aiomqtt.Will:
    payload = wire.encode_message(EdgeState(state="offline"))
    return aiomqtt.Will(topics.topic(config.site, config.edge, Leaf.STATE), payload, qos=1, retain=True)
