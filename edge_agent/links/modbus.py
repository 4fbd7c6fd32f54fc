"""Modbus over TCP, over a serial line, and over a line behind a TCP socket. pymodbus connects and waits; what is taken
for an answer is decided in `framers`."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from pymodbus.pdu import ModbusPDU

from edge_agent.cancelling import notice_cancellation
from edge_agent.links import (
    WRITE_ONE,
    WRITE_SEVERAL,
    Garbled,
    LineCounts,
    LinkError,
    NoAnswer,
    Refused,
    Unreachable,
    pdus,
)
from edge_agent.links.exchange import Exchange
from edge_agent.links.pdus import Question, Reply, Spoilt
from edge_agent.links.ports import Port, TcpPort
from edge_agent.pauses import Pause
from protocols.modbus.plan import Block

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # what it would say here, it also raises

_SILENT_BEHIND_GATEWAY = (0x0A, 0x0B)  # "gateway path unavailable", "gateway target device failed to respond"
_MOST_SILENCES = 4  # in a row, before the connection itself is doubted
_TICK_S = 0.001  # of the event loop
_REQUEST = 8  # bytes of a usual one


class ModbusLink:
    """One connection. A lost one is made again by the next read, after a growing pause; a write does not wait for it,
    because a person waits for the write.

    `timeout` is the patience with a unit (s), `timeouts` that with certain units, not counting the time that bytes need
    on a line of a known pace. `gap` is the least silence that a question owes to what was heard before (s).
    """

    def __init__(
        self,
        port: Port,
        timeout: float,
        pause: Pause,
        *,
        timeouts: Mapping[int, float] | None = None,
        gap: float = 0.0,
    ) -> None:
        self._port = port
        self._framer = port.framer()
        self._timeout = timeout
        self._timeouts = timeouts or {}
        self._pause = pause
        self._gap = max(gap, port.pace.silence_s if port.pace else 0.0)
        self._exchange: Exchange | None = None
        self._not_before = 0.0
        self._silent_s = 0.0

    @property
    def counts(self) -> LineCounts:
        """What came that was no answer."""
        return self._framer.counts

    @property
    def baud(self) -> int | None:
        """Of the line, where there is one and its speed is known."""
        return self._port.pace.baud if self._port.pace else None

    async def read(self, block: Block, patience_s: float | None = None) -> list[int]:
        """The registers of a block. Raises LinkError."""
        exchange = await self._connected(patiently=True)
        reply = await self._ask(exchange, pdus.read(block), patience_s)
        try:
            words = reply.words()
        except ValueError as error:
            raise self._garbled(str(error)) from error
        if len(words) != block.count:
            raise self._garbled(f"{len(words)} registers instead of {block.count}")
        return words

    async def write(self, unit: int, address: int, words: Sequence[int], function: int = WRITE_SEVERAL) -> None:
        """Write with function code 16, or each register with 6. Raises LinkError."""
        exchange = await self._connected(patiently=False)
        if function == WRITE_ONE:
            for n, word in enumerate(words, address):
                if (echo := await self._echo(exchange, pdus.write_one(unit, n, word))) != (n, word):
                    raise self._garbled(f"{echo[1]} written at {echo[0]} instead of {word} at {n}")
            return
        echo = await self._echo(exchange, pdus.write_several(unit, address, words))
        if echo != (address, len(words)):
            raise self._garbled(f"{echo[1]} registers written at {echo[0]} instead of {len(words)} at {address}")

    def close(self) -> None:
        """Let the connection go."""
        if self._exchange is not None:
            self._exchange.close()
            self._exchange = None

    async def _connected(self, patiently: bool) -> Exchange:
        if self._exchange is not None and self._exchange.transport is not None:
            return self._exchange
        self.close()
        if patiently and time.monotonic() < self._not_before:
            raise Unreachable(f"no connection to {self._port.name}")
        self._framer.forget()
        exchange = Exchange(self._port.client(self._timeout).comm_params, self._framer)
        if await exchange.connect():
            self._exchange = exchange
        notice_cancellation()
        if self._exchange is None:
            self._not_before = time.monotonic() + self._pause.after_failure()
            raise Unreachable(f"cannot connect to {self._port.name}")
        self._pause.reset()
        self._silent_s = 0.0
        return exchange

    async def _echo(self, exchange: Exchange, question: Question) -> tuple[int, int]:
        reply = await self._ask(exchange, question)
        try:
            return reply.echo()
        except ValueError as error:
            raise self._garbled(str(error)) from error

    async def _ask(self, exchange: Exchange, question: Question, patience_s: float | None = None) -> Reply:
        """Raises LinkError."""
        own = self._timeouts.get(question.dev_id, self._timeout)
        patience_s = own if patience_s is None else min(patience_s, own)
        if self._gap:
            await self._silence()
        self._framer.ask(question)
        try:
            reply = await exchange.ask(question, patience_s + self._on_the_line_s(question))
        except asyncio.CancelledError:
            self._framer.give_up()
            self._doubt(self._timeout)  # somebody had less patience than we
            raise
        except ConnectionError as error:
            raise Unreachable(f"lost the connection to {self._port.name}") from error
        except TimeoutError as error:
            raise self._unanswered(patience_s) from error
        self._silent_s = 0.0
        return _understood(reply)

    async def _silence(self) -> None:
        """What parts two frames on a line; a line that babbles is not waited for for ever."""
        ends = time.monotonic() + self._timeout
        while (now := time.monotonic()) < min(self._framer.heard_at + self._gap, ends):
            await _pause(self._framer.heard_at + self._gap - now)

    def _on_the_line_s(self, question: Question) -> float:
        pace = self._port.pace
        return pace.takes_s(_REQUEST + question.expected.size) + 2 * pace.silence_s if pace else 0.0

    def _unanswered(self, patience_s: float) -> LinkError:
        """No answer came in time."""
        self._framer.give_up()
        self._doubt(patience_s)
        return NoAnswer(f"no answer within {patience_s:g} s")

    def _doubt(self, patience_s: float) -> None:
        """One more silence: after some of them the connection itself may be the silent one."""
        self._silent_s += patience_s
        if self._silent_s >= _MOST_SILENCES * self._timeout:
            self.close()

    def _garbled(self, why: str) -> Garbled:
        self._framer.counts.spoilt += 1
        return Garbled(why)


async def _pause(seconds: float) -> None:
    """The event loop counts in milliseconds, and a silence at 115,200 baud is 1.75 of them: what is left is slept."""
    if seconds > _TICK_S:
        await asyncio.sleep(seconds - _TICK_S)
    else:
        time.sleep(seconds)  # noqa: ASYNC251 - less than the loop could count


def _understood(reply: ModbusPDU) -> Reply:
    """The answer when it is one to use. Raises LinkError."""
    if isinstance(reply, Spoilt):
        raise Garbled(reply.why)
    assert isinstance(reply, Reply)  # noqa: S101 - our framers make nothing else; for mypy
    if pdus.is_exception(reply.function_code):
        raise _refusal(reply.code)
    return reply


def _refusal(code: int) -> LinkError:
    if code in _SILENT_BEHIND_GATEWAY:
        return NoAnswer(f"the gateway got no answer from it (exception {code})", code)
    return Refused(code)


class ModbusTcpLink(ModbusLink):
    """A link to an address that speaks Modbus TCP."""

    def __init__(self, host: str, port: int, timeout: float, pause: Pause) -> None:
        super().__init__(TcpPort(host, port), timeout, pause)
