"""Lamps that speak MQTT are read, lit and commanded like any other, over a real broker."""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiomqtt
import orjson
import pytest

from edge_agent import main, mqtt_line
from edge_agent.config import EdgeConfig
from edge_agent.database import Database
from edge_agent.ledger import Ledger
from edge_agent.main import Agent
from edge_agent.outbox import Outbox
from edge_agent.overrides import Overrides
from protocols import topics
from protocols.clock import DomainClock
from protocols.commands import Action, Answer, Command, Override, Refusal, Resume, Step
from protocols.readings import Quality
from tests.edge.clocks import MIDNIGHT, running_clock
from tests.edge.clouds import EDGE, SITE, Broker, Cloud, cloud_on
from tests.edge.jobs import at_work
from tests.edge.parks import LISTENS_S, N1, N2, T1, T2, Z1, Z2, Park, configured, park, quicker, write_config
from tests.listening import listening
from tests.waiting import until

LAMPS = (Z1, Z2, T1, T2, N1, N2)
SPEED = 5.0  # a fade of two seconds takes less than half a one
SAME = 0.5  # % of light; a fade's last step may be on its way
PREFIX = topics.devices(SITE, EDGE)

on_every_broker = pytest.mark.parametrize("broker_kind", ["mosquitto", "nats-server"])


@pytest.fixture
async def broker(tmp_path: Path, broker_kind: str) -> AsyncIterator[Broker]:
    write_config(tmp_path, 1883)
    broker = Broker(tmp_path, broker_kind)
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
async def cloud(broker: Broker) -> AsyncIterator[Cloud]:
    async with cloud_on(broker) as cloud:
        yield cloud


@pytest.fixture
def clock() -> DomainClock:
    return running_clock(MIDNIGHT, SPEED)


@pytest.fixture
async def lamps(tmp_path: Path, broker: Broker, clock: DomainClock) -> AsyncIterator[Park]:
    async with park(tmp_path, broker, clock) as found:
        yield found


