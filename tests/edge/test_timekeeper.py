"""A machine's clock that is set, that drifts or that never was right does not put the light out at the wrong time."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent import timekeeper
from edge_agent.database import Database
from edge_agent.ntp import synchronised
from edge_agent.timekeeper import Timekeeper
from protocols.clock import ClockSettings, DomainClock
from rules.clock_trust import Trust
from tests.edge.clocks import MIDNIGHT
from tests.edge.jobs import at_work
from tests.waiting import until


class Machine:
    """A machine whose clock a test sets, in a world whose time only goes forward."""

    def __init__(self, right: bool = True, speed: float = 1.0) -> None:
        self.steady = 1000.0
        self.wrong_by = 0.0 if right else -9e8
        self.ntp: bool | None = None
        started = MIDNIGHT.timestamp()
        self.clock = DomainClock(ClockSettings(origin=MIDNIGHT, started=started, speed=speed), self.wall)
        self.speed = speed

    def wall(self) -> float:
        return MIDNIGHT.timestamp() + self.steady - 1000 + self.wrong_by

    def keeper(self) -> Timekeeper:
        return Timekeeper(self.clock, lambda: self.steady, lambda: self.ntp)

    def truth(self) -> datetime:
        """The city's time."""
        return MIDNIGHT + timedelta(seconds=(self.steady - 1000) * self.speed)


def hear(machine: Machine, keeper: Timekeeper, *late: float) -> None:
    """The cloud's words, ten seconds apart, each late by so many seconds."""
    for seconds in late:
        machine.steady += 10
        keeper.heard(machine.truth() - timedelta(seconds=seconds * machine.speed))


def error_s(machine: Machine, keeper: Timekeeper) -> float:
    return (keeper.clock.now() - machine.truth()).total_seconds()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(tmp_path / "edge.sqlite", timekeeper.SCHEMA) as opened:
        yield opened


def test_a_clock_that_nobody_contradicts_is_believed() -> None:
    machine = Machine()
    keeper = machine.keeper()
    keeper.look()
    assert (keeper.trust, keeper.offset_s, error_s(machine, keeper)) == (Trust.UNCHECKED, None, 0)


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_the_clouds_time_counts_when_the_machines_is_wrong(speed: float, caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(speed=speed)
    machine.wrong_by = 100
    keeper = machine.keeper()
    hear(machine, keeper, 0.5, 0.2)
    assert keeper.trust is Trust.CHECKED
    assert keeper.offset_s == pytest.approx(100.2)
    assert abs(error_s(machine, keeper)) <= 0.5 * speed
    assert caplog.messages == ["the time is set by -100.5 s"]


def test_words_that_were_held_up_set_nothing() -> None:
    machine = Machine()
    keeper = machine.keeper()
    for _ in range(50):
        machine.steady += 0.05
        keeper.heard(machine.truth() - timedelta(seconds=9))
    assert (keeper.trust, error_s(machine, keeper)) == (Trust.UNCHECKED, 0)
    hear(machine, keeper, 0.1)
    assert (keeper.trust, error_s(machine, keeper)) == (Trust.CHECKED, 0)
    for _ in range(50):
        machine.steady += 0.05
        keeper.heard(machine.truth() - timedelta(seconds=30))
    assert error_s(machine, keeper) == 0


def test_a_word_that_is_a_little_late_sets_nothing() -> None:
    machine = Machine()
    keeper = machine.keeper()
    told: list[None] = []
    keeper.on_set = lambda: told.append(None)
    hear(machine, keeper, 1.5, 0.1, 0.8)
    assert keeper.offset_s == pytest.approx(0.1)
    assert error_s(machine, keeper) == 0
    assert told == []


def test_drift_is_found_and_made_good() -> None:
    machine = Machine()
    keeper = machine.keeper()
    for _ in range(200):
        machine.steady += 600
        machine.wrong_by += 0.05
        keeper.heard(machine.truth() - timedelta(seconds=0.1))
    assert machine.wrong_by == pytest.approx(10)
    assert keeper.offset_s == pytest.approx(10, abs=1)
    assert abs(error_s(machine, keeper)) <= 2.5


def test_over_a_jump_without_the_cloud_the_time_is_carried_on(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    keeper = machine.keeper()
    hear(machine, keeper, 0, 0)
    machine.steady += 7200
    keeper.look()
    machine.wrong_by = 86_400
    keeper.look()
    machine.steady += 86_400
    keeper.look()
    assert (keeper.trust, keeper.offset_s, error_s(machine, keeper)) == (Trust.CARRIED, None, 0)
    assert "the machine's clock has jumped by +86400.0 s" in caplog.text


def test_what_the_system_synchronises_is_right() -> None:
    machine = Machine()
    keeper = machine.keeper()
    machine.ntp = True
    machine.wrong_by = 3
    hear(machine, keeper, 0, 0)
    assert (keeper.trust, error_s(machine, keeper)) == (Trust.CHECKED, 3)


def test_a_city_that_is_played_faster_has_no_use_for_the_systems_word() -> None:
    machine = Machine(speed=60)
    machine.ntp = True
    keeper = machine.keeper()
    keeper.look()
    assert keeper.trust is Trust.UNCHECKED


async def test_a_clock_that_stands_before_what_has_been_is_no_clock(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = Machine()
    known = before.keeper()
    hear(before, known, 0, 0)
    await known._keep(database)
    machine = Machine(right=False)
    keeper = machine.keeper()
    await keeper.load(database)
    assert (keeper.trust, keeper.is_known, keeper.seconds()) == (Trust.WRONG, False, None)
    machine.steady += 60
    keeper.heard(machine.truth())
    assert (keeper.trust, keeper.is_known) == (Trust.CHECKED, True)
    assert abs(error_s(machine, keeper)) < 1
    assert [m for m in caplog.messages if "suspect" in m or "known again" in m] == [
        timekeeper._NO_TIME,
        "the time is known again; the sun decides the light",
    ]


async def test_only_what_was_compared_is_remembered(database: Database) -> None:
    machine = Machine()
    keeper = machine.keeper()
    async with at_work(keeper.run(database)):
        await until(lambda: keeper.trust is Trust.UNCHECKED)
    assert await moments(database) == []
    hear(machine, keeper, 0, 0)
    await keeper._keep(database)
    assert await moments(database) == [(machine.truth().timestamp(),)]


async def moments(database: Database) -> list[tuple[float]]:
    return await database.run(lambda connection: connection.execute("SELECT at FROM moment").fetchall())


def test_the_system_says_yes_no_or_nothing() -> None:
    assert synchronised() in (True, False, None)
    assert timekeeper.steady() > 0
    assert datetime.now(UTC).tzinfo is UTC
