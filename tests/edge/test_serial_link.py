"""A serial link takes for an answer only what is one, whatever else is on the line."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from edge_agent.links import WRITE_ONE, Garbled, NoAnswer, Refused, Unreachable
from edge_agent.links.modbus import ModbusLink
from edge_agent.links.ports import RtuTcpPort, SerialPort
from edge_agent.pauses import Pause
from protocols.modbus.plan import Block
from protocols.modbus.registers import Space
from protocols.modbus.rtu import EXCEPTION, READ_HOLDING, READ_INPUT, sealed
from tests.edge.lines import FarEnd, line, linked, register, right
from tests.listening import listening
from tests.waiting import until, until_async

BLOCK = Block(11, Space.INPUT, 32, 3)
WORDS = [register(11, READ_INPUT, 32 + n) for n in range(3)]
OTHER = Block(11, Space.INPUT, 64, 3)
OTHER_WORDS = [register(11, READ_INPUT, 64 + n) for n in range(3)]
SHORT_S = 0.1  # for an answer that will not come
NOISE = bytes((0xFF, 0x00, 0x55, 0xFF))


@pytest.fixture
async def end() -> AsyncIterator[FarEnd]:
    async with line() as end:
        yield end


@pytest.fixture
async def link(end: FarEnd) -> AsyncIterator[ModbusLink]:
    async with linked(end) as link:
        yield link


async def test_registers_are_read_and_written(link: ModbusLink, end: FarEnd) -> None:
    assert await link.read(BLOCK) == WORDS
    await link.write(11, 26, [120, 0x6955, 0xB900])
    await link.write(11, 26, [120], WRITE_ONE)
    assert [request[1] for request in end.requests] == [READ_INPUT, 16, 6]
    assert (link.counts.stray, link.counts.spoilt, link.counts.noise) == (0, 0, 0)


async def test_a_refusal_is_told_in_words(link: ModbusLink, end: FarEnd) -> None:
    end.answer = lambda request: [sealed(request[0], bytes((request[1] | EXCEPTION, 2)))]
    with pytest.raises(Refused, match="illegal address"):
        await link.read(BLOCK)


@pytest.mark.parametrize(
    ("before", "noise", "stray"),
    [
        ([NOISE], 4, 0),
        ([right(sealed(12, bytes.fromhex("0400200003")))], 0, 1),
        ([right(sealed(11, bytes.fromhex("0300200003")))], 0, 1),
        ([right(sealed(11, bytes.fromhex("0400200002")))], 0, 1),
        ([right(sealed(11, bytes.fromhex("0400200003")))[:5]], 5, 0),
    ],
    ids=["noise", "another unit", "another function", "another length", "half a frame"],
)
async def test_an_answer_is_found_behind_what_is_none(
    link: ModbusLink, end: FarEnd, before: Sequence[bytes], noise: int, stray: int
) -> None:
    end.answer = lambda request: [*before, right(request)]
    assert await link.read(BLOCK) == WORDS
    assert (link.counts.noise, link.counts.stray) == (noise, stray)


async def test_a_spoilt_answer_is_told_at_once_and_the_next_one_is_taken(link: ModbusLink, end: FarEnd) -> None:
    end.answer = lambda request: [right(request)[:-1] + b"\x00"]
    with pytest.raises(Garbled, match="check sum"):
        await link.read(BLOCK)
    assert link.counts.spoilt == 1
    end.answer = lambda request: [right(request)]
    assert await link.read(BLOCK) == WORDS


async def test_noise_alone_is_no_answer(link: ModbusLink, end: FarEnd) -> None:
    end.answer = lambda _: [NOISE * 80]
    with pytest.raises(NoAnswer, match=r"no answer within 0\.1 s"):
        await link.read(BLOCK, SHORT_S)
    end.answer = lambda request: [right(request)]
    assert await link.read(BLOCK) == WORDS


class TestAnAnswerThatComesTooLate:
    """Nothing on the wire tells which question it belongs to."""

    async def test_is_not_taken_for_that_of_the_next_question(self, link: ModbusLink, end: FarEnd) -> None:
        """Same unit, same function, same length, other registers."""
        end.answer = lambda _: []
        with pytest.raises(NoAnswer):
            await link.read(BLOCK, SHORT_S)
        late = right(end.requests[0])
        end.answer = lambda request: [late, right(request)]
        assert await link.read(OTHER) == OTHER_WORDS
        assert link.counts.stray == 1

    async def test_is_noticed_while_nobody_asks(self, link: ModbusLink, end: FarEnd) -> None:
        end.answer = lambda _: []
        with pytest.raises(NoAnswer):
            await link.read(BLOCK, SHORT_S)
        end.say(right(end.requests[0]))
        await until(lambda: link.counts.stray == 1)
        end.answer = lambda request: [right(request)]
        assert await link.read(OTHER) == OTHER_WORDS

    async def test_does_not_confirm_what_was_written_since(self, link: ModbusLink, end: FarEnd) -> None:
        """The same question again, but the old answer is from before the write."""
        end.answer = lambda _: []
        with pytest.raises(NoAnswer):
            await link.read(BLOCK, SHORT_S)
        with pytest.raises(NoAnswer):
            await link.write(11, 26, [1])
        old = sealed(11, bytes((READ_INPUT, 6, 0, 1, 0, 1, 0, 1)))
        end.answer = lambda request: [old, right(request)]
        assert await link.read(BLOCK) == WORDS

    async def test_is_not_waited_for_when_the_same_is_asked_again(self, link: ModbusLink, end: FarEnd) -> None:
        end.answer = lambda _: []
        with pytest.raises(NoAnswer):
            await link.read(BLOCK, SHORT_S)
        end.answer = lambda request: [right(request)]
        assert await link.read(BLOCK) == WORDS

    async def test_of_who_was_given_up_is_not_taken_either(self, link: ModbusLink, end: FarEnd) -> None:
        await link.read(BLOCK)  # or it is given up while the port is being opened
        end.answer = lambda _: []
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link.read(BLOCK), 0.02)
        late = right(end.requests[0])
        end.answer = lambda request: [late, right(request)]
        assert await link.read(OTHER) == OTHER_WORDS


async def test_a_port_that_is_not_there_is_told_and_tried_again(end: FarEnd) -> None:
    link = ModbusLink(SerialPort("/dev/ttyNONE", 9_600), 0.3, Pause(3600, 3600))
    with pytest.raises(Unreachable, match="cannot connect to /dev/ttyNONE"):
        await link.read(BLOCK)
    with pytest.raises(Unreachable, match="no connection to /dev/ttyNONE"):
        await link.read(BLOCK)


async def test_a_line_behind_a_socket_speaks_the_same() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await reader.readexactly(8)
            writer.write(NOISE + right(request))
            await writer.drain()

    async with listening(serve) as port:
        link = ModbusLink(RtuTcpPort("127.0.0.1", port), 5.0, Pause(0.01, 0.01))
        assert await link.read(BLOCK) == WORDS
        assert await link.read(Block(11, Space.HOLDING, 32, 1)) == [register(11, READ_HOLDING, 32)]
        link.close()


async def test_a_lost_socket_is_made_again() -> None:
    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(right(await reader.readexactly(8)))
        await writer.drain()

    async with listening(serve_one) as port:
        link = ModbusLink(RtuTcpPort("127.0.0.1", port), 5.0, Pause(0.01, 0.01))

        async def is_read() -> bool:
            try:
                return await link.read(BLOCK) == WORDS
            except (Unreachable, NoAnswer):
                return False

        for _ in range(3):
            await until_async(is_read)
        link.close()
