"""Devices that have to be started are visited on their own time, and the rest of the bus does not notice."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

import pytest

from edge_agent.bus import Bus, Priority
from edge_agent.links import NoAnswer, Refused, Unreachable
from edge_agent.poller import Poller
from edge_agent.visits import Visitor
from protocols.modbus.plan import Block, Member
from protocols.modbus.registers import Space
from protocols.profiles import Profile, library
from protocols.readings import Reading
from tests.edge.clocks import SetClock, running_clock
from tests.edge.devices import played, quick
from tests.edge.jobs import at_work
from tests.edge.scripted import ScriptedLink
from tests.waiting import until, until_async

PROBE = library()["aqualabo-optod"]
SLOW = PROBE.model_copy(update={"wait": timedelta(minutes=5)})
WIPED = quick(library()["yosemitech-y520"])
METER = library()["eastron-sdm630"]


class Taken(list[Sequence[Reading]]):
    async def __call__(self, readings: Sequence[Reading]) -> None:
        self.append(readings)

    def devices(self) -> list[str]:
        return [reading.device for readings in self for reading in readings]


def poller(bus: Bus, taken: Taken) -> Poller:
    return Poller(bus, timedelta(seconds=1), timedelta(seconds=0.1), bus._clock, taken)


def scripted(*profiles: Profile) -> tuple[Bus, ScriptedLink]:
    link = ScriptedLink()
    members = [Member(f"D{n}", n, profile) for n, profile in enumerate(profiles, start=1)]
    return Bus("HL-STATIONS", link, members, SetClock().clock), link


async def test_a_probe_is_started_waited_for_read_and_stopped() -> None:
    bus, link = scripted(WIPED)
    await Visitor(bus, bus.members["D1"]).visit()
    assert link.asked == ["write 1/7168", "read 1/9728", "read 1/11776"]
    assert link.written == {(1, 0x1C00): []}


async def test_plain_devices_are_polled_and_the_others_are_not() -> None:
    bus, link = scripted(METER, PROBE)
    taken = Taken()
    polled = poller(bus, taken)
    await polled.round()
    assert taken.devices() == ["D1"]
    assert [visits.device for visits in polled.visits] == ["D2"]
    assert not any(asked.endswith("/1") for asked in link.asked)


async def test_a_command_does_not_wait_for_a_probe() -> None:
    bus, link = scripted(METER, SLOW)
    visit = asyncio.create_task(Visitor(bus, bus.members["D2"]).visit())
    await until(lambda: "write 2/1" in link.asked)
    async with asyncio.timeout(5), bus.turn(Priority.URGENT) as write:
        await write("D1", 26, [1])
    async with asyncio.timeout(5):
        await bus.read(Block(1, Space.INPUT, 0, 2))
    assert link.asked == ["write 2/1", "write 1/26", "read 1/0"]
    visit.cancel()
    await asyncio.gather(visit, return_exceptions=True)


async def test_a_bus_brings_both_kinds_again_and_again() -> None:
    clock = running_clock(speed=10)
    taken = Taken()
    async with played(clock, quick(PROBE), METER, library()["ysi-exo"]) as found:
        polled = poller(found.bus, taken)
        async with at_work(polled.run(), *(visits.run() for visits in polled.visits)):
            await until(lambda: all(taken.devices().count(device) >= 3 for device in found.bus.members))
    values = [r.values for readings in taken for r in readings if r.device.startswith("aqualabo")]
    assert all(value is not None for reading in values for value in reading.values())


async def test_a_silent_probe_is_told_once_left_in_peace_and_told_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    bus, link = scripted(quick(PROBE))
    taken = Taken()
    polled = poller(bus, taken)
    (visits,) = polled.visits
    link.failing[1] = NoAnswer("no answer within 1 s")
    for _ in range(5):
        await visits.once()
    assert link.asked == ["write 1/1"] * 2  # the first pause is none, then it grows
    assert polled.silent_units == 1
    link.failing.clear()

    async def is_back() -> bool:
        await visits.once()
        return bool(taken)

    await until_async(is_back)
    assert caplog.messages[0] == "HL-STATIONS: unit 1 (D1) does not answer: no answer within 1 s"
    assert caplog.messages[1].startswith("HL-STATIONS: unit 1 (D1) answers again after")
    assert len(caplog.messages) == 2


async def test_a_probe_that_does_not_answer_when_it_is_told_to_stop_has_been_read() -> None:
    bus, link = scripted(WIPED)
    visited = await Visitor(bus, bus.members["D1"]).visit()
    asked = list(link.asked)
    fails = iter([False] * (len(asked) - 1) + [True])
    answering = link._asked

    async def silent_at_last(what: str, unit: int) -> None:
        await answering(what, unit)
        if next(fails):
            raise NoAnswer("no answer within 1 s")

    link._asked = silent_at_last  # type: ignore[method-assign]  # the last request is the stop
    again = await Visitor(bus, bus.members["D1"]).visit()
    assert again.heard.keys() == visited.heard.keys() != set()
    assert link.asked == [*asked, *asked]


async def test_a_gateway_that_refuses_the_start_is_told_once_with_the_request(caplog: pytest.LogCaptureFixture) -> None:
    bus, link = scripted(quick(library()["yosemitech-y504"]))
    taken = Taken()
    (visits,) = poller(bus, taken).visits
    link.failing[1] = Refused(3)
    for _ in range(3):
        await visits.once()
    assert not taken
    assert caplog.messages == ["HL-STATIONS: cannot read D1 (read holding/0x2500+0): device refused: illegal value"]


async def test_a_lost_line_is_told_once_for_all_that_hangs_on_it(caplog: pytest.LogCaptureFixture) -> None:
    bus, link = scripted(quick(PROBE), METER)
    polled = poller(bus, Taken())
    link.failing = {1: Unreachable("cannot connect"), 2: Unreachable("cannot connect")}
    for _ in range(3):
        await polled.round()
        await polled.visits[0].once()
    assert caplog.messages == ["HL-STATIONS does not answer: cannot connect"]
