"""One MQTT 3.1.1 connection, driven by the thread that uses it: connects again by itself, acknowledges when told.

A packet id belongs to its connection. A message that came over an earlier one is never acknowledged: the broker has
given its id to another by now, and sends the message again anyway.
"""

import contextlib
import logging
import selectors
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud.ingest.broker import BrokerSettings, password, renew, secured
from cloud.ingest.pause import Pause

MOST_TOGETHER = 500
GATHER_S = 0.03  # once something has come, how long to wait for more: a commit costs ten times what a batch does
_KEEPALIVE_S = 30
_CONNECT_TIMEOUT_S = 3.0  # a stop has to come through within 5 s
_LONGEST_PAUSE_S = 5.0  # there is one of us; the edges, who are many, make longer ones
_IN_FLIGHT = 1_000
_CORK: int | None = getattr(socket, "TCP_CORK", None)  # tcp(7): Linux alone has it
_TICK_S = 1.0  # paho looks after its keep-alive at least this often

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """What was received; `mid` is its packet id in connection number `connection`."""

    topic: str
    payload: bytes
    qos: int
    mid: int
    connection: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to be sent."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Link:
    """`publish` and `wake` are for any thread, everything else for the one that calls `receive`."""

    def __init__(self, broker: BrokerSettings, client_id: str, subscriptions: Sequence[str]) -> None:
        self._broker = broker
        self._subscriptions = subscriptions
        self._selector = selectors.DefaultSelector()
        self._alarm, self._bell = socket.socketpair()
        self._alarm.setblocking(False)
        self._bell.setblocking(False)
        self._selector.register(self._alarm, selectors.EVENT_READ)
        self._patience = selectors.DefaultSelector()  # while messages gather, only the bell is listened to
        self._patience.register(self._alarm, selectors.EVENT_READ)
        self._tls = secured(broker.tls) if broker.tls else None
        self._client = self._made(client_id)
        self._pause = Pause(0.5, _LONGEST_PAUSE_S)
        self._try_at = 0.0
        self._away = False
        self._woken = False
        self._arrived: list[Message] = []
        self._outgoing: deque[Outgoing] = deque()
        self._accepted = False
        self.connected = False  # accepted, and subscribed
        self.connection = 0  # counts the connections that the broker has accepted

    def receive(self, wait_s: float) -> list[Message]:
        """What arrives within `wait_s`; after the first message only GATHER_S more.

        Returns early when woken, and when a connection has come to stand.
        """
        end = time.monotonic() + wait_s
        self._turn(wait_s)
        while not self._woken and not self._arrived and (left := end - time.monotonic()) > 0:
            self._turn(left)
        if not self._woken and 0 < len(self._arrived) < MOST_TOGETHER:
            self._gather(min(GATHER_S, end - time.monotonic()))
        self._woken = False
        arrived, self._arrived = self._arrived, []
        return arrived

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Tell the broker that these may be forgotten."""
        with self._corked():
            for message in messages:
                if self._accepted and message.connection == self.connection:
                    self._client.ack(message.mid, message.qos)

    def send(self, messages: Iterable[Outgoing]) -> None:
        """Send now what does not need to arrive; without a connection it is lost."""
        with self._corked():
            for message in messages:
                self._client.publish(message.topic, message.payload, message.qos, message.retain)

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        """Hand over a message; False when there is no connection, and then nothing is kept for later."""
        if not self.connected:
            return False
        self._outgoing.append(Outgoing(topic, payload, qos, retain))
        self._ring()
        return True

    def wake(self) -> None:
        """Make `receive` return now."""
        self._woken = True
        self._ring()

    def close(self) -> None:
        """Say goodbye. The broker keeps the session and what it has not been told to forget."""
        self._send_outgoing()
        self._client.disconnect()
        if (left := self._client.socket()) is not None:
            left.close()
        self.connected = False
        self._selector.close()
        self._patience.close()
        self._alarm.close()
        self._bell.close()

    def _made(self, client_id: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False, protocol=MQTTv311, manual_ack=True)
        client.connect_timeout = _CONNECT_TIMEOUT_S
        if self._tls:
            client.tls_set_context(self._tls)
        client.max_inflight_messages_set(_IN_FLIGHT)
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _gather(self, wait_s: float) -> None:
        """Let messages wait in the socket, and read them together: to wake up for one costs as much as to take it."""
        end = time.monotonic() + wait_s
        while not self._woken and (left := end - time.monotonic()) > 0:
            for key, events in self._patience.select(left):
                self._serve(key.fileobj, events)
        self._turn(0.0)

    def _turn(self, wait_s: float) -> None:
        """Wait for one of the sockets and serve it."""
        if (peer := self._client.socket()) is None:
            wait_s = self._connect_or_wait(wait_s)
        else:
            self._selector.modify(peer, selectors.EVENT_READ | (selectors.EVENT_WRITE * self._client.want_write()))
        for key, events in self._selector.select(min(wait_s, _TICK_S)):
            self._serve(key.fileobj, events)
        self._client.loop_misc()

    def _serve(self, ready: object, events: int) -> None:
        if ready is self._alarm:
            self._alarm.recv(4096)
            self._send_outgoing()
            return
        if events & selectors.EVENT_READ:
            self._read()
        if events & selectors.EVENT_WRITE:
            self._client.loop_write()

    def _read(self) -> None:
        """Everything that has come, or as much as may be taken together."""
        before = -1
        while before < len(self._arrived) < MOST_TOGETHER or self._is_decrypted():
            before = len(self._arrived)
            self._client.loop_read()

    def _is_decrypted(self) -> bool:
        """What TLS has decrypted already, no selector tells of."""
        return isinstance(peer := self._client.socket(), ssl.SSLSocket) and peer.pending() > 0

    def _connect_or_wait(self, wait_s: float) -> float:
        """Try again when it is time; how long to wait for what comes."""
        left = self._try_at - time.monotonic()
        if left > 0:
            return min(left, wait_s)
        self._try_at = time.monotonic() + self._pause.next()
        try:
            self._client.username_pw_set(self._broker.username, password(self._broker))
            if self._tls and self._broker.tls:
                renew(self._tls, self._broker.tls)
            self._client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S)
        except OSError as error:
            self._tell_away(str(error))
        return 0.0

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # rung so often that it cannot be missed, or already closed
            self._bell.send(b"!")

    def _send_outgoing(self) -> None:
        self.send(self._taken())

    def _taken(self) -> Iterator[Outgoing]:
        while self._outgoing and self.connected:
            yield self._outgoing.popleft()

    @contextlib.contextmanager
    def _corked(self) -> Iterator[None]:
        """Small packets leave together; where the system cannot do that, one by one."""
        self._cork(True)
        try:
            yield
        finally:
            self._cork(False)

    def _cork(self, is_in: bool) -> None:
        if _CORK is not None and isinstance(peer := self._client.socket(), socket.socket):
            with contextlib.suppress(OSError):  # it has just been lost; whoever reads finds out
                peer.setsockopt(socket.IPPROTO_TCP, _CORK, is_in)

    def _on_socket_open(self, _client: Client, _userdata: Any, peer: Any) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(peer, selectors.EVENT_READ)

    def _on_socket_close(self, _client: Client, _userdata: Any, peer: Any) -> None:
        self._selector.unregister(peer)

    def _on_connect(
        self, client: Client, _userdata: Any, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._tell_away(str(code))
            return
        self.connection += 1
        self._accepted = True
        self._pause.reset()
        client.subscribe([(topic, 1) for topic in self._subscriptions])

    def _on_disconnect(
        self, _client: Client, _userdata: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        was_accepted, self._accepted, self.connected = self._accepted, False, False
        self._outgoing.clear()
        if was_accepted:
            self._try_at = time.monotonic() + self._pause.next()
        if code.is_failure:
            self._tell_away(str(code))

    def _on_subscribe(
        self, _client: Client, _userdata: Any, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            log.error("the broker refuses to let account %s read the edges' topics", self._broker.username)
            return
        self.connected = self._woken = True
        self._away = False
        log.info("connected to the broker at %s:%d", self._broker.host, self._broker.port)

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        self._arrived.append(Message(_topic(message), payload, message.qos, message.mid, self.connection))

    def _tell_away(self, reason: str) -> None:
        if not self._away:
            log.warning("the broker at %s:%d is away: %s", self._broker.host, self._broker.port, reason)
        self._away = True


def _topic(message: MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:
        return "�"
