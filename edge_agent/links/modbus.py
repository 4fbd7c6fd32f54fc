"""Modbus TCP. The only file that knows pymodbus."""

import asyncio
import logging
import struct
import time
from collections.abc import Awaitable, Sequence

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from edge_agent.cancelling import notice_cancellation
from edge_agent.links import WRITE_ONE, WRITE_SEVERAL, Garbled, LinkError, NoAnswer, Refused, Unreachable
from edge_agent.pauses import Pause
from protocols.modbus.plan import Block
from protocols.modbus.registers import Space

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # what it would say here, it also raises

_SILENT_BEHIND_GATEWAY = (0x0A, 0x0B)  # "gateway path unavailable", "gateway target device failed to respond"
_MOST_SILENCES = 4  # in a row, before the connection itself is doubted
_NEVER = 1_000_000  # pymodbus' own doubt, which cannot tell a dead unit from a dead line


class ModbusTcpLink:
    """One connection. A lost one is made again by the next read, after a growing pause; a write does not wait for it,
    because a person waits for the write."""

    def __init__(self, host: str, port: int, timeout: float, pause: Pause) -> None:
        self._host, self._port, self._timeout = host, port, timeout
        self._pause = pause
        self._client: AsyncModbusTcpClient | None = None
        self._framer = _Framer(DecodePDU(False))
        self._not_before = 0.0
        self._silences = 0

    async def read(self, block: Block) -> list[int]:
        """The registers of a block. Raises LinkError."""
        client = await self._connected(patiently=True)
        question = _QUESTIONS[block.space](address=block.address, count=block.count, dev_id=block.unit)
        reply = await self._answer(client, client.execute(False, question))
        if len(reply.registers) != block.count:
            raise Garbled(f"{len(reply.registers)} registers instead of {block.count}")
        return list(reply.registers)

    async def write(self, unit: int, address: int, words: Sequence[int], function: int = WRITE_SEVERAL) -> None:
        """Write with function code 16, or each register with 6. Raises LinkError."""
        client = await self._connected(patiently=False)
        if function == WRITE_ONE:
            for n, word in enumerate(words):
                reply = await self._answer(client, client.write_register(address + n, word, device_id=unit))
                if (reply.address, list(reply.registers)) != (address + n, [word]):
                    raise Garbled(f"{reply.registers} written at {reply.address} instead of {word} at {address + n}")
            return
        reply = await self._answer(client, client.write_registers(address, list(words), device_id=unit))
        if (reply.address, reply.count) != (address, len(words)):
            raise Garbled(f"{reply.count} registers written at {reply.address} instead of {len(words)} at {address}")

    def close(self) -> None:
        """Let the connection go."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def _connected(self, patiently: bool) -> AsyncModbusTcpClient:
        if self._client is not None and self._client.connected:
            return self._client
        self.close()
        if patiently and time.monotonic() < self._not_before:
            raise Unreachable(f"no connection to {self._host}:{self._port}")
        client = self._new_client()
        if await client.connect():
            self._client = client
        notice_cancellation()
        if self._client is None:
            self._not_before = time.monotonic() + self._pause.after_failure()
            raise Unreachable(f"cannot connect to {self._host}:{self._port}")
        self._pause.reset()
        self._silences = 0
        return client

    def _new_client(self) -> AsyncModbusTcpClient:
        client = AsyncModbusTcpClient(
            self._host, port=self._port, timeout=self._timeout, retries=0, reconnect_delay=0, name=self._host
        )
        client.set_max_no_responses(_NEVER)
        client.ctx.framer = self._framer
        return client

    async def _answer(self, client: AsyncModbusTcpClient, question: Awaitable[ModbusPDU]) -> ModbusPDU:
        self._framer.garbled = None
        try:
            reply = await question
        except asyncio.CancelledError:
            self._doubt()  # somebody had less patience than we
            raise
        except ConnectionException as error:
            raise Unreachable(f"lost the connection to {self._host}:{self._port}") from error
        except ModbusException as error:
            raise self._silence(client) from error
        notice_cancellation()
        self._silences = 0
        if reply.isError():
            raise _refusal(reply.exception_code)
        return reply

    def _silence(self, client: AsyncModbusTcpClient) -> LinkError:
        """What it means that no answer came in time."""
        if not client.connected:
            return Unreachable(f"lost the connection to {self._host}:{self._port}")
        if self._framer.garbled:
            return Garbled(self._framer.garbled)
        self._doubt()
        return NoAnswer(f"no answer within {self._timeout:g} s")

    def _doubt(self) -> None:
        """One more silence: after some of them the connection itself may be the silent one."""
        self._silences += 1
        if self._silences >= _MOST_SILENCES:
            self.close()


class _ReadHolding(ReadHoldingRegistersRequest):
    """pymodbus does not let 0 registers be asked for, which some probes take as an order."""

    def encode(self) -> bytes:
        return struct.pack(">HH", self.address, self.count)


class _ReadInput(ReadInputRegistersRequest):
    """The same for input registers."""

    def encode(self) -> bytes:
        return struct.pack(">HH", self.address, self.count)


_QUESTIONS = {Space.HOLDING: _ReadHolding, Space.INPUT: _ReadInput}


class _Framer(FramerSocket):
    """pymodbus lets an answer that it cannot decode tear the connection down, and with it the other units of the bus.
    Here such an answer is remembered and passed over."""

    garbled: str | None = None

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:  # noqa: N802
        try:
            return super().handleFrame(data, exp_devid, exp_tid)
        except ModbusException as error:
            self.garbled = str(error)
            return len(data), None


def _refusal(code: int) -> LinkError:
    if code in _SILENT_BEHIND_GATEWAY:
        return NoAnswer(f"the gateway got no answer from it (exception {code})", code)
    return Refused(code)
