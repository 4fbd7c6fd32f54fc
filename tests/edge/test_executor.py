"""A command is done when the lamp's actual level was read, and every command gets its one answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge_agent import ledger, outbox, overrides
from edge_agent.bus import Priority
from edge_agent.database import Act, Database
from edge_agent.driving import lamps
from edge_agent.executor import Executor
from edge_agent.lamps import Lamp
from edge_agent.ledger import Ledger
from edge_agent.lights import Lights
from edge_agent.modbus_lamps import ModbusLamp
from edge_agent.outbox import Outbox
from edge_agent.overrides import Overrides
from edge_agent.recorder import Recorder
from edge_agent.wanted import Wanted
from protocols import wire
from protocols.clock import DomainClock
from protocols.commands import Action, Answer, Command, Held, Override, Refusal, Resume, Step
from protocols.inventory import Place
from protocols.readings import Reading
from protocols.topics import Stream
from protocols.wire import Header
from tests.edge.clocks import MIDNIGHT, running_clock
from tests.edge.full_disk import FillingDisk
from tests.edge.jobs import at_work
from tests.edge.streets import Street, street
from tests.waiting import until, until_async

SCHEMA = outbox.SCHEMA + overrides.SCHEMA + ledger.SCHEMA
HALONG = Place(longitude=107.07, latitude=20.95)
SPEED = 10.0  # a fade of two seconds in a fifth of one
PATIENT_S = 20.0  # wall time, for a fade on a busy machine

gives_up_soon = pytest.mark.parametrize("patience_s", [0.6])  # where no lamp is to get there


class Desk:
    """An executor at work on a street, and what it has put into the outbox."""

    def __init__(
        self,
        street: Street,
        clock: DomainClock,
        database: Database,
        box: Outbox,
        held: Overrides,
        patience_s: float = PATIENT_S,
    ) -> None:
        self.street = street
        self.clock = clock
        self.box = box
        self.held = held
        self.ledger = Ledger(database)
        self.driven = driven = lamps([street.bus])
        wanted = Wanted(HALONG, ZoneInfo("Asia/Ho_Chi_Minh"), held)
        self.lights = Lights(driven, wanted, clock)
        self.recorder = Recorder(box, lambda: Stream.LIVE)
        parts = self.ledger, box, self.recorder, self.lights, clock
        self.executor = Executor(driven, wanted, held, *parts, patience_s=patience_s)

    @property
    def lamp(self) -> str:
        return self.street.lamps[0]

    def command(self, name: str, action: Action, target: str | None = None, later_s: float = 0) -> Command:
        issued = self.clock.now() + timedelta(seconds=later_s)
        expires = issued + timedelta(minutes=10)
        where = target or self.lamp
        return Command(id=name, target=where, action=action, issued_at=issued, expires_at=expires, who="anna")

    def override(self, name: str, level: float, target: str | None = None, later_s: float = 0) -> Command:
        until = self.clock.now() + timedelta(hours=2)
        return self.command(name, Override(level=level, until=until), target, later_s)

    async def answers(self, name: str) -> list[Answer]:
        entries = await self.box.unsent(Stream.EVENT, 0, 1000)
        batches = [wire.decode_batch(wire.seal(Header("e", entry.seq, 1), entry.body)) for entry in entries]
        return [event for batch in batches for event in batch.events if event.id == name]

    async def steps(self, name: str) -> list[Step]:
        return [answer.step for answer in await self.answers(name)]

    async def last(self, name: str) -> Answer:
        """The answer that ends a command."""

        async def found() -> Answer | None:
            ended = [answer for answer in await self.answers(name) if answer.step is not Step.ACCEPTED]
            return ended[-1] if ended else None

        return await until_async(found)

    async def recorded(self) -> list[Reading]:
        entries = await self.box.unsent(Stream.LIVE, 0, 1000)
        batches = [wire.decode_batch(wire.seal(Header("e", entry.seq, 1), entry.body)) for entry in entries]
        return [reading for batch in batches for table in batch.tables for reading in table.readings()]


@asynccontextmanager
async def desk_on(
    folder: Path, street: Street, clock: DomainClock, patience_s: float = PATIENT_S
) -> AsyncIterator[Desk]:
    async with (
        Database(folder / "edge.sqlite", SCHEMA) as database,
        desk_with(database, street, clock, patience_s) as desk,
    ):
        yield desk


@asynccontextmanager
async def desk_with(
    database: Database, street: Street, clock: DomainClock, patience_s: float = PATIENT_S
) -> AsyncIterator[Desk]:
    box, held = await Outbox.load(database, 1_000_000), await Overrides.load(database)
    desk = Desk(street, clock, database, box, held, patience_s)
    async with at_work(desk.executor.run()):
        yield desk


@pytest.fixture
def clock() -> DomainClock:
    return running_clock(MIDNIGHT, SPEED)


@pytest.fixture
async def lit(tmp_path: Path, clock: DomainClock) -> AsyncIterator[Street]:
    async with street(tmp_path, clock) as found:
        for name in found.lamps:
            found.lamp(name).set_programme(50, found.world.now())
        yield found


@pytest.fixture
def patience_s() -> float:
    """How long a desk waits for a lamp to get there."""
    return PATIENT_S


@pytest.fixture
async def desk(tmp_path: Path, lit: Street, clock: DomainClock, patience_s: float) -> AsyncIterator[Desk]:
    async with desk_on(tmp_path, lit, clock, patience_s) as desk:
        yield desk


async def test_an_override_is_confirmed_by_the_actual_level(desk: Desk) -> None:
    desk.executor.submit(desk.override("c1", 80))
    answer = await desk.last("c1")
    assert await desk.steps("c1") == [Step.ACCEPTED, Step.READ_BACK]
    assert answer.actual_level is not None
    assert abs(answer.actual_level - 80) <= 1
    assert answer.active_power is not None
    assert answer.active_power > 10
    assert abs(desk.street.level(desk.lamp) - 80) <= 1


@gives_up_soon
async def test_a_command_that_is_taken_while_another_fails_stays_held(desk: Desk) -> None:
    desk.street.faults.switch("stuck_on", desk.lamp, on=True)
    read_back, say, failed = desk.executor._read_back, desk.executor._replies.say, asyncio.Event()

    async def noted(lamp: Lamp, command: Command) -> Reading:
        try:
            return await read_back(lamp, command)
        finally:
            failed.set()

    async def slowly(answers: Sequence[Answer], also: Act) -> None:
        await say(answers, also)
        if answers[0].id == "later":
            await failed.wait()

    desk.executor._read_back = noted  # type: ignore[method-assign]
    desk.executor._replies.say = slowly  # type: ignore[method-assign]
    desk.executor.submit(desk.override("fails", 40))
    desk.executor.submit(later := desk.override("later", 100, later_s=1))
    assert (await desk.last("later")).step is Step.READ_BACK
    assert (await desk.last("fails")).step is Step.REFUSED
    assert desk.held.held(desk.lamp, desk.clock.now()).override == later.action


async def test_what_a_command_is_about_to_tell_nobody_else_tells(desk: Desk) -> None:
    """A gateway echoes every order; the second echo of the same one would pass for the lamp's own word."""
    lamp = desk.driven[desk.lamp]
    desk.lights.hear([await lamp.read(Priority.ROUTINE)])
    async with lamp.turn(Priority.ROUTINE):
        desk.executor.submit(desk.override("c1", 80))
        await until(lambda: desk.held.held(desk.lamp, desk.clock.now()).override)
        assert desk.lights._orders(lamp) == []
    assert (await desk.last("c1")).step is Step.READ_BACK
    assert desk.lights.awaiting == set()


