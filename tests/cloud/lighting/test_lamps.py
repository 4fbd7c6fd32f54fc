"""A lamp beside its plan, and the whole city at a glance."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cloud.commands.order import Moment, Order
from cloud.commands.standing import Overrides
from cloud.fleet.fleet import Fleet
from cloud.latest.values import LatestValues
from cloud.lighting.board import Board, Look
from cloud.lighting.overview import Suns
from cloud.lighting.plan import Plan
from cloud.lighting.watched import Watched
from cloud.settings import Settings
from protocols.clock import DomainClock
from protocols.commands import Command, Override, Resume
from protocols.commands import State as CommandState
from protocols.inventory import Place
from protocols.readings import Quality, Reading
from protocols.wire import EdgeState
from rules.lamp_state import LampState
from rules.lighting import Curves, Lighting
from rules.programme import Reason
from rules.sun import next_sunset
from tests.cloud.cities import lamp_id, second_city, small_city
from tests.cloud.clocks import EVENING, NOON, Wall, standing_clock
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import RecordingLink, Service, serving

CITY = small_city()
EVERYONE = np.arange(len(CITY.luminaires))
TIMEZONE = ZoneInfo(CITY.timezone)
SUNSET = next_sunset(CITY.centre, NOON) or NOON
TEN = EVENING.replace(hour=15)  # 22:00 in Ha Long: the light goes down to half


async def test_a_lamp_is_shown_with_everything_that_is_known_of_it(service: Service, wall: Wall) -> None:
    await Feed(service).readings([lamp(3, EVENING, active_power=98.0, gear_temperature=None)])
    wall.advance(seconds=5)
    async with service.signed_in() as client:
        shown = (await client.get(f"/api/v1/luminaires/{lamp_id(3)}")).json()
    assert shown == {
        "id": lamp_id(3),
        "index": 2,
        "cabinet": "HL-TC001",
        "phase": "A",
        "segment": "HL-TC001-A",
        "pole": "P003",
        "street": "Trần Phú",
        "ward": "W1",
        "type": {"id": "led-100", "rated_power_w": 100.0},
        "longitude": 107.0803,
        "latitude": 20.95,
        "road_class": None,
        "use": "road",
        "state": "on",
        "planned_level": 100.0,
        "planned_reason": "astronomical_default",
        "planned_source": None,
        "latest": {
            "at": "2026-11-21T12:00:00Z",
            "values": {
                "active_power": 98.0,
                "actual_level": 100.0,
                "gear_temperature": None,
                "status_bits": 8.0,
                "target_level": 100.0,
                "voltage": 230.0,
            },
            "age_s": 5.0,
        },
        "override": None,
        "emergency": None,
        "locked_out": None,
        "last_command": None,
        "open_alarms": [],
    }


async def test_the_map_names_a_lamp_by_its_index(service: Service) -> None:
    async with service.signed_in() as client:
        assert (await client.get("/api/v1/map/lamps/4")).json()["id"] == lamp_id(5)
        assert [(await client.get(f"/api/v1/map/lamps/{n}")).status_code for n in (-1, 6)] == [404, 404]


async def test_lamps_are_found_page_by_page(service: Service) -> None:
    async with service.signed_in() as client:
        page = (await client.get("/api/v1/luminaires?search=tran%20phu&offset=1&limit=1")).json()
        everything = (await client.get("/api/v1/luminaires?limit=4&offset=4")).json()
        nothing = (await client.get("/api/v1/luminaires?search=nowhere")).json()
    assert ([lamp["id"] for lamp in page["items"]], page["total"]) == ([lamp_id(3)], 3)
    assert ([lamp["id"] for lamp in everything["items"]], everything["total"]) == ([lamp_id(5), lamp_id(6)], 6)
    assert nothing == {"items": [], "total": 0}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"ward": "W1"}, [1, 3, 5]),
        ({"cabinet": "HL-TC002", "search": "p004"}, [4]),
        ({"street": "Trần Phú", "ward": "W2"}, []),
        ({"street": "Trần"}, []),
    ],
)
async def test_lamps_are_found_by_ward_street_and_cabinet(
    service: Service, asked: dict[str, str], found: list[int]
) -> None:
    async with service.signed_in() as client:
        page = (await client.get("/api/v1/luminaires", params=asked)).json()
    assert [lamp["id"] for lamp in page["items"]] == [lamp_id(n) for n in found]


LATE = EVENING + timedelta(hours=4)  # 23:00 in Ha Long: half light
SILENT = dict.fromkeys(("status_bits", "actual_level", "target_level", "active_power", "voltage"))


@pytest.mark.parametrize(
    ("at", "values", "state"),
    [
        (EVENING, {}, "on"),
        (EVENING, {"actual_level": 50.0}, "warning"),
        (EVENING, {"actual_level": 0.0}, "warning"),
        (EVENING, SILENT, "no_contact"),
        (LATE, {"actual_level": 50.0}, "dimmed"),
        (LATE, {"actual_level": 100.0}, "warning"),
        (NOON, {"actual_level": 0.0}, "off"),
        (NOON, {"actual_level": 100.0}, "warning"),
    ],
)
async def test_the_state_is_the_deviation_from_the_plan(
    settings: Settings, at: datetime, values: dict[str, float | None], state: str
) -> None:
    async with serving(settings, standing_clock(at)[0]) as running:
        await Feed(running).readings([lamp(1, at, **values)])
        assert (await running.parts.lamps.by_id(lamp_id(1), running.parts.views.whole)).state == state
        assert (await running.parts.lamps.by_id(lamp_id(2), running.parts.views.whole)).state == "unknown"


@pytest.mark.parametrize("speed", [1, 60])
async def test_a_lamp_that_falls_silent_loses_contact_after_two_minutes_of_the_wall(
    settings: Settings, speed: float
) -> None:
    clock, wall = standing_clock(speed=speed)
    async with serving(settings, clock) as running:
        await Feed(running).readings([lamp(1, EVENING)])
        wall.advance(minutes=2)
        assert (await running.parts.lamps.by_id(lamp_id(1), running.parts.views.whole)).state == "on"
        wall.advance(seconds=1)
        assert (await running.parts.lamps.by_id(lamp_id(1), running.parts.views.whole)).state == "no_contact"


async def test_at_sunset_a_lamp_has_a_minute_to_follow(settings: Settings) -> None:
    clock, wall = standing_clock(SUNSET - timedelta(seconds=10))
    async with serving(settings, clock) as running:
        feed, states = Feed(running), []
        for _ in range(4):
            await feed.readings([lamp(1, clock.now(), actual_level=0.0)])
            states.append((await running.parts.lamps.by_id(lamp_id(1), running.parts.views.whole)).state)
            wall.advance(seconds=25)
    assert states == ["off", "off", "off", "warning"]


async def test_a_lamp_that_is_out_is_a_fault_on_the_map(service: Service, wall: Wall) -> None:
    wall.advance(minutes=5)
    await Feed(service).readings([lamp(1, EVENING + timedelta(minutes=m), active_power=0.0) for m in range(6)])
    shown = await service.parts.lamps.by_id(lamp_id(1), service.parts.views.whole)
    assert shown.state == "fault"
    assert [alarm.rule for alarm in shown.open_alarms] == ["lamp_out"]


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (SUNSET + timedelta(seconds=30), SUNSET),
        (SUNSET + timedelta(minutes=59), SUNSET),
        (TEN, TEN),
        (TEN + timedelta(minutes=20), TEN),
        (EVENING, EVENING - timedelta(hours=1)),  # longer ago than it matters
    ],
)
def test_since_when_a_plan_holds_is_known_at_any_start(now: datetime, since: datetime) -> None:
    watched = Watched(Lighting(Curves(CITY.centre, TIMEZONE)), LatestValues([]), now)
    assert abs((watched.since - since).total_seconds()) <= 1


@pytest.mark.parametrize("step", [timedelta(seconds=1), timedelta(minutes=10)])
def test_a_change_of_the_programme_is_placed_to_the_second_however_long_a_tick_is(step: timedelta) -> None:
    at = SUNSET - timedelta(minutes=25)
    watched = Watched(Lighting(Curves(CITY.centre, TIMEZONE)), LatestValues([]), at)
    while at < SUNSET + timedelta(minutes=25):
        at += step
        watched.go_on(at)
    assert watched.planned.level == 100.0
    assert abs((watched.since - SUNSET).total_seconds()) <= 1


def test_without_overrides_the_programme_holds_for_every_lamp() -> None:
    plan = plan_with(Overrides())
    assert {plan.of(one, EVENING).reason for one in CITY.luminaires} == {Reason.ASTRONOMICAL}
    assert plan.of_lamps(EVERYONE, EVENING).level.tolist() == [100.0] * 6


def plan_with(overrides: Overrides) -> Plan:
    return Plan(Fleet([CITY], 1), overrides, LatestValues([]), EVENING)


def test_every_city_keeps_to_its_own_sun_and_clock() -> None:
    """Here it is evening; in a city on the other side of the world it is bright day, and nothing is planned there."""
    far = second_city().model_copy(
        update={"timezone": "America/Lima", "centre": Place(longitude=-77.0, latitude=-12.0)}
    )
    fleet = Fleet([CITY, far], 1)
    plan = Plan(fleet, Overrides(), LatestValues([]), EVENING)
    planned = plan.of_lamps(np.arange(12), EVENING)
    assert planned.level.tolist() == [100.0] * 6 + [0.0] * 6
    assert [plan.of(lamp, EVENING).level for lamp in fleet.lamps] == planned.level.tolist()
    suns = Suns(fleet.sites.values())
    near, both = suns.after([CITY], EVENING), suns.after(fleet.sites.values(), EVENING)
    assert (both.sunrise, both.sunset) == (near.sunrise, suns.after([far], EVENING).sunset)


def confirmed(lamp: int, action: Override | Resume, at: datetime) -> Order:
    command = Command(
        id=f"c{lamp}",
        target=lamp_id(lamp),
        action=action,
        issued_at=at,
        expires_at=at + timedelta(minutes=1),
        who="lan",
    )
    return Order(command, "HL-E01", None, (Moment(CommandState.CONFIRMED, at),))


def test_what_is_planned_for_many_lamps_is_what_is_planned_for_each() -> None:
    """An override in force, one that has ended, a lamp that went back to the programme, and lamps without any."""
    earlier, end = EVENING - timedelta(minutes=30), EVENING - timedelta(minutes=5)
    overrides = Overrides(
        [
            confirmed(1, Override(level=30, until=EVENING + timedelta(minutes=5)), earlier),
            confirmed(2, Override(level=30, until=end), earlier),
            confirmed(3, Resume(), earlier),
        ]
    )
    plan = plan_with(overrides)
    planned = plan.of_lamps(EVERYONE, EVENING)
    assert planned.level.tolist() == [plan.of(lamp, EVENING).level for lamp in CITY.luminaires]
    assert planned.level.tolist() == [30.0, *[100.0] * 5]
    hour_ago = EVENING.timestamp() - 3600  # as far back as the programme looks
    assert planned.since.tolist() == [earlier.timestamp(), end.timestamp(), earlier.timestamp(), *[hour_ago] * 3]


def test_an_override_that_is_confirmed_later_is_planned_from_then_on() -> None:
    overrides = Overrides()
    plan = plan_with(overrides)
    overrides.put(confirmed(4, Override(level=20, until=EVENING + timedelta(hours=1)), EVENING))
    plan.mark([lamp_id(4), "HL-TC001-M"])
    assert plan.of_lamps(EVERYONE, EVENING).level.tolist() == [100.0, 100.0, 100.0, 20.0, 100.0, 100.0]


def test_the_whole_city_is_counted_and_summed() -> None:
    board = Board(5)
    states = [LampState.ON, LampState.DIMMED, LampState.FAULT, LampState.NO_CONTACT, LampState.UNKNOWN]
    nan = math.nan
    board.show(
        Look(
            np.array(states, dtype=np.uint8),
            np.array([200, 100, 200, 255, 255], dtype=np.uint8),
            np.array([98.0, nan, 2.0, nan, nan]),
            np.array([100.0, 50.0, 100.0, 100.0, nan]),
        )
    )
    totals = board.totals(np.ones(len(board.state), dtype=np.bool_))
    assert totals.states[LampState.UNKNOWN] == 1
    assert totals.as_planned_percent == 50.0
    assert (totals.power_kw, totals.planned_power_kw) == (0.1, 0.35)


def test_of_a_city_that_was_never_heard_of_nothing_is_said() -> None:
    totals = Board(5).totals(np.ones(5, dtype=np.bool_))
    assert (totals.as_planned_percent, totals.power_kw, totals.planned_power_kw) == (None, None, None)


async def test_the_overview_says_how_the_city_is(service: Service, wall: Wall) -> None:
    feed = Feed(service)
    air = Reading("HL-AIR-01", "air_station", int(EVENING.timestamp()), {"pm2_5": 31.0, "noise": None})
    await feed.readings([lamp(1, EVENING), lamp(3, EVENING, actual_level=0.0, active_power=1.0), air])
    await feed.readings([lamp(2, EVENING, active_power=102.0)], edge="HL-E02")
    service.parts.edges.told("HL-E01", EdgeState(state="online"))
    wall.advance(seconds=8)
    await service.parts.map_feed.tick()
    async with service.signed_in() as client:
        seen = (await client.get("/api/v1/overview")).json()
    assert seen["lamps"] == {
        "total": 6,
        "unknown": 3,
        "off": 0,
        "on": 2,
        "dimmed": 0,
        "fault": 0,
        "no_contact": 0,
        "warning": 1,
    }
    assert (seen["as_planned_percent"], seen["power_kw"], seen["planned_power_kw"]) == (66.67, 0.203, 0.6)
    assert seen["sun_up"] is False
    assert seen["sun"]["sunrise"].startswith("2026-11-21T23:")
    assert seen["sun"]["sunset"].startswith("2026-11-22T10:")
    assert (seen["edges"]["online"], seen["edges"]["total"]) == (1, 2)
    assert seen["edges"]["items"][0] == {
        "id": "HL-E01",
        "state": "online",
        "since": "2026-11-21T12:00:00Z",
        "last_batch_at": "2026-11-21T12:00:00Z",
        "backlog": False,
        "refused": None,
    }
    assert seen["edges"]["items"][1]["state"] == "unknown"
    assert seen["environment"] == [
        {
            "id": "HL-AIR-01",
            "kind": "air_station",
            "name": {"vi": "Trạm không khí", "en": "Air station"},
            "at": "2026-11-21T12:00:00Z",
            "values": {"noise": None, "pm2_5": 31.0},
        }
    ]
    assert (seen["alarms"], seen["commands"]) == ({"unacked": 0, "acked": 0}, {"open": 0, "failed_1h": 0})
    assert (seen["feed_delay_s"], seen["clock"]) == (8.0, {"now": "2026-11-21T12:00:08Z", "speed": 1.0})


async def test_a_power_that_cannot_be_is_not_summed(service: Service, wall: Wall) -> None:
    broken = replace(lamp(3, EVENING, active_power=1e300), flags={"active_power": Quality.SUSPECT})
    await Feed(service).readings([lamp(1, EVENING), broken])
    wall.advance(seconds=8)
    await service.parts.map_feed.tick()
    async with service.signed_in() as client:
        assert (await client.get("/api/v1/overview")).json()["power_kw"] == 0.1


async def test_without_its_broker_the_cloud_does_not_know_who_is_there(settings: Settings, clock: DomainClock) -> None:
    link = RecordingLink()
    async with serving(settings, clock, link=link) as running:
        running.parts.edges.told("HL-E01", EdgeState(state="online"))
        link.connected = False
        seen = await running.parts.overviews.look(running.parts.views.whole)
    assert [edge.state for edge in seen.edges.items] == ["unknown", "unknown"]
