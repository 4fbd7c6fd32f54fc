"""The street is lit as it should be, with no cloud, whatever the devices have forgotten."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge_agent import overrides as held
from edge_agent.bus import Priority
from edge_agent.database import Database
from edge_agent.driving import lamps
from edge_agent.judging import Judge
from edge_agent.lamps import Hold, Order, Programme, Release
from edge_agent.lights import Lights
from edge_agent.modbus_lamps import Reason, Registers, corrections
from edge_agent.overrides import Overrides
from edge_agent.poller import Poller
from edge_agent.wanted import Wanted
from protocols import light
from protocols.commands import Command, Held, LockOut, Override, Resume
from protocols.inventory import Name, Place
from protocols.light import LampSet, LightDocument, Step, Stretch, SunEvent
from protocols.readings import Reading
from rules.sun import next_sunset
from tests.edge.clocks import NOON, HeldClock, SetClock
from tests.edge.controlled import Controlled, Line
from tests.edge.jobs import at_work
from tests.edge.streets import Street, street
from tests.waiting import until

HALONG = Place(longitude=107.07, latitude=20.95)
HANOI_TIME = ZoneInfo("Asia/Ho_Chi_Minh")
SUNSET = datetime(2026, 11, 21, 10, 9, tzinfo=UTC)  # 17:09; Hà Nội, 1.2° further west, has 17:15


class Night:
    """A street, its lights, and a clock that a test moves."""

    def __init__(self, time: SetClock, street: Street, overrides: Overrides) -> None:
        self.time = time
        self.street = street
        self.overrides = overrides
        self.lamps = lamps([street.bus])
        self.has_time = True
        self.document: LightDocument | None = None
        self.wanted = wanted = Wanted(HALONG, HANOI_TIME, overrides, lambda: self.document)
        self.lights = Lights(self.lamps, wanted, time.clock, lambda: self.has_time)
        times = timedelta(seconds=10), timedelta(seconds=1)
        self.poller = Poller(street.bus, *times, time.clock, self._take)

    async def _take(self, readings: Sequence[Reading]) -> None:
        self.lights.hear(readings)

    async def round(self) -> int:
        """Poll, correct; how many orders were given."""
        before = self.lights.corrected
        await self.poller.round()
        await self.lights.correct(self.street.bus)
        return self.lights.corrected - before

    async def at(self, moment: datetime) -> int:
        """Let the time come, and a round and a fade pass."""
        self.time.forward((moment - self.time.clock.now()).total_seconds())
        corrected = await self.round()
        self.time.forward(10)
        return corrected

    def levels(self) -> set[float]:
        return {self.street.level(lamp) for lamp in self.street.lamps}


@pytest.fixture
def time() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
async def overrides(tmp_path: Path) -> AsyncIterator[Overrides]:
    async with Database(tmp_path / "held.sqlite", held.SCHEMA) as database:
        yield await Overrides.load(database)


@pytest.fixture
async def night(tmp_path: Path, time: SetClock, overrides: Overrides) -> AsyncIterator[Night]:
    async with street(tmp_path, time.clock) as found:
        night = Night(time, found, overrides)
        await night.round()
        yield night


async def test_the_night_goes_by_without_a_cloud(night: Night) -> None:
    assert night.levels() == {0}
    await night.at(SUNSET - timedelta(minutes=5))
    assert night.levels() == {0}
    await night.at(SUNSET + timedelta(minutes=5))
    assert night.levels() == {100}
    await night.at(datetime(2026, 11, 21, 15, 1, tzinfo=UTC))  # 22:01
    assert night.levels() == {50}
    await night.at(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))  # 08:00
    assert night.levels() == {0}


async def test_only_what_differs_is_written(night: Night) -> None:
    assert await night.at(SUNSET + timedelta(minutes=5)) == len(night.street.lamps)
    versions = [night.street.lamp(lamp).version for lamp in night.street.lamps]
    assert await night.round() == 0
    assert [night.street.lamp(lamp).version for lamp in night.street.lamps] == versions


async def test_a_programme_that_was_shown_is_not_written_beneath_an_override(night: Night) -> None:
    """Of a hundred lamps held by hand for the first time since the edge began, that would be as many writes."""
    await night.at(SUNSET + timedelta(minutes=5))
    night.lights._written.clear()
    assert await night.round() == 0
    for lamp in night.street.lamps:
        await night.overrides.put(lamp, Held(override=Override(level=20, until=SUNSET + timedelta(hours=1))))
    assert await night.round() == len(night.street.lamps), "the override alone"
    assert await night.round() == 0
    night.lights._written.clear()
    assert await night.round() == len(night.street.lamps), "nobody knows what is beneath"


async def test_a_replaced_controller_is_right_again_after_its_next_reading(night: Night) -> None:
    await night.at(SUNSET + timedelta(minutes=5))
    lamp = night.street.lamp(night.street.lamps[0])
    lamp.set_programme(None, night.street.world.now())
    assert await night.round() == 1
    assert lamp.state.programme == 100
    lamp.set_programme(30, night.street.world.now())
    assert await night.round() == 1
    assert lamp.state.programme == 100


async def test_an_override_is_kept_up_and_ends_by_itself(night: Night) -> None:
    one = night.street.lamps[0]
    await night.at(SUNSET + timedelta(minutes=5))
    end = SUNSET + timedelta(hours=1)
    await night.overrides.put(one, Held(override=Override(level=20, until=end)))
    await night.round()
    assert night.street.lamp(one).state.override_until == end.timestamp()
    night.street.lamp(one).set_override(None, 0, night.street.world.now())
    assert await night.round() == 1, "its controller had forgotten it"
    night.time.forward(10)
    assert night.levels() == {20, 100}
    await night.at(end + timedelta(seconds=1))
    assert night.levels() == {100}


async def test_an_override_that_nobody_here_knows_of_is_ended(night: Night) -> None:
    one = night.street.lamps[0]
    late = int(SUNSET.timestamp()) + 9 * 3600
    night.street.lamp(one).set_override(100, late, night.street.world.now())
    night.time.forward(10)
    assert night.levels() == {0, 100}
    await night.round()
    night.time.forward(10)
    assert night.levels() == {0}


async def test_an_override_that_outlives_its_device_clock_ends_by_the_edge(night: Night) -> None:
    one = night.street.lamps[0]
    end = night.time.clock.now() + timedelta(minutes=1)
    await night.overrides.put(one, Held(override=Override(level=80, until=end)))
    await night.round()
    night.street.lamp(one).state.override_until += 100_000  # its clock stands still
    await night.at(end)
    assert night.levels() == {0}


async def test_under_an_override_the_programme_goes_on(night: Night) -> None:
    """So that a device that ends the override alone falls back to the right level."""
    one = night.street.lamps[0]
    await night.overrides.put(one, Held(override=Override(level=20, until=SUNSET + timedelta(hours=1))))
    await night.round()
    await night.at(SUNSET + timedelta(minutes=5))
    assert night.street.lamp(one).state.programme == 100
    assert night.street.level(one) == 20


async def test_a_lamp_that_says_nothing_is_left_alone_until_it_speaks(night: Night) -> None:
    one = night.street.lamps[0]
    night.street.faults.switch("comm_loss", one, on=True)
    assert await night.at(SUNSET + timedelta(minutes=5)) == len(night.street.lamps) - 1
    night.street.faults.switch("comm_loss", one, on=False)
    assert await night.round() == 1
    assert night.street.lamp(one).state.programme == 100


async def test_a_dead_controller_does_not_keep_the_other_phases_dark(night: Night) -> None:
    await night.round()
    units = night.street.world.lines[night.street.bus.name].units
    dead = next(iter(night.lamps.values()))
    units[dead.member.unit].silent = True
    night.time.forward((SUNSET - NOON).total_seconds() + 300)
    await night.lights.correct(night.street.bus)  # on what was heard before it died
    lit = [lamp for lamp in night.lamps.values() if night.street.lamp(lamp.device).state.programme == 100]
    assert {lamp.device for lamp in lit} == {
        lamp.device for lamp in night.lamps.values() if lamp.member.unit != dead.member.unit
    }
    units[dead.member.unit].silent = False
    await night.round()
    assert night.street.lamp(dead.device).state.programme == 100


async def test_overrides_survive_a_restart(tmp_path: Path) -> None:
    path, until_ = tmp_path / "edge.sqlite", NOON + timedelta(hours=1)
    async with Database(path, held.SCHEMA) as database:
        first = await Overrides.load(database)
        await first.put("L1", Held(override=Override(level=20, until=until_)))
        await first.put("L2", Held(override=Override(level=30, until=until_)))
        await first.put("L1", Held(override=Override(level=40, until=until_)))
        await first.put("L2", Held())
    async with Database(path, held.SCHEMA) as database:
        second = await Overrides.load(database)
    assert second.held("L1", NOON).override == Override(level=40, until=until_)
    assert second.held("L2", NOON).override is None
    assert second.held("L1", until_).override is None


async def test_the_sun_sets_and_the_lamps_are_lit_at_once(tmp_path: Path, overrides: Overrides) -> None:
    """The loops as they run, five minutes of the city before sunset; time stands still until the day is seen."""
    held_back = HeldClock(SUNSET - timedelta(minutes=5), speed=300)
    clock = held_back.clock
    async with street(tmp_path, clock) as found:
        lights = Lights(lamps([found.bus]), Wanted(HALONG, HANOI_TIME, overrides), clock)

        async def take(readings: Sequence[Reading]) -> None:
            lights.hear(readings)

        poller = Poller(found.bus, timedelta(seconds=0.1), timedelta(seconds=1), clock, take)
        async with at_work(lights.run(), poller.run()):
            await until(lambda: {found.lamp(lamp).state.programme for lamp in found.lamps} == {0})
            held_back.let_go()
            await until(lambda: {found.level(lamp) for lamp in found.lamps} == {100})


async def test_what_a_command_reads_is_looked_at_with_the_next_round(night: Night) -> None:
    """The answer to a command must not wait until hundreds of others have been looked at."""
    one = night.street.lamps[0]
    night.time.forward((SUNSET - NOON).total_seconds() + 300)
    news = night.lights._news[night.street.bus]
    news.clear()
    night.lights.remember([await night.lamps[one].read(Priority.ROUTINE)])
    assert not news.is_set()
    await night.lights.correct(night.street.bus)
    assert night.street.lamp(one).state.programme == 100, "it is known all the same"


async def test_a_lamp_that_refuses_its_level_is_told_once(night: Night, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    one = night.street.lamps[0]
    reading = await night.lamps[one].read(Priority.ROUTINE)
    night.street.faults.switch("comm_loss", one, on=True)
    night.time.forward((SUNSET - NOON).total_seconds() + 300)
    for _ in range(3):
        night.lights.hear([reading])
        await night.lights.correct(night.street.bus)
    told = [record.getMessage() for record in caplog.records]
    assert told == [f"{night.street.bus.name}: {one} cannot be given its level: device refused: device failure"]


UNTIL = NOON + timedelta(hours=1)
HELD = Override(level=60, until=UNTIL)


@pytest.mark.parametrize(
    ("target", "reason", "override", "written", "expected"),
    [
        (50, Reason.PROGRAMME, None, None, []),
        (50.25, Reason.PROGRAMME, None, None, []),
        (100, Reason.PROGRAMME, None, 50, ["programme"]),
        (50, Reason.HARDWARE, None, 50, ["programme"]),
        (30, Reason.SENSOR, None, 50, []),
        (30, Reason.SENSOR, None, 100, ["programme"]),
        (30, Reason.LOCAL, None, 50, []),
        (60, Reason.OVERRIDE, None, 50, ["resume"]),
        (60, Reason.OVERRIDE, None, None, ["programme", "resume"]),
        (60, Reason.OVERRIDE, HELD, 50, []),
        (60, Reason.OVERRIDE, HELD, 100, ["programme"]),
        (80, Reason.OVERRIDE, HELD, 50, ["override"]),
        (50, Reason.PROGRAMME, HELD, None, ["override"]),
        (60, Reason.PROGRAMME, HELD, 50, ["programme", "override"]),
        (None, None, HELD, None, []),
    ],
)
def test_what_is_corrected(
    target: float | None,
    reason: float | None,
    override: Override | None,
    written: float | None,
    expected: list[str],
) -> None:
    orders: dict[str, Order] = {
        "programme": Programme(50),
        "override": Hold(60, UNTIL),
        "resume": Release(),
    }
    reading = Reading("HL-000001", "luminaire", 0, {"target_level": target, "command_reason": reason})
    assert corrections(reading, 50, override, written) == [orders[name] for name in expected]


async def test_orders_go_to_the_registers_of_the_manual(night: Night) -> None:
    lamp = next(lamp for lamp in night.lamps.values() if lamp.member.block == 1)
    seconds = int(UNTIL.timestamp())
    assert lamp.registers(Programme(50)) == Registers(32 + 3, [100])
    assert lamp.registers(Hold(60, UNTIL)) == Registers(32 + 26, [120, seconds >> 16, seconds & 0xFFFF])
    assert lamp.registers(Release()) == Registers(32 + 26, [0xFFFF, 0, 0])


async def test_without_a_time_nothing_is_written_and_with_it_everything(night: Night) -> None:
    night.has_time = False
    assert await night.at(SUNSET + timedelta(hours=1)) == 0
    night.has_time = True
    assert await night.round() > 0


async def test_what_a_command_kept_from_being_told_is_not_noted_as_told(night: Night) -> None:
    device, lamp = min(night.lamps.items())
    night.time.forward((SUNSET + timedelta(minutes=5) - night.time.clock.now()).total_seconds())
    night.lights.hear([await lamp.read(Priority.ROUTINE)])
    assert night.lights._orders(lamp)
    async with lamp.turn(Priority.ROUTINE):
        correcting = asyncio.create_task(night.lights.correct(lamp.line))
        await asyncio.sleep(0)  # it waits for its turn now
        night.lights.awaiting.add(device)
    await correcting
    assert night.lights._written[device] == 0
    assert night.street.lamp(device).state.programme == 0


def dimmed(lamps: Mapping[str, float], release: str = "1") -> LightDocument:
    """Up to 40 % within 40 s of sunset, and nothing else."""
    steps = Step(sun=SunEvent.SUNSET, level=40, ramp_s=40), Step(sun=SunEvent.SUNRISE, level=0)
    night = light.Programme(id="dim", name=Name(vi="Mờ", en="Dim"), steps=steps)
    return LightDocument(
        release=release,
        made_at=NOON,
        timezone="Asia/Ho_Chi_Minh",
        place=HALONG,
        first_night=NOON.date(),
        programmes=(night,),
        sets=(LampSet(id="s", stretches=(Stretch(programme="dim", nights=9),), lamps=lamps),),
    )


async def test_each_lamp_has_its_own_programme_and_output(night: Night) -> None:
    first, second, *others = night.street.lamps
    night.document = dimmed({first: 100, second: 50})
    await night.at(SUNSET + timedelta(minutes=5))
    assert [night.street.level(lamp) for lamp in (first, second)] == [40, 20]
    assert {night.street.level(lamp) for lamp in others} == {100}
    night.document = None
    await night.round()
    night.time.forward(10)
    assert night.levels() == {100}


async def test_a_ramp_is_followed_between_two_readings(night: Night) -> None:
    """The last word of a lamp is ten seconds old; what it was told since is believed."""
    night.document = dimmed(dict.fromkeys(night.street.lamps, 100))
    begins = next_sunset(HALONG, NOON)
    assert begins is not None
    night.time.forward((begins - night.time.clock.now()).total_seconds())
    await night.poller.round()
    for _ in range(4):
        night.time.forward(5)
        night.lights.look()
        await night.lights.correct(night.street.bus)
        second = (night.time.clock.now() - begins).total_seconds()
        assert {night.street.lamp(lamp).state.programme for lamp in night.street.lamps} == {second}


@pytest.mark.parametrize(
    ("late", "actual", "is_done"), [(20, 16, True), (20, 20, True), (20, 5, False), (90, 39, False)]
)
async def test_back_to_the_programme_in_the_middle_of_a_ramp_a_lamp_that_fades_is_a_little_behind(
    night: Night, late: float, actual: float, is_done: bool
) -> None:
    one = night.street.lamps[0]
    night.document = dimmed({one: 100})
    begins = next_sunset(HALONG, NOON)
    assert begins is not None
    night.time.forward((begins - night.time.clock.now()).total_seconds() + late)
    now = night.time.clock.now()
    back = Command(id="c", target=one, action=Resume(), issued_at=now, expires_at=now + timedelta(hours=1), who="anna")
    values: dict[str, float | None] = {"actual_level": actual, "command_reason": float(Reason.PROGRAMME)}
    judge = Judge(night.lamps, night.wanted, night.time.clock)
    assert (judge.difference(back, Reading(one, "luminaire", 0, values)) is None) is is_done


async def test_a_locked_out_lamp_is_put_out_also_when_nobody_knows_the_time(night: Night) -> None:
    one = night.street.lamps[0]
    await night.at(SUNSET + timedelta(minutes=5))
    night.has_time = False
    await night.overrides.put(one, Held(lock_out=LockOut()))
    assert await night.round() == 1
    night.time.forward(10)
    assert (night.street.level(one), night.levels()) == (0, {0, 100})


async def test_a_controller_is_told_of_a_lock_out_again_long_before_it_forgets_it(night: Night) -> None:
    one = night.street.lamps[0]
    await night.overrides.put(one, Held(lock_out=LockOut()))
    told = []
    for hours in (1, 7, 14, 26):
        await night.at(NOON + timedelta(hours=hours))
        told.append((night.street.lamp(one).state.override_until - NOON.timestamp()) / 3600)
    assert told == [25, 25, 38, 38]


async def test_on_a_radio_net_a_ramp_goes_in_steps_and_a_person_goes_first(overrides: Overrides) -> None:
    begins = next_sunset(HALONG, NOON)
    assert begins is not None
    time, line = SetClock(begins + timedelta(seconds=10)), Line()
    lamp = Controlled("L1", line, time, programme=0, pace_s=3600)
    wanted = Wanted(HALONG, HANOI_TIME, overrides, lambda: dimmed({"L1": 100}))
    lights = Lights({"L1": lamp}, wanted, time.clock)
    lights.hear([await lamp.read(Priority.ROUTINE)])
    for _ in range(3):
        await lights.correct(line)
        time.forward(10)
    assert lamp.programme == 10, "it was told once, and is left in peace for a while"
    assert lights._behind == {line}, "and is not forgotten"
    await overrides.put("L1", Held(override=Override(level=80, until=begins + timedelta(hours=1))))
    await lights.correct(line)
    assert lamp.says() == (80, Reason.OVERRIDE)
