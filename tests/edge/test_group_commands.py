"""Many lamps at once: each is confirmed by its own actual level or named with why, in few messages."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.bus import Priority
from edge_agent.database import Database
from edge_agent.ledger import begin
from edge_agent.outbox import Outbox
from edge_agent.overrides import Overrides
from protocols import wire
from protocols.clock import DomainClock
from protocols.commands import Action, Answer, Group, Held, Override, Refusal, Resume, Step
from protocols.topics import Stream
from protocols.wire import Header
from tests.edge.full_disk import FillingDisk
from tests.edge.streets import LAMPS, Street
from tests.edge.test_executor import SCHEMA, Desk, clock, desk, desk_on, desk_with, lit, patience_s
from tests.waiting import until, until_async

__all__ = ["clock", "desk", "lit", "patience_s"]  # fixtures


def group(desk: Desk, action: Action, name: str = "g", *more: str, later_s: float = 0) -> Group:
    issued = desk.clock.now() + timedelta(seconds=later_s)
    return Group(
        id=name,
        lamps=(*desk.street.lamps, *more),
        action=action,
        issued_at=issued,
        expires_at=issued + timedelta(minutes=10),
        who="anna",
    )


def dimmed(desk: Desk, level: float) -> Override:
    return Override(level=level, until=desk.clock.now() + timedelta(hours=2))


async def told(desk: Desk) -> list[list[Answer]]:
    """What each message said."""
    entries = await desk.box.unsent(Stream.EVENT, 0, 1000)
    return [list(wire.decode_batch(wire.seal(Header("e", entry.seq, 1), entry.body)).events) for entry in entries]


async def ends(desk: Desk, name: str = "g", lamps: int = LAMPS) -> list[Answer]:
    """The last words on a group, by place."""

    async def found() -> list[Answer]:
        said = [answer for answers in await told(desk) for answer in answers]
        last = {a.id: a for a in said if a.id.startswith(f"{name}-") and a.step not in (Step.ACCEPTED, Step.WAITING)}
        return [last[f"{name}-{place}"] for place in range(lamps)] if len(last) == lamps else []

    return await until_async(found)


async def test_every_lamp_is_confirmed_by_its_own_level_in_few_messages(desk: Desk) -> None:
    action = dimmed(desk, 40)
    desk.executor.submit(group(desk, action))
    confirmed = await ends(desk)
    assert [answer.step for answer in confirmed] == [Step.READ_BACK] * LAMPS
    assert all(abs((answer.actual_level or 0) - 40) <= 1 and answer.active_power for answer in confirmed)
    assert all(abs(desk.street.level(lamp) - 40) <= 1 for lamp in desk.street.lamps)
    first, *rest = await told(desk)
    assert [answer.step for answer in first] == [Step.ACCEPTED] * LAMPS
    assert len(rest) <= LAMPS // 2
    until_ = {desk.street.lamp(lamp).state.override_until for lamp in desk.street.lamps}
    assert min(until_) >= action.until.timestamp(), "each ends by its own clock"
    assert all(desk.held.held(lamp, desk.clock.now()).override == action for lamp in desk.street.lamps)
    assert desk.lights.awaiting == set()


async def test_a_group_is_undone_as_a_group(desk: Desk) -> None:
    desk.executor.submit(group(desk, dimmed(desk, 100)))
    await ends(desk)
    desk.executor.submit(group(desk, Resume(), "back", later_s=1))
    assert [answer.step for answer in await ends(desk, "back")] == [Step.READ_BACK] * LAMPS
    assert all(abs(desk.street.level(lamp) - 50) <= 1 for lamp in desk.street.lamps)
    assert not any(desk.held.held(lamp, desk.clock.now()).override for lamp in desk.street.lamps)


@pytest.mark.parametrize("patience_s", [2.0])
async def test_who_fails_says_why_and_the_others_are_confirmed(desk: Desk) -> None:
    await desk.held.put(desk.street.lamps[1], Held(override=(before := dimmed(desk, 70))))
    desk.street.faults.switch("comm_loss", desk.street.lamps[0], on=True)
    desk.street.faults.switch("stuck_on", desk.street.lamps[1], on=True)
    desk.executor.submit(group(desk, dimmed(desk, 40), "g", "HL-999999"))
    silent, stuck, *good, stranger = await ends(desk, lamps=LAMPS + 1)
    assert (silent.refusal, silent.detail) == (Refusal.LAMP_SILENT, "Modbus 0x04")
    assert (stuck.refusal, stuck.wanted_level, stuck.actual_level) == (Refusal.LEVEL_NOT_REACHED, 40, 100)
    assert stranger.refusal is Refusal.NO_SUCH_LAMP
    assert {answer.step for answer in good} == {Step.READ_BACK}
    assert desk.held.held(desk.street.lamps[0], desk.clock.now()).override is None
    assert desk.held.held(desk.street.lamps[1], desk.clock.now()).override == before


async def test_a_cabinet_that_is_silent_is_not_asked_for_every_lamp(desk: Desk) -> None:
    desk.street.faults.switch("comm_loss", desk.street.config.id, on=True)
    desk.executor.submit(group(desk, dimmed(desk, 40)))
    assert {answer.refusal for answer in await ends(desk)} == {Refusal.NO_ANSWER}


async def test_the_same_group_twice_has_one_effect_and_one_answer_each(desk: Desk) -> None:
    sent = group(desk, dimmed(desk, 40))
    desk.executor.submit(sent)
    first = await ends(desk)
    versions = [desk.street.lamp(lamp).version for lamp in desk.street.lamps]
    before = len(await told(desk))
    desk.executor.submit(sent)

    async def said_again() -> list[Answer]:
        return [answer for answers in (await told(desk))[before:] for answer in answers]

    again = await until_async(said_again)
    assert again == first
    assert [desk.street.lamp(lamp).version for lamp in desk.street.lamps] == versions


async def test_a_group_that_comes_too_late_does_nothing(desk: Desk) -> None:
    versions = [desk.street.lamp(lamp).version for lamp in desk.street.lamps]
    late = group(desk, dimmed(desk, 40)).model_copy(update={"expires_at": desk.clock.now()})
    desk.executor.submit(late)
    assert {answer.refusal for answer in await ends(desk)} == {Refusal.CAME_TOO_LATE}
    assert [desk.street.lamp(lamp).version for lamp in desk.street.lamps] == versions


async def test_a_single_command_does_not_wait_for_a_group(desk: Desk) -> None:
    """It is written after two of the group at most; here the bus is held until everybody waits for it."""
    order: list[str] = []
    bus, write = desk.street.bus, desk.street.bus._write

    async def noted(device: str, address: int, words: object) -> None:
        order.append(device)
        await write(device, address, words)  # type: ignore[arg-type]

    bus._write = noted  # type: ignore[method-assign]
    last = desk.street.lamps[-1]
    async with bus.turn(Priority.URGENT):
        desk.executor.submit(group(desk, dimmed(desk, 40)))
        await until(lambda: len(desk.executor._running) == LAMPS)
        desk.executor.submit(desk.override("single", 80, target=last, later_s=1))
        await until(lambda: desk.executor._running[last].command.id == "single")
    assert (await desk.last("single")).step is Step.READ_BACK
    assert order.index(last) <= 2
    assert (await ends(desk))[-1].refusal is Refusal.SUPERSEDED
    assert abs(desk.street.level(last) - 80) <= 1


async def test_a_restart_in_the_middle_loses_no_lamp_of_a_group(
    tmp_path: Path, lit: Street, clock: DomainClock
) -> None:
    for lamp in lit.lamps:
        lit.faults.switch("stuck_on", lamp, on=True)
    async with desk_on(tmp_path, lit, clock) as first:
        action = dimmed(first, 40)
        first.executor.submit(group(first, action))
        await until_async(lambda: told(first))
    for lamp in lit.lamps:
        lit.faults.switch("stuck_on", lamp, on=False)
    async with desk_on(tmp_path, lit, clock) as second:
        assert [answer.step for answer in await ends(second)] == [Step.READ_BACK] * LAMPS
        assert all(second.held.held(lamp, clock.now()).override == action for lamp in lit.lamps)
        assert await second.ledger.unfinished() == []


async def test_of_two_groups_that_a_restart_interrupted_the_later_one_is_carried_out(
    tmp_path: Path, lit: Street, clock: DomainClock
) -> None:
    stuck, *good = lit.lamps
    lit.faults.switch("stuck_on", stuck, on=True)
    async with Database(tmp_path / "edge.sqlite", SCHEMA) as database:
        box, held = await Outbox.load(database, 1_000_000), await Overrides.load(database)
        desk = Desk(lit, clock, database, box, held)
        earlier, later = group(desk, dimmed(desk, 40)), group(desk, action := dimmed(desk, 60), "h", later_s=1)
        for command in [*earlier.commands(), *later.commands()]:
            await database.run(begin(command, Answer(id=command.id, step=Step.ACCEPTED, at=clock.now())))
            await held.put(command.target, Held(override=action))
    async with desk_on(tmp_path, lit, clock, patience_s=2.0) as second:
        assert {answer.refusal for answer in await ends(second)} == {Refusal.SUPERSEDED}
        refused, *done = await ends(second, "h")
        assert refused.refusal is Refusal.LEVEL_NOT_REACHED
        assert {answer.step for answer in done} == {Step.READ_BACK}
        assert second.held.held(stuck, clock.now()).override is None, "what was refused is not held"
        assert all(second.held.held(lamp, clock.now()).override == action for lamp in good)
        assert await second.ledger.unfinished() == []


async def test_a_group_that_a_full_disk_did_not_take_may_come_again(
    tmp_path: Path, lit: Street, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with FillingDisk(tmp_path / "edge.sqlite", SCHEMA) as disk, desk_with(disk, lit, clock) as desk:
        disk.full = True
        desk.executor.submit(lost := group(desk, dimmed(desk, 40)))
        await until(lambda: f"g-{LAMPS - 1} for {lit.lamps[-1]} is left unanswered" in caplog.text)
        disk.full = False
        desk.executor.submit(lost)
        assert {answer.step for answer in await ends(desk)} == {Step.READ_BACK}


async def test_lamps_of_a_group_that_nobody_could_be_told_of_are_driven_again(
    tmp_path: Path, lit: Street, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Most of them were given up unasked, and no order of theirs is on its way any more."""
    lit.faults.switch("comm_loss", lit.config.id, on=True)
    async with FillingDisk(tmp_path / "edge.sqlite", SCHEMA) as disk, desk_with(disk, lit, clock) as desk:
        async with lit.bus.turn(Priority.URGENT):
            desk.executor.submit(group(desk, dimmed(desk, 40)))
            await until(lambda: desk.lights.awaiting == set(lit.lamps))
            disk.full = True
        await until(lambda: f"g-{LAMPS - 1} for {lit.lamps[-1]} is left unanswered" in caplog.text)
        assert desk.lights.awaiting == set()


async def test_answers_that_come_one_by_one_are_told_together(tmp_path: Path, lit: Street, clock: DomainClock) -> None:
    async with Database(tmp_path / "edge.sqlite", SCHEMA) as database:
        box, held = await Outbox.load(database, 1_000_000), await Overrides.load(database)
        desk = Desk(lit, clock, database, box, held)
        said = [Answer(id=f"g-{n}", step=Step.READ_BACK, at=clock.now()) for n in range(3)]
        async with asyncio.TaskGroup() as tasks:
            for answer in said:
                tasks.create_task(desk.executor._replies.say_soon(answer, lambda _: None))
        [together] = await told(desk)
    assert [answer.id for answer in together] == ["g-0", "g-1", "g-2"]