async def test_the_end_of_an_override_is_in_the_device_too(desk: Desk) -> None:
    command = desk.override("c1", 80)
    desk.executor.submit(command)
    await desk.last("c1")
    assert isinstance(command.action, Override)
    assert desk.street.lamp(desk.lamp).state.override_until >= command.action.until.timestamp()
    assert desk.held.held(desk.lamp, desk.clock.now()).override == command.action


async def test_the_chart_follows_at_once(desk: Desk) -> None:
    desk.executor.submit(desk.override("c1", 80))
    await desk.last("c1")

    async def recorded() -> bool:
        return any(abs((reading.values["actual_level"] or 0) - 80) <= 1 for reading in await desk.recorded())

    await until_async(recorded)
    assert (await desk.recorded())[-1].device == desk.lamp


async def test_the_chart_follows_also_in_a_second_that_was_polled_already(desk: Desk) -> None:
    lamp = lamps([desk.street.bus])[desk.lamp]
    polled = await lamp.read(Priority.ROUTINE)
    ahead = Reading(polled.device, polled.kind, polled.at + 3, polled.values)
    await desk.recorder.record([ahead])
    desk.executor.submit(desk.override("c1", 50))
    await desk.last("c1")

    async def recorded() -> bool:
        return len(await desk.recorded()) == 2

    await until_async(recorded)
    seconds = [reading.at for reading in await desk.recorded()]
    assert seconds == sorted(set(seconds))


