"""A plan that fits is in force at once and after a restart; a wrong one is refused whole, and the last one stays."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from edge_agent import main
from edge_agent.config import Device, EdgeConfig
from edge_agent.database import Database
from edge_agent.desired import Documents
from edge_agent.ledger import Ledger
from edge_agent.light_document import judged, kept
from edge_agent.main import Agent
from edge_agent.outbox import Outbox
from edge_agent.overrides import Overrides
from edge_agent.pauses import Pause
from protocols.clock import DomainClock
from protocols.commands import Held, Override
from protocols.config import ConfigError
from protocols.light import LARGEST, LightDocument
from protocols.wire import Desired
from rules.programme import Reason
from tests.edge.clocks import MIDNIGHT, running_clock
from tests.edge.jobs import at_work
from tests.edge.plans import config, plan
from tests.edge.streets import street
from tests.edge.test_agent import configured
from tests.edge.test_desired import Shelf, document
from tests.edge.test_lights import dimmed
from tests.waiting import until


def body(found: LightDocument) -> bytes:
    return found.model_dump_json().encode()


def desired(text: bytes) -> Desired:
    return Desired(documents=(document(text, "light"),))


def changed(**said: Any) -> bytes:
    text: bytes = orjson.dumps(orjson.loads(body(plan())) | said)
    return text


def with_source(**said: Any) -> bytes:
    sets = orjson.loads(body(plan()))["sets"]
    sets[0]["adaptations"][0] |= said
    return changed(sets=sets)


async def test_a_plan_is_swapped_in_while_the_edge_runs_and_is_there_after_a_restart(tmp_path: Path) -> None:
    first, second, wrong = body(plan("1")), body(plan("2", road="bright")), changed(timezone="Europe/Paris")
    documents = Documents(config(tmp_path), Shelf(first, second, wrong).fetch, Pause(0.01, 0.02))
    documents.load()
    async with at_work(documents.run()):
        documents.submit(desired(first))
        await until(lambda: documents.light == plan("1"))
        documents.submit(desired(second))
        await until(lambda: documents.light == plan("2", road="bright"))
        documents.submit(desired(wrong))
        await until(lambda: documents.holdings.refused)
        assert documents.light == plan("2", road="bright")
        assert documents.holdings.held == desired(second).documents
        assert not documents.changed.is_set(), "nothing is put together anew for a plan"
    again = Documents(config(tmp_path), None)
    again.load()
    assert (again.light, again.config) == (plan("2", road="bright"), config(tmp_path))
    async with at_work(again.run()):
        again.submit(Desired(documents=()))
        await until(lambda: again.light is None)
    assert not again.changed.is_set()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "light:1: Invalid JSON"),
        (changed(timezone="Europe/Paris"), "timezone: Europe/Paris is not this edge's; edge.yaml has Asia/Ho_Chi_Minh"),
        (changed(place={"longitude": 2.35, "latitude": 48.85}), "place: is more than a degree from this edge"),
        (changed(first_night="in May"), "first_night: Input should be a valid date"),
        (changed(first_night="9999-12-31"), "first_night: Input should be less than or equal to 9998-01-01"),
        (changed(v=2), "v: Input should be 1"),
        (changed(sets=[{"id": "s", "stretches": [], "lamps": {}}]), "sets[0].stretches: Tuple should have at least 1"),
        (with_source(quantity="joy"), "sets[0].adaptations[0].quantity: there is no quantity joy"),
        (with_source(quantity="ph"), "sets[0].adaptations[0].source: W1 does not measure ph"),
        (b" " * (LARGEST + 1), "has 2000001 bytes; 2000000 at most"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_place_and_the_reason(tmp_path: Path, text: bytes, reason: str) -> None:
    with pytest.raises(ConfigError) as refused:
        judged(config(tmp_path), text)
    assert reason in str(refused.value)


async def test_a_refusal_can_be_told_whatever_characters_a_document_has(tmp_path: Path) -> None:
    wrong = changed(**{"\0": 1})
    documents = Documents(config(tmp_path), Shelf(wrong).fetch, Pause(0.01, 0.02))
    await documents._settle(desired(wrong).documents)
    (refused,) = documents.holdings.refused
    assert refused.reason == "light:1: \N{REPLACEMENT CHARACTER}: Extra inputs are not permitted"


def test_every_lamp_that_is_not_this_edges_is_named(tmp_path: Path) -> None:
    sets = [{"id": "s", "stretches": [{"programme": "road", "nights": 1}], "lamps": {"L1": 100, "X9": 100, "W1": 100}}]
    with pytest.raises(ConfigError) as refused:
        judged(config(tmp_path), changed(sets=sets))
    assert str(refused.value).splitlines() == [
        "light:1: sets[0].lamps.W1: is no luminaire of this edge",
        "light:1: sets[0].lamps.X9: is no luminaire of this edge",
    ]


async def test_lamps_that_are_no_longer_there_do_not_cost_the_others_their_plan_at_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was in force stays so, and is said as held; what comes from the cloud is judged whole as ever."""
    first, second = body(plan("1")), body(plan("2", road="bright"))
    await taken(config(tmp_path), first)
    own = without(config(tmp_path), "L1", "L3")
    documents = Documents(own, (shelf := Shelf(first, second)).fetch, Pause(0.01, 0.02))
    caplog.clear()
    documents.load()
    assert documents.light == plan("1")
    assert documents.holdings.held == desired(first).documents
    assert not documents.holdings.refused
    assert caplog.messages == [
        "document light stays in force without L1, L3: no luminaires of edge.yaml any more, but in the plan"
    ]
    await documents._settle(desired(first).documents)
    assert shelf.asked == 0, "it is held, so it is not asked for again"
    await documents._settle(desired(second).documents)
    (refused,) = documents.holdings.refused
    assert "sets[0].lamps.L1: is no luminaire of this edge" in refused.reason
    assert documents.light == plan("1")


