"""An MQTT connection as a device has it: it notices at once that it is lost."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import aiomqtt

T = TypeVar("T")


class Client(aiomqtt.Client):
    """Waits for an answer of the broker only while there is a connection; aiomqtt itself waits for all of its time-out
    when the connection is lost before CONNACK, SUBACK or PUBACK."""

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
