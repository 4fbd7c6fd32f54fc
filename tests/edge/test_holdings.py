"""Emergency light, lock-outs and self-tests: what stands above the programme on the street, and what ends it."""

from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.database import Database
from edge_agent.overrides import Overrides
from protocols.clock import DomainClock
from protocols.commands import (
    Action,
    Answer,
    Emergency,
    Group,
    Held,
    LockOut,
    Override,
    Refusal,
    Resume,
    SelfTest,
    Step,
    Unlock,
)
from tests.edge.streets import Street
from tests.edge.test_executor import SCHEMA, Desk, clock, desk, desk_with, gives_up_soon, lit, patience_s
from tests.waiting import until, until_async

__all__ = ["clock", "desk", "lit", "patience_s"]  # fixtures

TEST = SelfTest(levels=(100.0, 50.0, 25.0), settle_s=2)


async def done(desk: Desk, name: str, action: Action, target: str | None = None) -> Answer:
    """A command to its last word."""
    desk.executor.submit(desk.command(name, action, target))
    return await desk.last(name)


def emergency(desk: Desk) -> Emergency:
    return Emergency(until=desk.clock.now() + timedelta(hours=1))


def dimmed(desk: Desk, level: float = 40) -> Override:
    return Override(level=level, until=desk.clock.now() + timedelta(hours=2))


def holds(desk: Desk, lamp: str | None = None) -> Held:
    return desk.held.held(lamp or desk.lamp, desk.clock.now())


async def test_emergency_light_stands_above_an_override_and_lets_none_through(desk: Desk) -> None:
    assert (await done(desk, "a", dimmed(desk))).step is Step.READ_BACK
    lit_up = await done(desk, "b", emergency(desk))
    assert (lit_up.step, lit_up.actual_level) == (Step.READ_BACK, 100)
    refused = await done(desk, "c", dimmed(desk, 10))
    assert (refused.step, refused.refusal) == (Step.REFUSED, Refusal.IN_EMERGENCY)
    assert desk.street.level(desk.lamp) == 100
    assert (await done(desk, "d", Resume())).step is Step.READ_BACK
    assert holds(desk) == Held(), "back to the programme ends both"


async def test_nothing_weaker_takes_the_place_of_what_is_under_way(desk: Desk) -> None:
    desk.executor.submit(desk.command("a", emergency(desk)))
    desk.executor.submit(desk.command("b", dimmed(desk, 10), later_s=1))
    desk.executor.submit(desk.command("c", TEST, later_s=2))
    assert (await desk.last("a")).step is Step.READ_BACK
    for name in ("b", "c"):
        assert (await desk.last(name)).refusal is Refusal.IN_EMERGENCY
    other = desk.street.lamps[1]
    desk.executor.submit(desk.override("d", 70, target=other))
    desk.executor.submit(desk.command("e", TEST, other, later_s=1))
    assert (await desk.last("d")).step is Step.READ_BACK
    assert (await desk.last("e")).refusal is Refusal.HELD_BY_HAND


async def test_an_unlocking_that_a_restart_interrupts_and_that_fails_leaves_the_lock_out(
    tmp_path: Path, lit: Street, clock: DomainClock
) -> None:
    async with Database(tmp_path / "edge.sqlite", SCHEMA) as database:
        async with desk_with(database, lit, clock) as first:
            await done(first, "a", LockOut())
            lit.faults.switch("stuck_on", first.lamp, on=True)
            await until(lambda: lit.level(first.lamp) == 100)  # or it is read on its way, where it is wanted
            first.executor.submit(first.command("b", Unlock()))
            await until(lambda: holds(first) == Held())
        async with desk_with(database, lit, clock, patience_s=2.0) as second:
            assert (await second.last("b")).step is Step.REFUSED
            assert holds(second) == Held(LockOut()), "as the cloud shows it"
            lit.faults.switch("stuck_on", second.lamp, on=False)
            assert (await done(second, "c", Unlock())).step is Step.READ_BACK
        assert (await Overrides.load(database)).held(lit.lamps[0], clock.now()) == Held()


async def test_an_emergency_that_fails_after_a_restart_leaves_the_override_beneath(
    tmp_path: Path, lit: Street, clock: DomainClock
) -> None:
    async with Database(tmp_path / "edge.sqlite", SCHEMA) as database:
        async with desk_with(database, lit, clock) as first:
            beneath = dimmed(first)
            await done(first, "a", beneath)
            lit.faults.switch("stuck_on", first.lamp, on=True)
            await until(lambda: lit.level(first.lamp) == 100)  # and not on its way there past the emergency's level
            first.executor.submit(first.command("b", Emergency(level=90, until=clock.now() + timedelta(hours=1))))
            await until(lambda: holds(first).emergency)
        async with desk_with(database, lit, clock, patience_s=0.6) as second:
            assert (await second.last("b")).step is Step.REFUSED
            assert holds(second) == Held(override=beneath)


async def test_a_lock_out_that_came_late_is_the_last_also_after_a_restart(
    tmp_path: Path, lit: Street, clock: DomainClock
) -> None:
    async with Database(tmp_path / "edge.sqlite", SCHEMA) as database:
        async with desk_with(database, lit, clock) as first:
            lit.faults.switch("stuck_on", first.lamp, on=True)
            early = first.command("a", LockOut())
            first.executor.submit(first.command("b", dimmed(first), later_s=1))
            await until(lambda: holds(first).override)
            first.executor.submit(early)
            await until(lambda: holds(first).lock_out)
        lit.faults.switch("stuck_on", lit.lamps[0], on=False)
        async with desk_with(database, lit, clock) as second:
            assert (await second.last("a")).step is Step.READ_BACK
            assert (await second.last("b")).refusal is Refusal.SUPERSEDED


