"""A whole edge on a simulated street, with a real broker and a scripted cloud."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent import main
from edge_agent.config import EdgeConfig, parse_config
from edge_agent.database import Database
from edge_agent.ledger import Ledger
from edge_agent.main import Agent
from edge_agent.outbox import Outbox
from edge_agent.overrides import Overrides
from firmware_sim.export import EdgeOptions, edge_config
from protocols.clock import DomainClock
from protocols.commands import Answer, Command, Override, Step
from protocols.readings import Reading
from protocols.topics import Stream
from tests.edge.clocks import MIDNIGHT, running_clock
from tests.edge.clouds import EDGE, Broker, Cloud
from tests.edge.jobs import at_work
from tests.edge.streets import Street, city, street
from tests.waiting import until

NOBODY_LISTENS = 1


def configured(folder: Path, street: Street, broker: Broker | None) -> EdgeConfig:
    """What the simulator writes for an edge, with the ports of this test."""
    text = edge_config(city(), EDGE, EdgeOptions(poll_every="1s"))
    config = parse_config(text, "edge.yaml")
    bus = config.modbus[0].model_copy(update={"address": f"127.0.0.1:{street.port}", "timeout": timedelta(seconds=0.5)})
    access = {"port": broker.port, "password_file": broker.password_file} if broker else {"password_file": None}
    return config.model_copy(
        update={
            "data": folder / "edge.sqlite",
            "buses": (bus,),
            "broker": config.broker.model_copy(update={"port": NOBODY_LISTENS, **access}),
        }
    )


@asynccontextmanager
async def agent_on(config: EdgeConfig, clock: DomainClock) -> AsyncIterator[Agent]:
    async with Database(config.data, main.SCHEMA) as database:
        held, box = await Overrides.load(database), await Outbox.load(database, config.outbox_limit)
        agent = Agent(config, clock, box, held, Ledger(database))
        async with at_work(agent.run()):
            yield agent


@pytest.fixture
def clock() -> DomainClock:
    return running_clock(MIDNIGHT)


@pytest.fixture
async def lit(tmp_path: Path, clock: DomainClock) -> AsyncIterator[Street]:
    async with street(tmp_path, clock) as found:
        yield found


def command(clock: DomainClock, target: str, level: float) -> Command:
    now = clock.now()
    return Command(
        id="c1",
        target=target,
        action=Override(level=level, until=now + timedelta(hours=2)),
        issued_at=now,
        expires_at=now + timedelta(minutes=1),
        who="anna",
    )


async def test_from_the_lamp_to_the_cloud(
    tmp_path: Path, lit: Street, clock: DomainClock, broker: Broker, cloud: Cloud
) -> None:
    async with agent_on(configured(tmp_path, lit, broker), clock) as agent:
        await until(lambda: all(len(cloud.readings(lamp)) >= 3 for lamp in lit.lamps))
        await until(lambda: agent.status().connected)
    readings = cloud.readings(lit.lamps[0])
    assert readings[-1].values["voltage"] == pytest.approx(230, abs=15)
    seconds = [reading.at for reading in readings]
    assert seconds == sorted(set(seconds))
    assert cloud.readings(lit.config.devices[0].id)[0].kind == "meter"
    await until(lambda: cloud.states()[-1] == "offline")


async def test_a_command_goes_there_and_back_and_the_chart_follows(
    tmp_path: Path, lit: Street, clock: DomainClock, broker: Broker, cloud: Cloud
) -> None:
    def last() -> Answer | None:
        answers = cloud.answers("c1")
        return answers[-1] if len(answers) > 1 else None

    def shown() -> Reading | None:
        """What first says so; a level that has not changed is left unsaid."""
        said = cloud.readings(lit.lamps[0])
        return next((reading for reading in said if (reading.values.get("actual_level") or 0) >= 69), None)

    async with agent_on(configured(tmp_path, lit, broker), clock):
        await until(lambda: cloud.readings(lit.lamps[0]))
        await cloud.command(command(clock, lit.lamps[0], 70))
        answer = await until(last)
        confirmed_at = int(clock.now().timestamp())
        follows = await until(shown)
    assert [a.step for a in cloud.answers("c1")] == [Step.ACCEPTED, Step.READ_BACK]
    assert answer.actual_level == pytest.approx(70, abs=1)
    assert follows.at - confirmed_at <= 2


async def test_the_street_is_lit_from_the_first_second_without_a_broker(
    tmp_path: Path, lit: Street, clock: DomainClock
) -> None:
    async with agent_on(configured(tmp_path, lit, None), clock) as agent:
        await until(lambda: {lit.lamp(lamp).state.programme for lamp in lit.lamps} == {50})
        await until(lambda: agent.status().shelves[Stream.BACKLOG].depth >= 4)
        assert agent.status().shelves[Stream.LIVE].depth == 0
        assert not agent.status().connected


async def test_what_was_read_without_a_link_comes_later_and_live_goes_on(
    tmp_path: Path, lit: Street, clock: DomainClock, broker: Broker, cloud: Cloud
) -> None:
    config = configured(tmp_path, lit, None)
    async with agent_on(config, clock) as agent:
        await until(lambda: agent.status().buses[lit.bus.name].rounds >= 2)
    alone = agent.status().shelves[Stream.BACKLOG].depth
    async with agent_on(configured(tmp_path, lit, broker), clock) as agent:
        await until(lambda: cloud.seqs(Stream.BACKLOG) and cloud.seqs(Stream.LIVE))
        await until(lambda: agent.status().shelves[Stream.BACKLOG].depth == 0)
    assert set(cloud.seqs(Stream.BACKLOG)) >= set(range(1, alone + 1))


async def test_a_cabinet_that_goes_and_comes_back(
    tmp_path: Path, lit: Street, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge_agent.hearing")
    async with agent_on(configured(tmp_path, lit, None), clock) as agent:
        name = lit.bus.name
        await until(lambda: agent.status().buses[name].rounds >= 1)
        lit.faults.switch("comm_loss", lit.config.id, on=True)
        await until(lambda: agent.status().silent_units[name] == 4)
        lit.faults.switch("comm_loss", lit.config.id, on=False)
        await until(lambda: agent.status().silent_units[name] == 0)
    told = [record.getMessage() for record in caplog.records]
    assert len([line for line in told if "does not answer" in line]) == 4
    assert len([line for line in told if "answers again" in line]) == 4


async def test_a_part_that_dies_ends_the_edge_with_the_reason(
    tmp_path: Path, lit: Street, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    config = configured(tmp_path, lit, None)
    async with Database(config.data, main.SCHEMA) as database:
        held, box = await Overrides.load(database), await Outbox.load(database, config.outbox_limit)
        agent = Agent(config, clock, box, held, Ledger(database))
        await database.run(lambda connection: connection.execute("DROP TABLE batch").fetchall())
        async with asyncio.timeout(30):
            with pytest.raises(ExceptionGroup) as death:
                await agent.run()
    assert "no such table: batch" in str(death.value.exceptions[0])
    assert "the edge ends: no such table: batch" in caplog.text


async def test_an_edge_that_is_told_to_end_ends_in_good_order(
    tmp_path: Path, lit: Street, clock: DomainClock, broker: Broker, cloud: Cloud
) -> None:
    role = asyncio.create_task(main.run(configured(tmp_path, lit, broker), clock))
    await until(lambda: cloud.states() == ["online"])
    started = time.monotonic()
    role.cancel()
    with pytest.raises(asyncio.CancelledError):
        await role
    assert time.monotonic() - started < 10
    await until(lambda: cloud.states() == ["online", "offline"])
    async with Database(tmp_path / "edge.sqlite", main.SCHEMA, patience_s=0):
        pass


async def test_an_edge_minds_the_room_on_the_disk_of_its_outbox(
    tmp_path: Path, lit: Street, clock: DomainClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(main, "free_mb", asked.append)
    async with at_work(main.run(configured(tmp_path, lit, None), clock)):
        await until(lambda: asked)
    assert set(asked) == {tmp_path}
