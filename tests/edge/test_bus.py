"""On a bus one speaks at a time, and a command does not wait for the round to end."""

import asyncio

import pytest

from edge_agent.bus import Bus, Priority, Turns
from edge_agent.links import NoAnswer
from protocols import profiles
from protocols.modbus.plan import Block, Member
from protocols.modbus.registers import Space
from tests.edge.clocks import SetClock
from tests.edge.scripted import ScriptedLink
from tests.waiting import until

CONTROLLER = profiles.library()["haidang-segment-controller"]


@pytest.fixture
def link() -> ScriptedLink:
    return ScriptedLink()


@pytest.fixture
def bus(link: ScriptedLink) -> Bus:
    return Bus("HL-TC001", link, [Member(f"L{n}", 11, CONTROLLER, n) for n in range(3)], SetClock().clock)


async def write(bus: Bus, device: str, priority: Priority) -> None:
    async with bus.turn(priority) as write_words:
        await write_words(device, 26, [1])


async def test_a_command_goes_before_the_next_poll(bus: Bus, link: ScriptedLink) -> None:
    link.gate.clear()
    async with asyncio.TaskGroup() as group:
        for address in (0, 32, 64):
            group.create_task(bus.read(Block(11, Space.INPUT, address, 1)))
        await until(lambda: link.asked == ["read 11/0"])
        group.create_task(write(bus, "L0", Priority.URGENT))
        await asyncio.sleep(0)
        link.gate.set()
    assert link.asked == ["read 11/0", "write 11/26", "read 11/32", "read 11/64"]


async def test_routine_writes_and_polls_take_turns(bus: Bus, link: ScriptedLink) -> None:
    link.gate.clear()
    async with asyncio.TaskGroup() as group:
        for address in (0, 32):
            group.create_task(bus.read(Block(11, Space.INPUT, address, 1)))
            group.create_task(write(bus, "L0", Priority.ROUTINE))
        await asyncio.sleep(0)
        link.gate.set()
    assert link.asked == ["read 11/0", "write 11/26", "read 11/32", "write 11/26"]


async def test_who_gives_up_waiting_does_not_keep_the_turn() -> None:
    turns = Turns()

    async def speak() -> None:
        async with turns.turn(Priority.ROUTINE):
            pass

    async with turns.turn(Priority.ROUTINE):
        impatient = [asyncio.create_task(speak()) for _ in range(2)]
        await asyncio.sleep(0)
        impatient[0].cancel()
    impatient[1].cancel()  # the turn was given to it just now
    await asyncio.gather(*impatient, return_exceptions=True)
    async with asyncio.timeout(30):
        await speak()


async def test_a_failed_request_passes_the_turn_on(bus: Bus, link: ScriptedLink) -> None:
    link.failing[11] = NoAnswer("silent")
    with pytest.raises(NoAnswer):
        await write(bus, "L0", Priority.URGENT)
    link.failing.clear()
    async with asyncio.timeout(30):
        await bus.read(Block(11, Space.INPUT, 0, 1))


async def test_what_was_read_before_a_write_is_the_past_of_that_device_alone(bus: Bus) -> None:
    before = await bus.read(Block(11, Space.INPUT, 0, 96))
    await write(bus, "L1", Priority.URGENT)
    after = await bus.read(Block(11, Space.INPUT, 0, 96))
    assert [bus.is_overtaken(f"L{n}", before) for n in range(3)] == [False, True, False]
    assert not bus.is_overtaken("L1", after)


async def test_a_write_without_an_answer_may_have_been_heard(bus: Bus, link: ScriptedLink) -> None:
    before = await bus.read(Block(11, Space.INPUT, 0, 96))
    link.failing[11] = NoAnswer("silent")
    with pytest.raises(NoAnswer):
        await write(bus, "L1", Priority.URGENT)
    assert bus.is_overtaken("L1", before)
