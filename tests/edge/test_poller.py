"""A bus is read round after round, whatever some of its units do."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.bus import Bus, Priority
from edge_agent.links import Refused, Unreachable
from edge_agent.links.modbus import ModbusTcpLink
from edge_agent.pauses import Pause
from edge_agent.poller import Poller
from protocols import profiles
from protocols.clock import DomainClock
from protocols.modbus.plan import Block, Member
from protocols.modbus.registers import Space
from protocols.readings import Reading
from tests.edge.clocks import SetClock, running_clock
from tests.edge.controller import Controller, running
from tests.edge.jobs import at_work
from tests.edge.scripted import ScriptedLink
from tests.edge.streets import street
from tests.waiting import until, until_async

LIBRARY = profiles.library()
LAMPS = [Member(f"L{unit}-{n}", unit, LIBRARY["haidang-segment-controller"], n) for unit in (11, 12) for n in range(6)]
METER = Member("M", 1, LIBRARY["eastron-sdm630"])


class Taken:
    """The readings of each round."""

    def __init__(self) -> None:
        self.rounds: list[Sequence[Reading]] = []

    async def __call__(self, readings: Sequence[Reading]) -> None:
        self.rounds.append(readings)

    def devices(self) -> set[str]:
        """Of the last round."""
        return {reading.device for reading in self.rounds[-1]}


@pytest.fixture
def taken() -> Taken:
    return Taken()


def poller(bus: Bus, taken: Taken, clock: SetClock | None = None, every_s: float = 1.0) -> Poller:
    times = timedelta(seconds=every_s), timedelta(seconds=0.5)
    return Poller(bus, *times, (clock or SetClock()).clock, taken)


class TestOverTcp:
    """Against a real server."""

    @pytest.fixture
    async def controller(self) -> AsyncIterator[Controller]:
        async with running(Controller()) as controller:
            yield controller

    @pytest.fixture
    def bus(self, controller: Controller) -> Bus:
        link = ModbusTcpLink("127.0.0.1", controller.port, timeout=1.0, pause=Pause(0.01, 0.01))
        return Bus("HL-TC001", link, [METER, *LAMPS], SetClock().clock)

    async def test_a_round_reads_every_device_in_few_requests(
        self, bus: Bus, controller: Controller, taken: Taken
    ) -> None:
        controller.put(12, Space.INPUT, 5 * 32 + 4, [101])
        await poller(bus, taken).round()
        values = {reading.device: reading.values for reading in taken.rounds[0]}
        assert values["L12-5"]["actual_level"] == 50.5
        assert len(values) == 13
        assert len(controller.requests) < 13

    async def test_a_dead_unit_costs_the_others_nothing_and_is_told_once(
        self, bus: Bus, controller: Controller, taken: Taken, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        controller.silent.add(11)
        polled = poller(bus, taken)
        for _ in range(5):
            await polled.round()
            assert taken.devices() == {"M", *(f"L12-{n}" for n in range(6))}
        assert len([request for request in controller.requests if request.unit == 11]) <= 3
        assert polled.silent_units == 1
        controller.silent.clear()

        async def is_back() -> bool:
            await polled.round()
            return len(taken.devices()) == 13

        await until_async(is_back)  # its pause is a second by now
        gone, back = [record.getMessage() for record in caplog.records]
        assert gone == "HL-TC001: unit 11 (L11-0 and 5 more) does not answer: no answer within 0.5 s"
        assert back.startswith("HL-TC001: unit 11 (L11-0 and 5 more) answers again after ")

    async def test_units_that_go_cost_a_quick_bus_a_fraction_of_their_time_outs(
        self, bus: Bus, controller: Controller, taken: Taken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is short is what they are waited for within the round; the probe at its end is patient."""
        waited: list[float | None] = []
        read = bus._link.read

        async def noting(block: Block, patience_s: float | None = None) -> list[int]:
            waited.append(patience_s)
            return await read(block, patience_s)

        polled = Poller(bus, timedelta(seconds=1), timedelta(seconds=8), SetClock().clock, taken)
        await polled.round()
        monkeypatch.setattr(bus._link, "read", noting)
        controller.silent.add(11)
        await polled.round()
        assert taken.devices() == {"M", *(f"L12-{n}" for n in range(6))}
        assert waited[:-1] == [1.0] * (len(waited) - 1)
        assert waited[-1] == 2.0  # there is no time left in this round
        assert polled.silent_units == 1

    async def test_a_bus_that_goes_away_is_told_once_and_comes_back(
        self, bus: Bus, controller: Controller, taken: Taken, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        bus._link = ModbusTcpLink("127.0.0.1", 1, timeout=0.3, pause=Pause(0.01, 0.01))
        polled = poller(bus, taken)
        for _ in range(3):
            await polled.round()
        assert taken.rounds == []
        assert polled.silent_units == 0
        bus._link = ModbusTcpLink("127.0.0.1", controller.port, timeout=5.0, pause=Pause(0.01, 0.01))
        await polled.round()
        assert len(taken.devices()) == 13
        gone, back = [record.getMessage() for record in caplog.records]
        assert gone == "HL-TC001 does not answer: cannot connect to 127.0.0.1:1"
        assert back.startswith("HL-TC001 answers again after ")

    async def test_a_cabinet_that_comes_up_is_read_without_waiting_for_the_next_round(self, taken: Taken) -> None:
        clock = running_clock()
        async with running(Controller()) as absent:
            pass
        link = ModbusTcpLink("127.0.0.1", absent.port, timeout=5.0, pause=Pause(0.01, 0.01))
        bus = Bus("HL-TC001", link, [METER], clock)
        polled = Poller(bus, timedelta(hours=1), timedelta(seconds=5), clock, taken)
        await polled.round()
        async with running(Controller(absent.port)), at_work(polled.run()):
            await until(lambda: taken.rounds)
        bus.close()


class TestWithAScript:
    """Against a link that can be held back."""

    @pytest.fixture
    def link(self) -> ScriptedLink:
        return ScriptedLink()

    @pytest.fixture
    def bus(self, link: ScriptedLink) -> Bus:
        return Bus("HL-TC001", link, LAMPS, SetClock().clock)

    async def test_what_was_read_before_a_write_is_not_passed_on_for_that_lamp(
        self, bus: Bus, link: ScriptedLink, taken: Taken
    ) -> None:
        async def command() -> None:
            async with bus.turn(Priority.URGENT) as write:
                await write("L11-0", 26, [0])

        link.gate.clear()
        polled = poller(bus, taken)
        async with asyncio.TaskGroup() as group:
            group.create_task(polled.round())
            await until(lambda: link.asked)
            group.create_task(command())
            await asyncio.sleep(0)
            link.gate.set()
        assert link.asked[1] == "write 11/26"
        assert taken.devices() == {member.device for member in LAMPS} - {"L11-0"}
        assert polled.counts.overtaken == 1
        await polled.round()
        assert "L11-0" in taken.devices()

    async def test_a_refused_block_is_told_once_and_the_rest_goes_on(
        self, bus: Bus, link: ScriptedLink, taken: Taken, caplog: pytest.LogCaptureFixture
    ) -> None:
        link.failing[11] = Refused(4)
        polled = poller(bus, taken)
        for _ in range(3):
            await polled.round()
        assert taken.devices() == {f"L12-{n}" for n in range(6)}
        assert polled.silent_units == 0
        assert caplog.messages == [
            f"HL-TC001: cannot read {block}: device refused: device failure"
            for block in polled._plan.blocks
            if block.unit == 11
        ]

    async def test_when_the_line_is_lost_in_the_middle_the_round_ends_there(
        self, bus: Bus, link: ScriptedLink, taken: Taken
    ) -> None:
        link.failing[12] = Unreachable("gone")
        await poller(bus, taken).round()
        assert taken.devices() == {f"L11-{n}" for n in range(6)}
        assert len([asked for asked in link.asked if asked.startswith("read 12/")]) == 1

    async def test_late_rounds_are_left_out_and_counted(self, link: ScriptedLink, taken: Taken) -> None:
        clock = running_clock(speed=100)
        bus = Bus("HL-TC001", link, LAMPS, clock)
        polled = Poller(bus, timedelta(seconds=0.05), timedelta(seconds=1), clock, taken)
        link.gate.clear()
        async with at_work(polled.run()):
            await until(lambda: link.asked)
            start = clock.now()
            await until(lambda: (clock.now() - start).total_seconds() > 4 * 5)
            assert polled.counts.rounds == 0
            link.gate.set()
            await until(lambda: polled.counts.rounds >= 3)
        assert polled.counts.late >= 3

    async def test_a_clock_that_is_put_back_does_not_stop_the_rounds(self, link: ScriptedLink, taken: Taken) -> None:
        wrong_by = [0.0]
        clock = DomainClock(running_clock().settings, lambda: time.time() + wrong_by[0])
        polled = Poller(Bus("B", link, LAMPS, clock), timedelta(seconds=0.02), timedelta(seconds=1), clock, taken)
        async with at_work(polled.run()):
            await until(lambda: polled.counts.rounds)
            wrong_by[0] = -5 * 3600
            rounds = polled.counts.rounds
            await until(lambda: polled.counts.rounds > rounds + 3)


async def test_a_lamp_that_is_not_there_does_not_hide_its_neighbours(
    tmp_path: Path, taken: Taken, caplog: pytest.LogCaptureFixture
) -> None:
    """They would be neither seen nor put right, and could burn by day."""
    clock = SetClock()
    async with street(tmp_path, clock.clock) as found:
        there = {name: member for name, member in found.bus.members.items() if member.unit == 11}
        ghost = Member("GHOST", 11, LIBRARY["haidang-segment-controller"], len(there))
        link = ModbusTcpLink("127.0.0.1", found.port, timeout=5.0, pause=Pause(0.01, 0.01))
        bus = Bus("HL-TC001", link, [*there.values(), ghost], clock.clock)
        polled = poller(bus, taken, clock)
        for _ in range(3):
            await polled.round()
        assert taken.devices() == set(there)
        assert caplog.messages[-1] == "HL-TC001: cannot read unit 11 input/0x0040+22: device refused: illegal address"
        bus.close()
