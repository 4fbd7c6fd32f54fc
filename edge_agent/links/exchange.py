"""One connection of pymodbus, with a short way from a question to its answer: its own leads through traces, dumps, a
lock and a timer for each request, which together cost as much as the rest of it."""

import asyncio
import math

from pymodbus.pdu import ModbusPDU
from pymodbus.transaction import TransactionManager
from pymodbus.transport import CommParams

from edge_agent.links.pdus import Question
from edge_agent.links.ports import Framer

_BUFFER = 4096  # bytes that belong to nothing yet; beyond it they are thrown away
_LAST_TRANSACTION = 0xFFFF
_TICK_S = 0.001  # of the event loop


class Exchange(TransactionManager):
    """Not connected yet. One question at a time."""

    def __init__(self, params: CommParams, framer: Framer) -> None:
        super().__init__(params, framer, 0, False, None, None, None)
        self._framer = framer
        self._answer: asyncio.Future[ModbusPDU] | None = None
        self._ends = math.inf  # by the loop's clock
        self._watch: asyncio.TimerHandle | None = None

    async def ask(self, question: Question, seconds: float) -> ModbusPDU:
        """Raises TimeoutError, ConnectionError."""
        if self.transport is None:
            raise ConnectionError
        answer: asyncio.Future[ModbusPDU] = self.loop.create_future()
        self._answer = answer
        self.recv_buffer = b""
        self.request_dev_id = question.dev_id
        self.request_transaction_id = self.request_transaction_id % _LAST_TRANSACTION + 1
        frame = self._framer.frame(question, self.request_transaction_id)
        self.transport.write(frame)  # type: ignore[attr-defined] # pymodbus says only that it is some transport
        self._watch_for(seconds)
        try:
            return await answer
        finally:
            self._answer = None

    def data_received(self, data: bytes) -> None:
        """Of the event loop."""
        if self.recv_buffer:
            data = self.recv_buffer + data
        used, answer = self._framer.handleFrame(data, self.request_dev_id, self.request_transaction_id)
        self.recv_buffer = data[used:] if len(data) - used <= _BUFFER else b""
        if answer is not None and self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def callback_disconnected(self, exc: Exception | None) -> None:  # noqa: ARG002 - as pymodbus calls it
        """Of pymodbus."""
        self._end(ConnectionError())

    def close(self, reconnect: bool = False) -> None:
        """Let the connection go."""
        super().close(reconnect)
        self._end(ConnectionError())
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _watch_for(self, seconds: float) -> None:
        """One timer for many questions: most are answered long before it rings, and it is set anew when it does."""
        self._ends = self.loop.time() + seconds
        if self._watch is not None and self._watch.when() > self._ends:
            self._watch.cancel()
            self._watch = None
        if self._watch is None:
            self._watch = self.loop.call_at(self._ends, self._ring)

    def _ring(self) -> None:
        self._watch = None
        if self._answer is None:
            return
        if self.loop.time() + _TICK_S < self._ends:
            self._watch = self.loop.call_at(self._ends, self._ring)
        else:
            self._end(TimeoutError())

    def _end(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
