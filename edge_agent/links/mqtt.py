"""The way to devices that speak MQTT: one connection to their broker, with an account of its own."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

import aiomqtt

from edge_agent.cancelling import notice_cancellation
from edge_agent.links import NoAnswer, Unreachable
from edge_agent.mqtt_client import client, reasons
from edge_agent.mqtt_config import Broker
from edge_agent.pauses import Pause
from protocols.mqtt.messages import Message

log = logging.getLogger(__name__)

_IN_FLIGHT = 200
_MOST_QUEUED = 10_000  # messages that wait for us; devices that send more than we read lose some, and aiomqtt says so
_AT_ONCE = 100  # topics in one subscription
_PATIENCE_S = 10.0  # for the broker's answer to anything

_LONGEST_PAUSE_S = 60.0  # between two tries to connect
_STUCK_S = 3 * _LONGEST_PAUSE_S  # without a connection, and without a try

OnMessage = Callable[[str, bytes, bool], None]  # topic, payload, retained; must not wait


class MqttLink:
    """Give it to a task with `run`. A lost connection is made again here, and nothing above tries again."""

    def __init__(
        self,
        name: str,
        broker: Broker,
        identifier: str,
        topics: Sequence[str],
        on_message: OnMessage,
        pause: Pause | None = None,
    ) -> None:
        self._name, self._broker, self._identifier = name, broker, identifier
        self._topics, self._wanted, self._on_message = topics, frozenset(topics), on_message
        self._pause = pause or Pause(0.5, _LONGEST_PAUSE_S)
        self._client: aiomqtt.Client | None = None
        self._away_since: float | None = None
        self._tried_at = time.monotonic()
        self.connected_since: float | None = None  # steady seconds

    @property
    def connected(self) -> bool:
        """True while devices can be heard and told."""
        return self.connected_since is not None

    def works(self, now: float) -> bool:
        """True while there is a connection, or one is tried."""
        return self.connected or now - self._tried_at < _STUCK_S

    async def run(self) -> NoReturn:
        """Keep a connection until cancelled."""
        while True:
            reason = await self._connection()
            notice_cancellation()
            if self._away_since is None:
                self._away_since = time.monotonic()
                log.warning("%s: no connection to the devices' broker: %s", self._name, reason)
            await asyncio.sleep(self._pause.after_failure())

    async def publish(self, message: Message) -> None:
        """Returns when the broker has it. Raises LinkError."""
        if self._client is None:
            raise Unreachable(f"no connection to {self._broker.host}:{self._broker.port}")
        try:
            await self._client.publish(message.topic, message.payload, qos=1, retain=False)
        except aiomqtt.MqttError as error:
            notice_cancellation()
            raise NoAnswer(f"the broker did not take it: {error}") from error
        notice_cancellation()

    async def _connection(self) -> str:
        """Why it ended."""
        why: list[str] = []
        self._tried_at = time.monotonic()
        try:
            async with client(
                self._broker, self._identifier, _IN_FLIGHT, patience_s=_PATIENCE_S, most_queued=_MOST_QUEUED
            ) as connected:
                await self._session(connected)
        except* (aiomqtt.MqttError, OSError) as group:
            why = reasons(group)
        finally:
            self._client = self.connected_since = None
        return why[0] if why else "it was closed"

    async def _session(self, connected: aiomqtt.Client) -> None:
        for some in self._parts():
            await connected.subscribe([(topic, 1) for topic in some])
        notice_cancellation()
        self._arrived(connected)
        async for message in connected.messages:
            if message.topic.value in self._wanted:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                self._on_message(message.topic.value, payload, bool(message.retain))

    def _arrived(self, connected: aiomqtt.Client) -> None:
        self._pause.reset()
        self._client, self.connected_since = connected, time.monotonic()
        if self._away_since is not None:
            gap = time.monotonic() - self._away_since
            log.info("%s: connected to the devices' broker again after %.0f s", self._name, gap)
            self._away_since = None

    def _parts(self) -> Iterator[Sequence[str]]:
        for start in range(0, len(self._topics), _AT_ONCE):
            yield self._topics[start : start + _AT_ONCE]