async def test_a_lock_out_beats_everything_until_it_is_unlocked(desk: Desk) -> None:
    light = emergency(desk)
    await done(desk, "a", light)
    dark = await done(desk, "b", LockOut())
    assert (dark.step, dark.actual_level) == (Step.READ_BACK, 0)
    assert dark.active_power is not None
    assert dark.active_power < 6, "W: it takes no power, too"
    for name, action in (("c", dimmed(desk)), ("d", Resume()), ("e", emergency(desk)), ("f", TEST)):
        assert (await done(desk, name, action)).refusal is Refusal.LOCKED_OUT
    assert holds(desk) == Held(LockOut(), light)
    back = await done(desk, "g", Unlock())
    assert (back.step, back.actual_level) == (Step.READ_BACK, 100), "to what is beneath: the emergency"
    assert holds(desk) == Held(emergency=light)


async def test_a_lock_out_that_could_not_be_confirmed_holds_nevertheless(desk: Desk) -> None:
    desk.street.faults.switch("comm_loss", desk.lamp, on=True)
    assert (await done(desk, "a", LockOut())).step is Step.REFUSED
    assert holds(desk) == Held(LockOut())


async def test_an_unlocking_of_before_does_not_end_a_lock_out_that_could_not_be_confirmed(desk: Desk) -> None:
    early = desk.command("a", Unlock())
    desk.street.faults.switch("comm_loss", desk.lamp, on=True)
    desk.executor.submit(desk.command("b", LockOut(), later_s=1))
    assert (await desk.last("b")).step is Step.REFUSED
    desk.street.faults.switch("comm_loss", desk.lamp, on=False)
    desk.executor.submit(early)
    assert (await desk.last("a")).refusal is Refusal.SUPERSEDED
    assert holds(desk) == Held(LockOut())
    desk.executor.submit(desk.command("c", Unlock(), later_s=2))
    assert (await desk.last("c")).step is Step.READ_BACK


@gives_up_soon
async def test_a_lamp_that_is_dark_by_its_own_word_and_takes_power_is_told_of(desk: Desk) -> None:
    curve = desk.street.lamp(desk.lamp).curve
    curve.points = ((0.0, 30.0), *curve.points[1:])  # a welded relay
    failed = await done(desk, "a", LockOut())
    assert (failed.refusal, failed.actual_level) == (Refusal.STILL_POWERED, 0)
    assert failed.active_power == pytest.approx(30, rel=0.2)
    assert holds(desk) == Held(LockOut())


async def test_a_lock_out_is_taken_however_late_it_comes_after_other_commands(desk: Desk) -> None:
    lock_out = desk.command("a", LockOut())
    await done(desk, "b", dimmed(desk))
    desk.executor.submit(lock_out)
    assert (await desk.last("a")).step is Step.READ_BACK


async def test_a_self_test_measures_each_level_and_gives_the_lamp_back(desk: Desk) -> None:
    found = await done(desk, "a", TEST)
    assert found.step is Step.READ_BACK
    assert found.points is not None
    assert [(point.level, point.actual_level) for point in found.points] == [(100, 100), (50, 50), (25, 25)]
    powers = [point.power or 0 for point in found.points]
    assert powers == sorted(powers, reverse=True)
    assert powers[0] > 2 * powers[2] > 0
    assert holds(desk) == Held()


async def test_a_manual_command_ends_a_self_test(desk: Desk) -> None:
    desk.executor.submit(desk.command("a", TEST))
    await until(lambda: holds(desk).test)
    assert (await done(desk, "b", dimmed(desk))).step is Step.READ_BACK
    assert (await desk.last("a")).refusal is Refusal.SUPERSEDED
    held = holds(desk)
    assert (held.test, held.override is not None) == (None, True)
    assert (await done(desk, "c", TEST)).refusal is Refusal.HELD_BY_HAND


async def test_a_restart_in_the_middle_of_a_self_test_gives_the_lamp_back(
    tmp_path: Path, lit: Street, clock: DomainClock
) -> None:
    async with Database(tmp_path / "edge.sqlite", SCHEMA) as database:
        async with desk_with(database, lit, clock) as first:
            first.executor.submit(first.command("a", TEST))
            await until(lambda: holds(first).test)
        async with desk_with(database, lit, clock) as second:
            assert (await second.last("a")).refusal is Refusal.INTERRUPTED
            assert holds(second) == Held()


async def test_of_many_never_more_than_every_third_is_tested_at_a_time(desk: Desk) -> None:
    now, tested = desk.clock.now(), list[set[str]]()
    quick = SelfTest(levels=(100.0,), settle_s=0)
    times = {"issued_at": now, "expires_at": now + timedelta(hours=1)}
    desk.executor.submit(Group(id="g", lamps=tuple(desk.street.lamps), action=quick, who="anna", **times))

    async def all_said() -> bool:
        tested.append({lamp for lamp in desk.street.lamps if holds(desk, lamp).test})
        last = [await desk.steps(f"g-{n}") for n in range(len(desk.street.lamps))]
        return all(steps[-1:] == [Step.READ_BACK] for steps in last)

    await until_async(all_said)
    places = [{desk.street.lamps.index(lamp) % 3 for lamp in some} for some in tested if some]
    assert places
    assert all(len(some) == 1 for some in places)