async def test_resume_brings_the_programme_back(desk: Desk) -> None:
    desk.executor.submit(desk.override("c1", 100))
    await desk.last("c1")
    desk.executor.submit(desk.command("c2", Resume()))
    answer = await desk.last("c2")
    assert answer.step is Step.READ_BACK
    assert answer.actual_level is not None
    assert abs(answer.actual_level - 50) <= 1
    assert desk.held.held(desk.lamp, desk.clock.now()).override is None
    assert desk.street.lamp(desk.lamp).state.override_until == 0


async def test_the_same_id_twice_has_one_effect_and_one_answer(desk: Desk) -> None:
    command = desk.override("c1", 80)
    desk.executor.submit(command)
    first = await desk.last("c1")
    version = desk.street.lamp(desk.lamp).version
    desk.executor.submit(command)

    async def said_again() -> bool:
        return await desk.steps("c1") == [Step.ACCEPTED, Step.READ_BACK, Step.READ_BACK]

    await until_async(said_again)
    assert (await desk.answers("c1"))[-1] == first
    assert desk.street.lamp(desk.lamp).version == version


async def test_a_command_that_comes_too_late_does_nothing(desk: Desk) -> None:
    version = desk.street.lamp(desk.lamp).version
    late = desk.override("c1", 80).model_copy(update={"expires_at": desk.clock.now()})
    desk.executor.submit(late)
    answer = await desk.last("c1")
    assert (answer.step, answer.refusal) == (Step.TOO_LATE, Refusal.CAME_TOO_LATE)
    desk.executor.submit(late.model_copy(update={"expires_at": desk.clock.now() + timedelta(hours=1)}))

    async def said_again() -> bool:
        return await desk.steps("c1") == [Step.TOO_LATE, Step.TOO_LATE]

    await until_async(said_again)
    assert desk.street.lamp(desk.lamp).version == version


async def refused(desk: Desk, command: Command) -> dict[str, object]:
    """What an edge says with its refusal."""
    desk.executor.submit(command)
    answer = await desk.last(command.id)
    assert answer.step is Step.REFUSED
    return answer.model_dump(exclude={"type", "id", "step", "at"}, exclude_none=True)


async def test_a_lamp_that_its_controller_does_not_reach(desk: Desk) -> None:
    desk.street.faults.switch("comm_loss", desk.lamp, on=True)
    said = await refused(desk, desk.override("c1", 80))
    assert said == {"refusal": Refusal.LAMP_SILENT, "detail": "Modbus 0x04"}
    assert desk.held.held(desk.lamp, desk.clock.now()).override is None, "what failed leaves everything as it was"


async def test_a_cabinet_that_does_not_answer(desk: Desk) -> None:
    desk.street.faults.switch("comm_loss", desk.street.config.id, on=True)
    assert await refused(desk, desk.override("c1", 80)) == {"refusal": Refusal.NO_ANSWER}


@pytest.mark.parametrize("over_first", [False, True], ids=["the command", "its override"])
async def test_a_sleeper_that_says_nothing_is_given_up_when_it_would_be_in_vain(desk: Desk, over_first: bool) -> None:
    """It seems to listen, and is gone already: it is asked again, but not for ever, and never at once."""
    lamp = desk.executor._lamps[desk.lamp]
    assert isinstance(lamp, ModbusLamp)
    desk.executor._lamps = {desk.lamp: replace(lamp, sleeps=True)}
    desk.street.faults.switch("comm_loss", desk.street.config.id, on=True)
    soon, later = desk.clock.now() + timedelta(seconds=3 * SPEED), desk.clock.now() + timedelta(hours=1)
    wanted = desk.command("c1", Override(level=30, until=soon if over_first else later))
    desk.executor.submit(wanted if over_first else wanted.model_copy(update={"expires_at": soon}))
    answer = await desk.last("c1")
    assert (answer.step, answer.refusal) == (Step.TOO_LATE, Refusal.SLEPT_THROUGH)


@gives_up_soon
async def test_a_lamp_that_does_not_follow(desk: Desk) -> None:
    desk.executor.submit(desk.override("c0", 70))
    await desk.last("c0")
    desk.street.faults.switch("stuck_on", desk.lamp, on=True)
    assert await refused(desk, desk.override("c1", 30)) == {
        "refusal": Refusal.LEVEL_NOT_REACHED,
        "wanted_level": 30,
        "actual_level": 100,
        "waited_s": 0.6,
    }
    kept = desk.held.held(desk.lamp, desk.clock.now()).override
    assert kept is not None
    assert kept.level == 70, "the override of before is in force again"