@pytest.fixture
def config(tmp_path: Path, broker: Broker) -> EdgeConfig:
    return configured(tmp_path, broker)


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edge counts on less than the seconds for which a node of the park listens, as it does in a city."""
    monkeypatch.setattr(mqtt_line, "library", lambda: quicker(LISTENS_S - 1))


@asynccontextmanager
async def agent_on(config: EdgeConfig, clock: DomainClock) -> AsyncIterator[Agent]:
    async with Database(config.data, main.SCHEMA) as database:
        held, box = await Overrides.load(database), await Outbox.load(database, config.outbox_limit)
        agent = Agent(config, clock, box, held, Ledger(database))
        async with at_work(agent.run()):
            await until(lambda: agent.status().connected)  # a command that nobody hears is not sent again here
            yield agent


def command(
    clock: DomainClock,
    name: str,
    target: str,
    action: Action | None = None,
    level: float = 40,
    lasts_s: float = 60 * SPEED,
) -> Command:
    now = clock.now()
    return Command(
        id=name,
        target=target,
        action=action or Override(level=level, until=now + timedelta(hours=2)),
        issued_at=now,
        expires_at=now + timedelta(seconds=lasts_s),
        who="anna",
    )


def last(cloud: Cloud, name: str) -> Answer | None:
    """The answer that ends a command."""
    ended = [a for a in cloud.answers(name) if a.step not in (Step.ACCEPTED, Step.WAITING)]
    return ended[-1] if ended else None


def newest(cloud: Cloud, lamp: str, quantity: str) -> float | None:
    """The newest value of a quantity; `None` as well when it was never said."""
    said = [r.values[quantity] for r in cloud.readings(lamp) if quantity in r.values]
    return said[-1] if said else None


def shines(cloud: Cloud, lamp: str, level: float) -> bool:
    """True when the newest actual level is that one."""
    said = newest(cloud, lamp, "actual_level")
    return said is not None and abs(said - level) <= SAME


def tells_its_power(cloud: Cloud, lamps: Park, lamp: str) -> bool:
    """True when the newest power is what it takes now; some makes tell it in a message of its own, later."""
    return newest(cloud, lamp, "active_power") == pytest.approx(lamps.lamp(lamp).power, rel=0.05, abs=1)


def confirms(answer: Answer, level: float) -> bool:
    """True when that level was read back; of a lamp that is to be off, nothing but 0 will do."""
    near = SAME if level else 0
    return answer.step is Step.READ_BACK and abs((answer.actual_level or 0) - level) <= near


@on_every_broker
async def test_every_make_is_read_and_follows_the_programme(
    lamps: Park, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    """After 22:00 a lamp is at 50 %."""
    lamps.start()
    async with agent_on(config, clock) as agent:
        await until(lambda: all(shines(cloud, lamp, 50) for lamp in LAMPS), 40)
        await until(lambda: all(newest(cloud, lamp, "voltage") for lamp in LAMPS))
        assert all(abs(lamps.level(lamp) - 50) <= SAME for lamp in LAMPS)
        await until(lambda: all(tells_its_power(cloud, lamps, lamp) for lamp in LAMPS))
        counts = agent.status().lines["HL-E01-MQTT"]
    for lamp in LAMPS:
        seconds = [reading.at for reading in cloud.readings(lamp)]
        assert seconds == sorted(set(seconds))
    assert not counts.faults


@on_every_broker
@pytest.mark.parametrize("lamp", [Z1, T1, N1])
async def test_a_command_is_confirmed_by_the_level_that_was_reported(
    lamps: Park, cloud: Cloud, config: EdgeConfig, clock: DomainClock, lamp: str
) -> None:
    lamps.start()
    async with agent_on(config, clock):
        await until(lambda: shines(cloud, lamp, 50), 40)
        await cloud.command(command(clock, "c1", lamp, level=80))
        answer = await until(lambda: last(cloud, "c1"), 40)
        assert answer.step is Step.READ_BACK
        assert answer.actual_level == pytest.approx(80, abs=SAME)
        await until(lambda: abs(lamps.level(lamp) - 80) <= SAME)  # Tasmota tells where its fade will end
        assert answer.active_power == pytest.approx(lamps.lamp(lamp).power, rel=0.5)
        await cloud.command(command(clock, "c2", lamp, Resume()))
        answer = await until(lambda: last(cloud, "c2"), 40)
        assert confirms(answer, 50)
        await cloud.command(command(clock, "c3", lamp, level=0))
        answer = await until(lambda: last(cloud, "c3"), 40)
        assert confirms(answer, 0)


async def test_a_lamp_that_does_not_follow_is_not_confirmed_by_its_gateway_s_echo(
    lamps: Park, cloud: Cloud, config: EdgeConfig, clock: DomainClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zigbee2MQTT publishes what was asked; what the lamp then says of itself is something else."""
    monkeypatch.setattr(mqtt_line, "library", lambda: quicker(LISTENS_S - 1, reached_within=5.0))
    lamps.start("HL-ZB01")
    async with agent_on(config, clock):
        await until(lambda: shines(cloud, Z1, 50))
        lamps.faults.switch("stuck_on", Z1, on=True)
        await cloud.command(command(clock, "c1", Z1, level=20))
        answer = await until(lambda: last(cloud, "c1"), 40)
    assert (answer.step, answer.refusal) == (Step.REFUSED, Refusal.LEVEL_NOT_REACHED)
    assert (answer.wanted_level, answer.actual_level) == (20, 100)
    echoes = [orjson.loads(payload) for topic, payload in lamps.reports if topic.endswith(f"/{Z1}")]
    assert 51 in [echo["brightness"] for echo in echoes], "it was echoed"