async def test_a_sensor_of_another_model_does_not_cost_the_lamps_their_plan_at_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await taken(config(tmp_path), body(plan()))
    own = config(tmp_path)
    devices = (*own.modbus[0].devices[:-1], Device(id="W1", profile="yosemitech-y504", unit=5))
    own = own.model_copy(update={"buses": (own.modbus[0].model_copy(update={"devices": devices}),)})
    documents = Documents(own, None)
    documents.load()
    assert documents.light == plan()
    assert caplog.messages == [
        "document light stays in force, but does not adapt: W1 does not measure relative_humidity"
    ]


async def test_a_plan_of_elsewhere_is_not_taken_up_after_a_restart(tmp_path: Path) -> None:
    await taken(config(tmp_path), body(plan()))
    documents = Documents(config(tmp_path).model_copy(update={"timezone": "Europe/Paris"}), None)
    documents.load()
    assert documents.light is None
    assert not documents.holdings.held
    (refused,) = documents.holdings.refused
    assert "timezone" in refused.reason


async def taken(own: EdgeConfig, text: bytes) -> None:
    """An edge takes a plan, and ends."""
    await Documents(own, Shelf(text).fetch)._settle(desired(text).documents)


def without(own: EdgeConfig, *devices: str) -> EdgeConfig:
    """What a technician leaves of edge.yaml when luminaires are taken out."""
    (bus,) = own.modbus
    left = tuple(device for device in bus.devices if device.id not in devices)
    return own.model_copy(update={"buses": (bus.model_copy(update={"devices": left}),)})


def test_very_many_lamps_that_are_gone_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lamps = {f"X{n:02}": 100 for n in range(50)}
    sets = [{"id": "s", "stretches": [{"programme": "road", "nights": 1}], "lamps": lamps}]
    kept(config(tmp_path), changed(sets=sets))
    assert "X18, X19 and 30 more: no luminaires" in caplog.text