async def test_somebody_else_s_device(desk: Desk) -> None:
    assert await refused(desk, desk.override("c1", 30, target="HL-999999")) == {"refusal": Refusal.NO_SUCH_LAMP}
    meter = desk.street.config.devices[0].id
    assert await refused(desk, desk.override("c2", 30, target=meter)) == {"refusal": Refusal.NO_SUCH_LAMP}


async def test_an_override_whose_end_has_passed(desk: Desk) -> None:
    over = desk.command("c1", Override(level=10, until=desk.clock.now()))
    assert await refused(desk, over) == {"refusal": Refusal.ALREADY_OVER}


async def test_a_cloud_whose_clock_ran_ahead_does_not_have_the_last_word(desk: Desk) -> None:
    desk.executor.submit(desk.override("c1", 100, later_s=86_400))
    await desk.last("c1")
    desk.executor.submit(desk.override("c2", 20))
    assert (await desk.last("c2")).step is Step.READ_BACK
    assert abs(desk.street.level(desk.lamp) - 20) <= 1


async def test_an_end_that_no_register_can_hold_does_not_end_the_edge(desk: Desk) -> None:
    end = datetime(2150, 1, 1, tzinfo=UTC)
    ahead = desk.command("c1", Override(level=80, until=end), later_s=(end - desk.clock.now()).total_seconds() - 3600)
    desk.executor.submit(ahead)
    assert (await desk.last("c1")).step is Step.READ_BACK
    desk.executor.submit(desk.command("c2", Resume()))
    assert (await desk.last("c2")).step is Step.READ_BACK, "and it can be taken back"


