"""DALI gear behind a gateway is driven by the edge, which alone knows what holds it."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge_agent import ledger, outbox, overrides
from edge_agent.bus import Bus
from edge_agent.database import Database
from edge_agent.driving import lamps
from edge_agent.executor import Executor
from edge_agent.ledger import Ledger
from edge_agent.level_lamps import LevelLamp
from edge_agent.lights import Lights
from edge_agent.outbox import Outbox
from edge_agent.overrides import Overrides
from edge_agent.poller import Poller
from edge_agent.recorder import Recorder
from edge_agent.wanted import Wanted
from firmware_sim.gateway import DaliGateway
from protocols import wire
from protocols.commands import Answer, Command, Held, LockOut, Override, Resume, Step
from protocols.inventory import Place
from protocols.profiles import library
from protocols.readings import Reading
from protocols.topics import Stream
from protocols.wire import Header
from tests.edge.clocks import MIDNIGHT, SetClock, running_clock
from tests.edge.devices import Played, played
from tests.edge.jobs import at_work
from tests.edge.test_lights import dimmed
from tests.waiting import until, until_async

HALONG = Place(longitude=107.07, latitude=20.95)
GATEWAYS = ["arlight-dali-logic-lite", "ecodim-dali-gw2"]


class Desk:
    """Lights, poller and executor at work on a gateway."""

    def __init__(self, found: Played, database: Database, box: Outbox, held: Overrides) -> None:
        self.clock = found.bus._clock
        self.box = box
        self.held = held
        self.lamps = lamps([found.bus])
        wanted = Wanted(HALONG, ZoneInfo("Asia/Ho_Chi_Minh"), held)
        self.lights = Lights(self.lamps, wanted, self.clock)
        self.poller = Poller(found.bus, timedelta(seconds=1), timedelta(seconds=1), self.clock, self._take)
        recorder = Recorder(box, lambda: Stream.LIVE)
        parts = Ledger(database), box, recorder, self.lights, self.clock
        self.executor = Executor(self.lamps, wanted, held, *parts)
        self.seen: dict[str, float | None] = {}

    async def _take(self, readings: Sequence[Reading]) -> None:
        self.seen.update({reading.device: reading.values["actual_level"] for reading in readings})
        self.lights.hear(readings)

    def submit(self, name: str, target: str, action: Override | Resume) -> None:
        now = self.clock.now()
        ends = now + timedelta(minutes=10)
        self.executor.submit(Command(id=name, target=target, action=action, issued_at=now, expires_at=ends, who="anna"))

    async def last(self, name: str) -> Answer:
        async def found() -> Answer | None:
            entries = await self.box.unsent(Stream.EVENT, 0, 1000)
            batches = [wire.decode_batch(wire.seal(Header("e", entry.seq, 1), entry.body)) for entry in entries]
            ended = [e for b in batches for e in b.events if e.id == name and e.step is not Step.ACCEPTED]
            return ended[-1] if ended else None

        return await until_async(found)


@pytest.fixture(params=GATEWAYS)
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    clock = running_clock(MIDNIGHT, speed=10)
    schema = outbox.SCHEMA + overrides.SCHEMA + ledger.SCHEMA
    async with (
        played(clock, library()[request.param], blocks=6) as found,
        Database(tmp_path / "edge.sqlite", schema) as database,
    ):
        desk = Desk(found, database, await Outbox.load(database, 1_000_000), await Overrides.load(database))
        async with at_work(desk.executor.run(), desk.lights.run(), desk.poller.run()):
            yield desk


async def test_the_programme_comes_to_every_lamp_as_near_as_dali_has_it(desk: Desk) -> None:
    """After midnight half the light is wanted: level 229 is 50.5 %."""
    await until(lambda: len(desk.seen) == 6 and set(desk.seen.values()) == {50.531})


async def test_an_override_is_confirmed_ends_by_the_edge_and_is_released(desk: Desk) -> None:
    target = sorted(desk.lamps)[2]
    desk.submit("c1", target, Override(level=80, until=desk.clock.now() + timedelta(hours=2)))
    confirmed = await desk.last("c1")
    assert confirmed.step is Step.READ_BACK
    assert confirmed.actual_level == pytest.approx(80, abs=1.5)  # the nearest step is 80.4 %
    await until(lambda: desk.seen.get(target) == pytest.approx(80, abs=1.5))
    desk.submit("c2", target, Resume())
    assert (await desk.last("c2")).step is Step.READ_BACK
    await until(lambda: desk.seen[target] == 50.531)


async def test_an_override_whose_time_is_over_is_ended_by_the_edge(desk: Desk) -> None:
    target = min(desk.lamps)
    await until(lambda: desk.seen.get(target) == 50.531)
    desk.submit("c1", target, Override(level=20, until=desk.clock.now() + timedelta(seconds=60)))
    assert (await desk.last("c1")).step is Step.READ_BACK
    await until(lambda: desk.seen[target] == 50.531)


class Night:
    """Gear with a lowest level behind a gateway, and a clock that a test moves; the first lamp should have 1 %."""

    def __init__(self, found: Played, time: SetClock, held: Overrides) -> None:
        self.time, self.held = time, held
        self.found = found
        driven = lamps([found.bus])
        self.one = min(driven)
        plan = dimmed({self.one: 2.5})  # of 40 %
        wanted = Wanted(HALONG, ZoneInfo("Asia/Ho_Chi_Minh"), held, lambda: plan)
        self.lights = Lights(driven, wanted, time.clock, steady=lambda: time.wall)
        self.poller = Poller(found.bus, timedelta(seconds=10), timedelta(seconds=1), time.clock, self._take)
        assert isinstance(found.unit, DaliGateway)
        self.lamp = found.unit._lamps[0]
        self.lamp.lowest = 3.119

    async def _take(self, readings: Sequence[Reading]) -> None:
        self.lights.hear(readings)

    async def rounds(self, count: int) -> int:
        """So many polls, 10 s apart; how many orders were given."""
        before = self.lights.corrected
        for _ in range(count):
            await self.poller.round()
            await self.lights.correct(self.found.bus)
            self.time.forward(10)
        return self.lights.corrected - before

    def level(self) -> float:
        self.lamp.advance(self.time.clock.now().timestamp())
        return self.lamp.state.level


@pytest.fixture(params=GATEWAYS)
async def night(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Night]:
    time = SetClock(MIDNIGHT)
    async with (
        played(time.clock, library()[request.param], blocks=2) as found,
        Database(tmp_path / "edge.sqlite", overrides.SCHEMA) as database,
    ):
        night = Night(found, time, await Overrides.load(database))
        await night.rounds(4)
        assert night.level() == 3.119
        yield night


async def test_a_lamp_at_its_lowest_level_is_not_told_again_at_every_reading(night: Night) -> None:
    await night.rounds(60)
    assert await night.rounds(360) == 12, "once in five minutes of an hour"
    assert night.level() == 3.119


async def test_a_lamp_at_its_lowest_level_is_told_at_once_what_it_should_do_instead(night: Night) -> None:
    await night.rounds(60)
    end = night.time.clock.now() + timedelta(seconds=100)
    await night.held.put(night.one, Held(override=Override(level=80, until=end)))
    assert await night.rounds(1) == 1
    assert night.level() == pytest.approx(80, abs=1.5)
    assert await night.rounds(20) > 0
    assert night.level() == 3.119


async def test_a_lamp_that_is_stuck_is_told_again_and_put_right_when_it_hears(night: Night) -> None:
    night.lamp.stuck_on = True
    await night.rounds(60)
    assert night.level() == 100
    assert await night.rounds(60) == 2
    night.lamp.stuck_on = False
    night.lamp.set_programme(60, night.time.clock.now().timestamp())
    night.time.forward(10)
    assert await night.rounds(1) == 1, "it says something else"
    assert night.level() == 3.119


async def test_a_lamp_that_does_not_go_out_when_it_is_locked_out_is_told_at_every_reading(night: Night) -> None:
    night.lamp.stuck_on = True
    await night.held.put(night.one, Held(lock_out=LockOut()))
    assert await night.rounds(60) == 60


@pytest.mark.parametrize("name", GATEWAYS)
async def test_a_lamp_knows_the_level_that_it_will_have(name: str) -> None:
    clock = running_clock(datetime(2026, 11, 21, 17, tzinfo=UTC))
    profile = library()[name]
    async with played(clock, profile) as found:
        (lamp,) = lamps([found.bus]).values()
    assert isinstance(lamp, LevelLamp)
    assert [lamp.shown(level) for level in (0, 50, 100)] == [0, 50.531, 100]
    assert isinstance(lamp.line, Bus)