def test_of_very_many_mistakes_the_first_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    lamps = {f"X{n}": 100 for n in range(50)}
    sets = [{"id": "s", "stretches": [{"programme": "road", "nights": 1}], "lamps": lamps}]
    with pytest.raises(ConfigError) as refused:
        judged(config(tmp_path), changed(sets=sets))
    assert len(refused.value.problems) == 21
    assert str(refused.value.problems[-1]) == "light:1: and 30 more like these"


def test_a_source_that_is_another_edges_is_no_mistake(tmp_path: Path) -> None:
    assert judged(config(tmp_path), with_source(source="elsewhere")).sets[0].adaptations[0].source == "elsewhere"


async def test_a_restart_goes_on_with_plan_and_override_on_a_street_that_forgot_both(tmp_path: Path) -> None:
    clock = running_clock(MIDNIGHT)
    async with street(tmp_path, clock) as lit:
        own, (held, planned, *others) = configured(tmp_path, lit, None), lit.lamps
        first = Documents(own, Shelf(text := body(dimmed({held: 100, planned: 50}))).fetch)
        async with living(own, clock, first) as (agent, overrides):
            await until(lambda: lit.lamp(planned).state.programme == 50)  # by the sun
            await overrides.put(held, Held(override=Override(level=70, until=clock.now() + timedelta(hours=1))))
            await first._settle(desired(text).documents)
            await until(lambda: lit.lamp(planned).state.programme == 20)
            await until(lambda: lit.lamp(held).target(clock.now().timestamp())[0] == 70)
            assert agent.status().buses[lit.bus.name].rounds >= 1, "the same agent polls on"
        for lamp in (held, planned):
            lit.lamp(lamp).set_override(None, 0, lit.world.now())
            lit.lamp(lamp).set_programme(None, lit.world.now())
        async with living(own, clock, Documents(own, None)) as (agent, _):
            await until(lambda: lit.lamp(planned).state.programme == 20)
            await until(lambda: lit.lamp(held).target(clock.now().timestamp())[0] == 70)
            assert lit.lamp(held).state.programme == 40
            await until(lambda: {lit.lamp(lamp).state.programme for lamp in others} == {50})
            light = agent.status().light
            assert (light.release, light.last_night) == ("1", date(2026, 11, 29))
            assert light.lamps == {Reason.OVERRIDE: 1, Reason.WEEKLY: 1, Reason.ASTRONOMICAL: len(others)}


async def test_a_street_with_a_lamp_less_goes_on_with_its_plan_after_a_restart(tmp_path: Path) -> None:
    """Overrides of a lamp that is not there stand in nobody's way either."""
    clock = running_clock(MIDNIGHT)
    async with street(tmp_path, clock) as lit:
        own, (gone, planned, *others) = configured(tmp_path, lit, None), lit.lamps
        await taken(own, body(dimmed({gone: 100, planned: 50})))
        async with Database(own.data, main.SCHEMA) as database:
            held = Override(level=70, until=clock.now() + timedelta(hours=1))
            await (await Overrides.load(database)).put(gone, Held(override=held))
        own = without(own, gone)
        async with living(own, clock, Documents(own, None)) as (agent, _):
            await until(lambda: lit.lamp(planned).state.programme == 20)
            await until(lambda: {lit.lamp(lamp).state.programme for lamp in others} == {50})
            light = agent.status().light
            assert (light.release, light.last_night) == ("1", date(2026, 11, 29))
            assert light.lamps == {Reason.WEEKLY: 1, Reason.ASTRONOMICAL: len(others)}
            assert lit.lamp(gone).state.programme is None, "nobody speaks to it"


@asynccontextmanager
async def living(own: EdgeConfig, clock: DomainClock, documents: Documents) -> AsyncIterator[tuple[Agent, Overrides]]:
    """One life of the agent, with what the disk has."""
    documents.load()
    async with Database(own.data, main.SCHEMA) as database:
        held = await Overrides.load(database)
        box = await Outbox.load(database, own.outbox_limit)
        agent = Agent(own, clock, box, held, Ledger(database), documents)
        async with at_work(agent.run()):
            yield agent, held
