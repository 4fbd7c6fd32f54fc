"""The Modbus TCP link against a server that misbehaves."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from pymodbus.pdu import ModbusPDU

from edge_agent.links import WRITE_ONE, Garbled, LinkError, NoAnswer, Refused, Unreachable
from edge_agent.links.modbus import ModbusTcpLink
from edge_agent.pauses import Pause
from protocols.modbus.plan import Block
from protocols.modbus.registers import Space
from tests.edge.controller import Controller, running
from tests.waiting import until

BLOCK = Block(11, Space.INPUT, 32, 3)
SHORT_S = 0.1  # for an answer that will not come
LONG_S = 20.0  # for one that will, on a busy machine


@pytest.fixture
async def controller() -> AsyncIterator[Controller]:
    async with running(Controller()) as controller:
        controller.put(11, Space.INPUT, 32, [7, 8, 9])
        controller.put(11, Space.HOLDING, 32, [1, 2, 3])
        yield controller


@pytest.fixture
async def link(controller: Controller) -> AsyncIterator[ModbusTcpLink]:
    link = ModbusTcpLink("127.0.0.1", controller.port, timeout=LONG_S, pause=Pause(0.01, 0.01))
    yield link
    link.close()


@pytest.fixture
async def hasty(controller: Controller) -> AsyncIterator[ModbusTcpLink]:
    link = ModbusTcpLink("127.0.0.1", controller.port, timeout=SHORT_S, pause=Pause(0.01, 0.01))
    yield link
    link.close()


async def test_a_block_is_read_from_its_own_table(link: ModbusTcpLink) -> None:
    assert await link.read(BLOCK) == [7, 8, 9]
    assert await link.read(Block(11, Space.HOLDING, 32, 3)) == [1, 2, 3]


async def test_registers_are_written_in_one_request(link: ModbusTcpLink, controller: Controller) -> None:
    await link.write(11, 26, [120, 0x6955, 0xB900])
    assert controller.get(11, Space.HOLDING, 26, 3) == [120, 0x6955, 0xB900]
    assert [(r.function, r.count) for r in controller.requests] == [(16, 3)]


async def test_a_small_request_is_not_held_back(link: ModbusTcpLink) -> None:
    await link.read(BLOCK)
    assert link._exchange is not None
    connection = link._exchange.transport.get_extra_info("socket")
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_silent_unit_does_not_stop_the_next(link: ModbusTcpLink, controller: Controller) -> None:
    controller.silent.add(12)
    with pytest.raises(NoAnswer, match=r"no answer within 0\.1 s"):
        await link.read(Block(12, Space.INPUT, 0, 1), SHORT_S)
    assert await link.read(BLOCK) == [7, 8, 9]
    assert len(controller.connections) == 1


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (2, Refused, "device refused: illegal address"),
        (4, Refused, "device refused: device failure"),
        (99, Refused, "device refused: exception 99"),
        (11, NoAnswer, r"the gateway got no answer from it \(exception 11\)"),
    ],
)
async def test_an_exception_is_told_in_words(
    link: ModbusTcpLink, controller: Controller, code: int, error: type[LinkError], words: str
) -> None:
    controller.refused[11] = code
    with pytest.raises(error, match=words):
        await link.write(11, 26, [1, 2, 3])


def short(frame: bytes) -> bytes:
    """One register less than was asked for, in a frame that is right in itself."""
    return frame[:5] + bytes([frame[5] - 2]) + frame[6:8] + bytes([frame[8] - 2]) + frame[9:-2]


def of_another_function(frame: bytes) -> bytes:
    return frame[:7] + b"\x2b" + frame[8:]


def of_another_unit(frame: bytes) -> bytes:
    return frame[:6] + b"\x0c" + frame[7:]


def of_an_earlier_question(frame: bytes) -> bytes:
    return b"\x7f\x7f" + frame[2:]


@pytest.mark.parametrize(
    ("mangle", "error"),
    [
        (short, Garbled),
        (of_another_function, Garbled),
        (of_another_unit, NoAnswer),
        (of_an_earlier_question, NoAnswer),
        (lambda _: b"", NoAnswer),
        (lambda frame: frame[:-1], NoAnswer),
        (lambda _: b"\x00" * 300, LinkError),
    ],
)
async def test_an_answer_to_something_else_is_no_answer(
    link: ModbusTcpLink, controller: Controller, mangle: Callable[[bytes], bytes], error: type[LinkError]
) -> None:
    controller.mangle = mangle
    with pytest.raises(error):
        await link.read(BLOCK, LONG_S if error is Garbled else SHORT_S)
    controller.mangle = lambda frame: frame
    assert await link.read(BLOCK) == [7, 8, 9]
    assert len(controller.connections) == 1


async def test_the_echo_of_a_write_is_checked(link: ModbusTcpLink, controller: Controller) -> None:
    controller.mangle = lambda frame: frame[:-1] + b"\x09"
    with pytest.raises(Garbled, match="9 registers written at 26 instead of 3 at 26"):
        await link.write(11, 26, [1, 2, 3])


async def test_a_lost_connection_is_made_again(link: ModbusTcpLink, controller: Controller) -> None:
    await link.read(BLOCK)
    controller.drop_connections()
    await until(lambda: link._exchange and not link._exchange.is_active())
    assert await link.read(BLOCK) == [7, 8, 9]


async def test_a_connection_that_only_swallows_is_given_up(hasty: ModbusTcpLink, controller: Controller) -> None:
    controller.silent.add(11)
    for _ in range(5):
        with pytest.raises(NoAnswer):
            await hasty.read(BLOCK)
    await until(lambda: len(controller.connections) == 2)


async def test_it_is_given_up_also_by_who_does_not_wait_that_long(link: ModbusTcpLink, controller: Controller) -> None:
    await link.read(BLOCK)  # or the first one gives up while it is being made
    controller.silent.add(11)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link.read(BLOCK), 0.02)
    await until(lambda: len(controller.connections) == 2)


async def test_each_question_is_waited_for_as_long_as_it_was_said_whatever_the_one_before(
    controller: Controller,
) -> None:
    """One timer watches over all of them."""
    link = ModbusTcpLink("127.0.0.1", controller.port, timeout=3600, pause=Pause(0.01, 0.01))
    silent = replace(BLOCK, unit=12)
    controller.silent.add(12)
    async with asyncio.timeout(30):
        await link.read(BLOCK)
        with pytest.raises(NoAnswer, match=r"no answer within 0\.02 s"):
            await link.read(silent, 0.02)
        with suppress(NoAnswer):  # on a busy machine it comes too late, too
            await link.read(BLOCK, 0.02)
        patient = asyncio.create_task(link.read(silent))
        done, _ = await asyncio.wait({patient}, timeout=0.1)
        assert not done
        controller.drop_connections()
        with pytest.raises(Unreachable, match="lost the connection"):
            await patient
    link.close()


async def test_who_waits_hears_when_the_link_is_closed(controller: Controller) -> None:
    link = ModbusTcpLink("127.0.0.1", controller.port, timeout=3600, pause=Pause(0.01, 0.01))
    controller.silent.add(11)
    waiting = asyncio.create_task(link.read(BLOCK))
    await until(lambda: controller.requests)
    link.close()
    async with asyncio.timeout(30):
        with pytest.raises(Unreachable):
            await waiting


async def test_who_is_gone_is_not_asked_all_the_time_but_a_person_does_not_wait(controller: Controller) -> None:
    port = controller.port
    async with running(Controller()) as other:
        free = other.port
    link = ModbusTcpLink("127.0.0.1", free, timeout=LONG_S, pause=Pause(3600, 3600))
    with pytest.raises(Unreachable, match=f"cannot connect to 127.0.0.1:{free}"):
        await link.read(BLOCK)
    with pytest.raises(Unreachable, match=f"no connection to 127.0.0.1:{free}"):
        await link.read(BLOCK)
    async with running(Controller(free)):
        await link.write(11, 0, [1])
        assert await link.read(BLOCK) == [0, 0, 0]
    link.close()
    assert port != free


async def test_who_is_cancelled_when_the_answer_comes_is_still_cancelled(
    link: ModbusTcpLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`asyncio.wait_for` of Python 3.11 would return the answer, and a poller would never end."""
    receive = link._framer.handleFrame

    def receive_and_cancel(data: bytes, unit: int, transaction: int) -> tuple[int, ModbusPDU | None]:
        reading.cancel()
        return receive(data, unit, transaction)

    monkeypatch.setattr(link._framer, "handleFrame", receive_and_cancel)
    reading = asyncio.create_task(link.read(BLOCK))
    with pytest.raises(asyncio.CancelledError):
        await reading


