"""What an edge wants of its luminaires is what the cloud plans for them, and what was measured survives a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent import adapting
from edge_agent.adapting import Adapting
from edge_agent.database import Database
from edge_agent.overrides import Overrides
from edge_agent.wanted import Wanted
from protocols.commands import Emergency, Held, LockOut, Override
from protocols.light import LightDocument
from protocols.readings import Reading
from rules.adaptive import InForce
from rules.lighting import Curves, Lighting, lightings
from rules.programme import Decision, Reason
from rules.resolve import Light, resolve
from tests.edge.jobs import at_work
from tests.edge.plans import FIRST, HALONG, HUMID, plan
from tests.waiting import until_async

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PLAN = plan(nights=20)
SETS = lightings(PLAN)
BY_SUN = Lighting(Curves(HALONG, ZONE))
LIGHTS = {
    "L1": Light(SETS["road"], 80),
    "L2": Light(SETS["road"], control="relay"),
    "L3": Light(SETS["park"]),
    "L4": Light(BY_SUN),
}
BEGIN = datetime(FIRST.year, FIRST.month, FIRST.day, 5, tzinfo=UTC)
NIGHT = BEGIN + timedelta(hours=14)  # 02:00

moments = st.integers(-86_400, 25 * 86_400).map(lambda second: BEGIN + timedelta(seconds=second))
levels = st.sampled_from([0.0, 45.0, 100.0])
held = st.builds(
    Held,
    lock_out=st.none() | st.just(LockOut()),
    emergency=st.none() | st.builds(Emergency, level=levels, until=moments),
    override=st.none() | st.builds(Override, level=levels, until=moments),
)


def wanted(document: LightDocument | None, held: Held = Held(), measured: Adapting | None = None) -> Wanted:  # noqa: B008
    overrides = Overrides(Database(Path("unused"), ""))
    for lamp in LIGHTS:
        overrides.remember(lamp, held)
    return Wanted(HALONG, ZONE, overrides, lambda: document, measured)


@given(held, moments)
def test_the_edge_decides_as_the_cloud_does(held: Held, at: datetime) -> None:
    edge = wanted(PLAN, held)
    for lamp, light in LIGHTS.items():
        found = edge.decision(lamp, at)
        assert found == resolve(light, held, at)
        override = edge.override(lamp, at)
        assert found.level == (edge.programme(lamp, at) if override is None else override.level)
        assert edge.decision(lamp, None) == resolve(light, held, None)


def test_how_many_lamps_each_rung_decides_for() -> None:
    edge = wanted(PLAN)
    assert edge.rungs(LIGHTS, NIGHT) == {Reason.WEEKLY: 3, Reason.ASTRONOMICAL: 1}
    assert edge.rungs(LIGHTS, NIGHT + timedelta(days=10)) == {
        Reason.CALENDAR: 2,
        Reason.WEEKLY: 1,
        Reason.ASTRONOMICAL: 1,
    }
    assert edge.rungs(LIGHTS, NIGHT + timedelta(days=20)) == {Reason.ASTRONOMICAL: 4}
    assert edge.rungs(LIGHTS, None) == {Reason.HARDWARE: 4}
    assert (edge.release, edge.last_night) == ("1", FIRST + timedelta(days=19))
    assert (wanted(None).release, wanted(None).last_night) == (None, None)


def humid(at: datetime, value: float | None) -> Reading:
    return Reading("W1", "air_station", int(at.timestamp()), {"relative_humidity": value})


def test_what_a_device_of_this_edge_measures_adapts_the_light() -> None:
    measured = Adapting()
    edge = wanted(PLAN, measured=measured)
    assert edge.decision("L1", NIGHT) == Decision(40, Reason.WEEKLY, "road")
    measured.hear([humid(NIGHT, 99.0), Reading("M", "meter", 0, {})])
    ramped = NIGHT + timedelta(seconds=HUMID.ramp_s)
    assert edge.decision("L1", ramped) == Decision(72, Reason.ADAPTIVE, "humid")
    assert edge.decision("L3", ramped) == Decision(0, Reason.WEEKLY, "park"), "what is off stays off"
    measured.hear([humid(ramped, 130.0)])  # no air is as humid as that: unknown, and neither ends it nor holds it
    over = NIGHT + timedelta(seconds=HUMID.hold_s + HUMID.ramp_s)
    assert edge.decision("L1", over - timedelta(seconds=31)).reason is Reason.ADAPTIVE
    assert edge.decision("L1", over) == Decision(40, Reason.WEEKLY, "road")


async def test_a_hold_survives_a_restart_and_ends_when_it_would_have(tmp_path: Path) -> None:
    later = NIGHT + timedelta(seconds=HUMID.hold_s - 1)
    async with Database(tmp_path / "edge.sqlite", adapting.SCHEMA) as database:
        first = Adapting()
        first.follow(SETS)
        async with at_work(first.run(database)):
            first.hear([humid(NIGHT, 99.0)])

            async def again() -> Adapting | None:
                second = Adapting()
                await second.load(database)
                return second if second.in_force("road", SETS["road"], later) else None

            second = await until_async(again)
    assert second.in_force("road", SETS["road"], later) == (InForce(HUMID, 1.0),)
    assert second.in_force("road", SETS["road"], later + timedelta(seconds=31)) == ()
    assert second.in_force("road", SETS["road"], NIGHT - timedelta(days=1)) == (), "a wrong clock made it"
    second.follow({})
    assert second.in_force("road", SETS["road"], later) == ()


@pytest.mark.parametrize("text", ["{", '{"road": 3}'])
async def test_what_cannot_be_read_of_it_is_forgotten(tmp_path: Path, text: str) -> None:
    async with Database(tmp_path / "edge.sqlite", adapting.SCHEMA) as database:
        await database.run(lambda connection: connection.execute("INSERT INTO adapting VALUES (1, ?)", (text,)))
        measured = Adapting()
        await measured.load(database)
    assert measured.in_force("road", SETS["road"], NIGHT) == ()
