"""MQTT connections of the edge, made in one way: to the cloud's broker and to those of its devices."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable
from typing import Any, TypeVar

import aiomqtt

from edge_agent import secret_files
from edge_agent.mqtt_config import Broker, Tls

PATIENCE_S = 20.0  # for the broker's answer to anything
_KEEPALIVE_S = 30
_CONNECT_S = 3.0  # in a thread that the end of the process has to wait for
_NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # 40 ms for every command otherwise

T = TypeVar("T")


def client(
    broker: Broker,
    identifier: str,
    in_flight: int,
    *,
    will: aiomqtt.Will | None = None,
    patience_s: float = PATIENCE_S,
    most_queued: int | None = None,
) -> aiomqtt.Client:
    """A client that is not connected yet. The password is read for every connection, so that a new one needs no
    restart."""
    made = _Client(
        broker.host,
        broker.port,
        identifier=identifier,
        username=broker.username,
        password=secret_files.read(broker.password_file) if broker.password_file else None,
        tls_context=_tls_context(broker.tls) if broker.tls else None,
        will=will,
        clean_session=True,
        timeout=patience_s,
        keepalive=_KEEPALIVE_S,
        max_inflight_messages=in_flight,
        max_queued_incoming_messages=most_queued,
        socket_options=[_NODELAY],
    )
    made.pending_calls_threshold = in_flight
    made._client.connect_timeout = _CONNECT_S  # aiomqtt has no option for it
    return made


def reasons(group: BaseExceptionGroup[BaseException]) -> list[str]:
    """What ended a connection; the cause says more than "disconnected"."""
    found: list[str] = []
    for error in group.exceptions:
        found += reasons(error) if isinstance(error, BaseExceptionGroup) else [str(error.__cause__ or error)]
    return found


class _Client(aiomqtt.Client):
    """Waits for an answer of the broker only while there is a connection.

    aiomqtt itself waits for all of its time-out when the connection is lost before CONNACK, SUBACK or PUBACK: behind a
    proxy whose broker is away, each try would take that long.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lost: asyncio.Future[None] = self._loop.create_future()

    def _on_disconnect(self, *args: Any) -> None:
        super()._on_disconnect(*args)
        self._loop.call_soon_threadsafe(self._tell_lost)  # paho may be connecting, in a thread

    def _tell_lost(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)
        if self._disconnected.done():
            self._disconnected.exception()  # or asyncio complains when nobody asks for it

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109 - as aiomqtt has it
        answer = asyncio.ensure_future(fut)
        within = self.timeout if timeout is None else timeout
        try:
            await asyncio.wait((answer, self._lost), timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            raise aiomqtt.MqttError("the connection was lost" if self._lost.done() else "Operation timed out")
        finally:
            answer.cancel()


class _Socket(ssl.SSLSocket):
    """paho forgets a socket whose handshake has failed: it would stay open until somebody collects it."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError:
            self.close()
            raise


def _tls_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca)
    context.sslsocket_class = _Socket
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key)
    return context