async def test_a_node_that_sleeps_gets_its_command_when_it_wakes(
    lamps: Park, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    lamps.start(N1)
    async with agent_on(config, clock) as agent:
        await until(lambda: shines(cloud, N1, 50), 40)
        await lamps.stop(N1)
        told = [payload for _, payload in lamps.reports]
        await until(lambda: sleeps(agent, N1))
        await cloud.command(command(clock, "c1", N1, level=70))
        await until(lambda: [a.step for a in cloud.answers("c1")] == [Step.ACCEPTED, Step.WAITING])
        assert lamps.level(N1) == pytest.approx(50, abs=SAME)
        assert told == [payload for _, payload in lamps.reports]
        lamps.start(N1)
        answer = await until(lambda: last(cloud, "c1"), 40)
    assert confirms(answer, 70)
    assert lamps.level(N1) == pytest.approx(70, abs=SAME)


def sleeps(agent: Agent, node: str) -> bool:
    """True when the edge must think that the node listens no more."""
    return not agent._lines["HL-E01-MQTT"].peers[node].listens(time.monotonic())


async def test_a_node_that_sleeps_too_long_never_hears_of_its_command(
    lamps: Park, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    async with agent_on(config, clock):
        await cloud.command(command(clock, "c1", N1, level=70, lasts_s=3 * SPEED))
        answer = await until(lambda: last(cloud, "c1"), 40)
        assert [a.step for a in cloud.answers("c1")] == [Step.ACCEPTED, Step.WAITING, Step.TOO_LATE]
        assert answer.refusal is Refusal.SLEPT_THROUGH
        lamps.start(N1)
        await until(lambda: shines(cloud, N1, 50), 40)
    assert lamps.lamp(N1).state.override is None


async def test_a_later_command_takes_the_place_of_one_that_waits(
    lamps: Park, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    async with agent_on(config, clock):
        await cloud.command(command(clock, "c1", N1, level=70))
        await until(lambda: [a.step for a in cloud.answers("c1")] == [Step.ACCEPTED, Step.WAITING])
        await cloud.command(command(clock, "c2", N1, level=30))
        answer = await until(lambda: last(cloud, "c1"), 40)
        assert (answer.step, answer.refusal) == (Step.REFUSED, Refusal.SUPERSEDED)
        lamps.start(N1)
        answer = await until(lambda: last(cloud, "c2"), 40)
        assert confirms(answer, 30)


async def test_a_command_that_waits_survives_a_restart_of_the_edge(
    lamps: Park, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    async with agent_on(config, clock):
        await cloud.command(command(clock, "c1", N1, level=70))
        await until(lambda: [a.step for a in cloud.answers("c1")] == [Step.ACCEPTED, Step.WAITING])
    async with agent_on(config, clock):
        lamps.start(N1)
        answer = await until(lambda: last(cloud, "c1"), 40)
    assert confirms(answer, 70)


@on_every_broker
async def test_a_device_that_dies_is_out_of_contact_by_its_last_will_and_comes_back(
    lamps: Park, cloud: Cloud, config: EdgeConfig, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge_agent.mqtt_line")
    lamps.start("HL-ZB01", T1)
    async with agent_on(config, clock) as agent:
        for lamp in (Z1, T1):
            await until(lambda lamp=lamp: shines(cloud, lamp, 50), 40)  # type: ignore[misc]  # bound now
            lamps.faults.switch("comm_loss", lamp, on=True)
            await until(lambda lamp=lamp: newest(cloud, lamp, "actual_level") is None, 40)  # type: ignore[misc]
            assert newest(cloud, lamp, "active_power") is None, "nothing is known of it"
            await cloud.command(command(clock, f"c-{lamp}", lamp))
            answer = await until(lambda lamp=lamp: last(cloud, f"c-{lamp}"))  # type: ignore[misc]
            assert answer.refusal is Refusal.NO_ANSWER
            lamps.faults.switch("comm_loss", lamp, on=False)
            await until(lambda lamp=lamp: shines(cloud, lamp, 50), 40)  # type: ignore[misc]
        assert agent.status().silent_units["HL-E01-MQTT"] <= 4
    told = [message.split(": ")[1].split(" after")[0] for message in caplog.messages if Z1 in message or T1 in message]
    assert told == [f"{lamp} is {word}" for lamp in (Z1, T1) for word in ("out of contact", "in contact again")]


@on_every_broker
@pytest.mark.timeout(400)  # the pauses between two tries grow up to a minute while a slow machine starts a broker
async def test_the_broker_s_restart_loses_no_lamp(
    lamps: Park, broker: Broker, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    lamps.start()
    async with agent_on(config, clock) as agent:
        await until(lambda: all(shines(cloud, lamp, 50) for lamp in LAMPS), 40)
        await broker.stop()
        await until(lambda: not agent.status().connected)
        await broker.start()
        async with cloud_on(broker) as again:
            await until(lambda: agent.status().connected, 90)
            came_back = int(clock.now().timestamp())
            await until(lambda: all(any(r.at > came_back for r in again.readings(lamp)) for lamp in LAMPS), 90)
            await again.command(command(clock, "c1", T2, level=60))
            answer = await until(lambda: last(again, "c1"), 60)
    assert confirms(answer, 60)


async def test_hostile_messages_are_counted_and_end_nothing(
    lamps: Park, broker: Broker, cloud: Cloud, config: EdgeConfig, clock: DomainClock, caplog: pytest.LogCaptureFixture
) -> None:
    deep = b"[" * 30_000 + b"]" * 30_000
    state, sensor = f"{PREFIX}/{T1}/tele/STATE", f"{PREFIX}/{T1}/tele/SENSOR"
    good = b'{"POWER":"ON","Dimmer":33}'
    async with agent_on(config, clock) as agent:
        line = agent.status().lines["HL-E01-MQTT"]
        async with device(broker, T1) as hostile:
            for payload in (b"", b"{", deep, b"\xff\x00", b'{"Dimmer": NaN}', b'{"POWER":"ON","Dimmer":"full"}'):
                await until_taken(agent, hostile, state, payload)
            await until_taken(agent, hostile, sensor, b'{"ENERGY": []}')
            await until_taken(agent, hostile, state, b'{"Time":"1970-01-01T00:33:28","POWER":"ON","Dimmer":"x"}')
            await until_taken(agent, hostile, f"{PREFIX}/{T1}/stat/RESULT", deep)
            await until_taken(agent, hostile, f"{PREFIX}/{T1}/tele/LWT", b"\xff")
            await until_taken(agent, hostile, state, good)
        await until(lambda: shines(cloud, T1, 33))
        assert line.faults == {"not_json": 5, "wrong_type": 2, "wrong_clock": 1}
    told = [message for message in caplog.messages if "cannot be used" in message]
    assert len(told) == 3, "each fault of a device is told once"


async def until_taken(agent: Agent, client: aiomqtt.Client, topic: str, payload: bytes) -> None:
    before = agent.status().lines["HL-E01-MQTT"].messages
    await client.publish(topic, payload, qos=1)
    await until(lambda: agent.status().lines["HL-E01-MQTT"].messages > before)


def device(broker: Broker, account: str) -> aiomqtt.Client:
    password = broker.everyone[account].password
    return aiomqtt.Client("127.0.0.1", broker.port, identifier=account, username=account, password=password)


@on_every_broker
async def test_what_the_broker_has_kept_is_no_news_unless_it_says_when_it_was(
    lamps: Park, broker: Broker, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    now = int(clock.now().timestamp())
    async with device(broker, T2) as tasmota, device(broker, N1) as node:
        await tasmota.publish(f"{PREFIX}/{T2}/tele/STATE", b'{"POWER":"ON","Dimmer":77}', qos=1, retain=True)
        kept = orjson.dumps({"lamp": {"utc": now - 3600, "level": 150}})
        await node.publish(f"{PREFIX}/{N1}/up", kept, qos=1, retain=True)
    async with agent_on(config, clock) as agent:
        reading = await until(lambda: next(iter(cloud.readings(N1)), None))
        line = agent.status().lines["HL-E01-MQTT"]
        await until(lambda: line.retained == 1)
        assert (reading.at, reading.values) == (now - 3600, {"actual_level": 75})
        assert not any(77 in reading.values.values() for reading in cloud.readings(T2))
        async with device(broker, N1) as node:
            older = orjson.dumps({"lamp": {"utc": now - 7200, "level": 10}})
            await until_taken(agent, node, f"{PREFIX}/{N1}/up", older)
            assert line.old == 1, "a device's time only goes forward"


async def test_what_a_lost_node_measured_meanwhile_and_sends_later_is_kept(
    lamps: Park, broker: Broker, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    now = int(clock.now().timestamp())
    async with agent_on(config, clock) as agent, device(broker, N1) as node:
        for at, level, said in ((now - 600, 150, 1), (now - 300, 100, 3)):
            report = orjson.dumps({"lamp": {"utc": at, "level": level}})
            await until_taken(agent, node, f"{PREFIX}/{N1}/up", report)
            await until(lambda said=said: len(cloud.readings(N1)) == said)  # type: ignore[misc]  # bound now
            if said == 1:
                await until_taken(agent, node, f"{PREFIX}/{N1}/status", b'{"state":"lost"}')
                await until(lambda: len(cloud.readings(N1)) == 2)
    told = [(reading.at, reading.values["actual_level"]) for reading in cloud.readings(N1)]
    assert told == [(now - 600, 75), (now - 599, None), (now - 300, 50)]


async def test_what_a_node_measured_while_it_was_lost_before_our_start_is_kept(
    lamps: Park, broker: Broker, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    now = int(clock.now().timestamp())
    async with device(broker, N1) as node:
        await node.publish(f"{PREFIX}/{N1}/status", b'{"state":"lost"}', qos=1, retain=True)
        async with agent_on(config, clock) as agent:
            await until(lambda: agent._lines["HL-E01-MQTT"].peers[N1].gone_since is not None)
            for at, level in ((now - 600, 150), (now - 300, 100)):
                report = orjson.dumps({"lamp": {"utc": at, "level": level}})
                await until_taken(agent, node, f"{PREFIX}/{N1}/up", report)
            await until(lambda: len(cloud.readings(N1)) == 2)
            assert agent.status().lines["HL-E01-MQTT"].old == 0
    assert [(reading.at, reading.values["actual_level"]) for reading in cloud.readings(N1)] == [
        (now - 600, 75),
        (now - 300, 50),
    ]


async def test_systemd_is_told_of_a_link_as_of_a_bus(config: EdgeConfig, clock: DomainClock) -> None:
    """Without its broker too: it is tried again and again."""
    nowhere = config.mqtt[0].broker.model_copy(update={"port": 1})
    alone = config.model_copy(update={"buses": (config.mqtt[0].model_copy(update={"broker": nowhere}),)})
    async with agent_on(alone, clock) as agent:
        assert main.Life(lambda: agent).patience_s() == {"HL-E01-MQTT": 60.0}
        await until(lambda: agent.rounds()["HL-E01-MQTT"] >= 2)
        link = agent._lines["HL-E01-MQTT"]._link
        assert not link.works(time.monotonic() + 1000), "nobody tries any more"


async def test_what_was_heard_just_before_the_end_is_not_lost(
    lamps: Park, broker: Broker, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    """Another document in force ends an agent too."""
    report = orjson.dumps({"lamp": {"utc": int(clock.now().timestamp()), "level": 150}})
    async with agent_on(config, clock) as agent, device(broker, N1) as node:
        await until_taken(agent, node, f"{PREFIX}/{N1}/up", report)
    async with agent_on(config, clock):
        reading = await until(lambda: next(iter(cloud.readings(N1)), None))
    assert reading.values == {"actual_level": 75}


async def test_a_wrong_clock_is_replaced_by_ours_and_the_value_is_flagged(
    lamps: Park, broker: Broker, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    async with agent_on(config, clock) as agent:
        async with device(broker, N1) as node:
            await until_taken(
                agent, node, f"{PREFIX}/{N1}/up", b'{"lamp": {"utc": 1571227504, "level": 120, "u": 2300}}'
            )
        reading = await until(lambda: next(iter(cloud.readings(N1)), None))
    assert abs(reading.at - clock.now().timestamp()) < 60
    assert reading.values == {"actual_level": 60, "voltage": 230}
    assert {reading.flag(quantity) for quantity in reading.values} == {Quality.NOT_EVALUATED}


async def test_a_lamp_that_is_silent_is_asked(
    lamps: Park, broker: Broker, cloud: Cloud, config: EdgeConfig, clock: DomainClock
) -> None:
    """As Zigbee2MQTT, which speaks only when something changes."""
    async with device(broker, "HL-ZB01") as gateway, agent_on(config, clock):
        await gateway.subscribe(f"{PREFIX}/HL-ZB01/{Z2}/get", qos=1)
        async with asyncio.timeout(20):
            message = await anext(aiter(gateway.messages))
        assert orjson.loads(message.payload) == {"state": "", "brightness": ""}
        await gateway.publish(f"{PREFIX}/HL-ZB01/{Z2}", b'{"state":"ON","brightness":254}', qos=1)
        await until(lambda: shines(cloud, Z2, 100))


async def test_a_device_whose_broker_hangs_up_before_it_answers_tries_again_at_once(
    lamps: Park, caplog: pytest.LogCaptureFixture
) -> None:
    """As real ones do; aiomqtt would wait for ten seconds, and leave an exception that nobody asks for."""
    connections = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.read(1)

    async with listening(serve) as port:
        lamps.place = replace(lamps.place, port=port)
        lamps.start(T1)
        await until(lambda: len(connections) >= 3, 20)
        await lamps.stop()
    gc.collect()
    assert "never retrieved" not in caplog.text