async def test_a_full_disk_does_not_end_the_edge_and_the_command_may_come_again(
    tmp_path: Path, lit: Street, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with FillingDisk(tmp_path / "edge.sqlite", SCHEMA) as disk, desk_with(disk, lit, clock) as desk:
        disk.full = True
        desk.executor.submit(lost := desk.override("c1", 80))
        await until(lambda: f"the disk takes nothing: command c1 for {desk.lamp} is left unanswered" in caplog.messages)
        disk.full = False
        desk.executor.submit(lost)
        assert (await desk.last("c1")).step is Step.READ_BACK


async def test_what_a_full_disk_interrupts_is_finished_by_the_next_start(
    tmp_path: Path, lit: Street, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with FillingDisk(tmp_path / "edge.sqlite", SCHEMA) as disk:
        async with desk_with(disk, lit, clock, patience_s=0.6) as desk:
            lit.faults.switch("stuck_on", desk.lamp, on=True)
            desk.executor.submit(desk.override("c1", 30))
            await until_async(lambda: desk.steps("c1"))
            disk.full = True
            await until(
                lambda: f"the disk takes nothing: command c1 for {desk.lamp} is left unanswered" in caplog.messages
            )
        caplog.clear()
        async with desk_with(disk, lit, clock, patience_s=0.6) as desk:
            await until(
                lambda: f"the disk takes nothing: command c1 for {desk.lamp} is left unanswered" in caplog.messages
            )
        lit.faults.switch("stuck_on", lit.lamps[0], on=False)
        disk.full = False
        async with desk_with(disk, lit, clock) as desk:
            assert (await desk.last("c1")).step is Step.READ_BACK


async def test_of_two_commands_the_later_wins(desk: Desk) -> None:
    desk.executor.submit(desk.override("c1", 100))
    desk.executor.submit(desk.override("c2", 20, later_s=1))
    assert (await desk.last("c2")).step is Step.READ_BACK
    overtaken = await desk.last("c1")
    assert (overtaken.step, overtaken.refusal) == (Step.REFUSED, Refusal.SUPERSEDED)
    assert abs(desk.street.level(desk.lamp) - 20) <= 1


async def test_the_later_wins_also_when_the_earlier_arrives_after_it(desk: Desk) -> None:
    early = desk.override("c1", 100)
    desk.executor.submit(desk.override("c2", 20, later_s=1))
    await desk.last("c2")
    assert await refused(desk, early) == {"refusal": Refusal.SUPERSEDED}
    assert abs(desk.street.level(desk.lamp) - 20) <= 1


@gives_up_soon
async def test_when_the_later_fails_the_lamp_goes_back_to_before_both(desk: Desk) -> None:
    desk.street.faults.switch("stuck_on", desk.lamp, on=True)
    desk.executor.submit(desk.override("c1", 30))
    desk.executor.submit(desk.override("c2", 20, later_s=1))
    assert (await desk.last("c2")).step is Step.REFUSED
    assert (await desk.last("c1")).step is Step.REFUSED
    assert desk.held.held(desk.lamp, desk.clock.now()).override is None


async def test_commands_for_different_lamps_do_not_wait_for_each_other(desk: Desk) -> None:
    desk.street.faults.switch("stuck_on", desk.lamp, on=True)
    desk.executor.submit(desk.override("slow", 30))
    desk.executor.submit(desk.override("quick", 50, target=desk.street.lamps[1]))
    assert (await desk.last("quick")).step is Step.READ_BACK
    assert await desk.steps("slow") == [Step.ACCEPTED]


async def test_a_restart_in_the_middle_does_not_lose_the_command(
    tmp_path: Path, lit: Street, clock: DomainClock
) -> None:
    lit.faults.switch("stuck_on", lit.lamps[0], on=True)
    async with desk_on(tmp_path, lit, clock) as first:
        command = first.override("c1", 30)
        first.executor.submit(command)

        async def accepted() -> bool:
            return await first.steps("c1") == [Step.ACCEPTED]

        await until_async(accepted)
    lit.faults.switch("stuck_on", lit.lamps[0], on=False)
    async with desk_on(tmp_path, lit, clock) as second:
        assert (await second.last("c1")).step is Step.READ_BACK
        assert await second.steps("c1") == [Step.ACCEPTED, Step.READ_BACK]
        assert second.held.held(second.lamp, clock.now()).override == command.action


async def test_what_cannot_go_on_after_a_restart_is_refused(tmp_path: Path, lit: Street, clock: DomainClock) -> None:
    async with Database(tmp_path / "edge.sqlite", SCHEMA) as database:
        box = await Outbox.load(database, 1_000_000)
        until_ = clock.now()
        for name, target in (("gone", "HL-999999"), ("over", lit.lamps[0])):
            command = Command(
                id=name,
                target=target,
                action=Override(level=1, until=until_),
                issued_at=until_,
                expires_at=until_ + timedelta(days=1),
                who="anna",
            )
            accepted = Answer(id=name, step=Step.ACCEPTED, at=until_)
            await box.append(Stream.EVENT, [wire.encode_events([accepted])], ledger.begin(command, accepted))
    async with desk_on(tmp_path, lit, clock) as desk:
        assert (await desk.last("gone")).refusal is Refusal.NO_SUCH_LAMP
        assert (await desk.last("over")).refusal is Refusal.ALREADY_OVER
        assert await desk.ledger.unfinished() == []


async def test_a_command_that_fails_after_a_restart_leaves_the_override_of_before(
    tmp_path: Path, lit: Street, clock: DomainClock
) -> None:
    lit.faults.switch("stuck_on", lit.lamps[0], on=True)
    async with Database(tmp_path / "edge.sqlite", SCHEMA) as database:
        desk = Desk(lit, clock, database, await Outbox.load(database, 1_000_000), await Overrides.load(database))
        before = Override(level=70, until=clock.now() + timedelta(hours=1))
        await desk.held.put(desk.lamp, Held(override=before))
        command, accepted = desk.override("c1", 30), Answer(id="c1", step=Step.ACCEPTED, at=clock.now())
        await desk.box.append(Stream.EVENT, [wire.encode_events([accepted])], ledger.begin(command, accepted))
    async with desk_on(tmp_path, lit, clock, patience_s=0.6) as desk:
        assert (await desk.last("c1")).step is Step.REFUSED
        assert desk.held.held(desk.lamp, clock.now()).override == before


async def test_old_commands_are_forgotten_after_a_week(tmp_path: Path) -> None:
    async with Database(tmp_path / "edge.sqlite", SCHEMA) as database:
        box, kept = await Outbox.load(database, 1_000_000), Ledger(database)
        given: dict[str, Command] = {}
        for name, day in (("c1", 0), ("c2", 6), ("c3", 8)):
            at = MIDNIGHT + timedelta(days=day)
            command = given[name] = Command(
                id=name, target="L", action=Resume(), issued_at=at, expires_at=at, who="anna"
            )
            answer = Answer(id=name, step=Step.TOO_LATE, at=at, refusal=Refusal.CAME_TOO_LATE)
            await box.append(Stream.EVENT, [wire.encode_events([answer])], ledger.begin(command, answer))
        [first, second] = await kept.known([given["c1"], given["c2"]])
        assert first == (None, None), "what came too late was never taken"
        assert second[0] is not None