def test_pauses_grow_to_their_limit_and_are_spread_over_all_of_it() -> None:
    pause = Pause(0.5, 60)
    waits = [pause.after_failure() for _ in range(40)]
    assert all(0 <= wait <= 0.5 * 2**n for n, wait in enumerate(waits[:7]))
    assert all(0 <= wait <= 60 for wait in waits[7:])
    assert max(waits[7:]) - min(waits[7:]) > 30
    assert len(set(waits)) == 40
    pause.reset()
    assert pause.after_failure() <= 0.5


async def test_a_read_of_no_registers_is_sent_as_an_order(link: ModbusTcpLink, controller: Controller) -> None:
    """Yosemitech's probes start to measure on it."""
    assert await link.read(Block(11, Space.HOLDING, 0x2500, 0)) == []
    assert [(r.function, r.address, r.count) for r in controller.requests] == [(3, 0x2500, 0)]


async def test_a_write_of_no_registers_is_sent_as_an_order(link: ModbusTcpLink, controller: Controller) -> None:
    await link.write(11, 0x1C00, [])
    assert [(r.function, r.address, r.count) for r in controller.requests] == [(16, 0x1C00, 0)]


async def test_a_device_that_takes_one_register_at_a_time_gets_them_so(
    link: ModbusTcpLink, controller: Controller
) -> None:
    await link.write(11, 32, [5, 6], WRITE_ONE)
    assert controller.get(11, Space.HOLDING, 32, 2) == [5, 6]
    assert [(r.function, r.address) for r in controller.requests] == [(6, 32), (6, 33)]
    controller.mangle = lambda frame: frame[:-1] + b"\x09"
    with pytest.raises(Garbled, match="9 written at 32 instead of 7 at 32"):
        await link.write(11, 32, [7], WRITE_ONE)
