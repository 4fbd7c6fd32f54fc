"""When a command is sent, and when again; time is under the test's hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.commands.order import Order
from cloud.commands.schemas import CommandIn
from cloud.commands.service import Commands
from cloud.database import Database
from cloud.fleet.fleet import Fleet
from cloud.migrations import migrate
from protocols import wire
from protocols.clock import DomainClock
from protocols.commands import Answer, Command, State, Step
from rules.consent import Sure
from tests.cloud.cities import lamp_id, small_city
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.serving import RecordingLink

EVERY = timedelta(seconds=5)
DIM = CommandIn.model_validate({"target": lamp_id(1), "action": {"type": "override", "level": 60}})


@dataclass(frozen=True, slots=True)
class Desk:
    """A command desk whose rounds a test takes itself."""

    commands: Commands
    database: Database
    link: RecordingLink
    monotonic: Wall

    async def after(self, seconds: float) -> list[str]:
        """The ids that one round sends, so many seconds of the wall later."""
        self.link.published.clear()
        self.monotonic.advance(seconds=seconds)
        await self.commands.tend()
        return [wire.decode_message(Command, payload).id for _, payload in self.link.published]

    async def issue(self) -> Order:
        """Somebody dims a lamp."""
        async with self.database.write() as session:
            order = await self.commands.put(session, DIM, "lan", Sure.ALONE)
        [sent] = await self.commands.go([order])
        return sent

    async def hear(self, order: Order, step: Step) -> None:
        """The edge answers."""
        answer = Answer.model_validate({"id": order.command.id, "step": step, "at": EVENING})
        async with self.database.write() as session:
            changed = await self.commands.answer(session, [(order.edge, answer)])
        self.commands.keep(changed)


@pytest.fixture
async def desk(registry: str, tmp_path: Path, clock: DomainClock) -> AsyncIterator[Desk]:
    """Over a registry of its own."""
    database, link, monotonic = Database(registry), RecordingLink(), Wall(0.0)
    await migrate(database, tmp_path)
    yield Desk(Commands(database, Fleet([small_city()], 1), link, clock, monotonic, EVERY), database, link, monotonic)
    await database.close()


async def test_a_command_is_sent_every_five_seconds_until_it_is_answered(desk: Desk) -> None:
    order = await desk.issue()
    name = order.command.id
    assert [await desk.after(s) for s in (4.9, 0.1, 4.9, 0.1)] == [[], [name], [], [name]]
    await desk.hear(order, Step.ACCEPTED)
    assert await desk.after(60) == []


async def test_without_a_broker_a_command_waits_and_goes_when_it_is_back(desk: Desk) -> None:
    desk.link.connected = False
    order = await desk.issue()
    assert order.state is State.REQUESTED
    assert await desk.after(1) == []
    desk.link.connected = True
    assert await desk.after(0) == [order.command.id]
    assert (await desk.commands.find(order.command.id)).state is State.SENT


async def test_a_command_that_ran_out_is_not_sent_any_more(desk: Desk, wall: Wall) -> None:
    await desk.issue()
    wall.advance(seconds=60)
    assert await desk.after(60) == []
    assert desk.commands.count_open(lambda _: True) == 0


async def test_each_change_is_told_once_and_in_order(desk: Desk, wall: Wall) -> None:
    told: list[State] = []
    desk.commands.told.append(lambda orders: told.extend(order.state for order in orders))
    order = await desk.issue()
    for step in (Step.ACCEPTED, Step.ACCEPTED, Step.READ_BACK, Step.READ_BACK):
        await desk.hear(order, step)
    wall.advance(minutes=5)
    await desk.after(300)
    assert told == [State.REQUESTED, State.SENT, State.ACKNOWLEDGED, State.CONFIRMED]
