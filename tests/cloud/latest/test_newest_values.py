"""Newest values go forward in event time only, survive a restart, and are nobody's but the city's devices'."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.latest.values import LatestValues
from cloud.settings import Settings
from protocols.clock import DomainClock
from protocols.readings import Quality, Reading
from protocols.topics import Stream
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import Service, serving

_readings = st.builds(
    Reading,
    device=st.sampled_from(["a", "b"]),
    kind=st.just("luminaire"),
    at=st.integers(0, 20),
    values=st.just({}),
)


def _valued(readings: list[Reading]) -> list[Reading]:
    """One second of one device has one value, whichever batch brings it."""
    return [Reading(r.device, r.kind, r.at, {"active_power": float(r.at)}) for r in readings]


@given(st.lists(_readings).map(_valued), st.data())
def test_in_whichever_order_and_however_often_they_come_the_newest_stays(
    readings: list[Reading], data: st.DataObject
) -> None:
    latest = LatestValues()
    for reading in data.draw(st.permutations(readings + readings)):
        latest.take(reading)
    for device in {reading.device for reading in readings}:
        newest = max(reading.at for reading in readings if reading.device == device)
        found = latest.get(device)
        assert found is not None
        assert (found.at, found.values) == (newest, {"active_power": float(newest)})


def test_a_quantity_that_the_newest_reading_does_not_carry_keeps_its_value_and_its_flag() -> None:
    latest = LatestValues()
    latest.take(Reading("a", "meter", 1, {"voltage": 231.0, "current": 2.0}, {"voltage": Quality.SUSPECT}))
    found = latest.take(Reading("a", "meter", 2, {"current": 3.0}))
    assert found is not None
    assert found.values == {"voltage": 231.0, "current": 3.0}
    assert found.flags == {"voltage": 3}
    found = latest.take(Reading("a", "meter", 3, {"voltage": 229.0}))
    assert found is not None
    assert found.flags == {}


def test_not_known_is_news_and_not_the_last_value_again() -> None:
    latest = LatestValues()
    latest.take(Reading("a", "meter", 1, {"current": 2.0}))
    found = latest.take(Reading("a", "meter", 2, {"current": None}))
    assert found is not None
    assert found.values == {"current": None}


async def test_a_device_says_what_it_last_measured_with_unit_and_age(service: Service, wall: Wall) -> None:
    reading = Reading("HL-TC001-M", "meter", int(EVENING.timestamp()), {"active_power": 12.5, "frequency": None})
    await Feed(service).readings([reading])
    wall.advance(seconds=30)
    async with service.signed_in() as client:
        found = (await client.get("/api/v1/devices/HL-TC001-M/latest")).json()
    assert found == {
        "id": "HL-TC001-M",
        "kind": "meter",
        "at": "2026-11-21T12:00:00Z",
        "values": {"active_power": 12.5, "frequency": None},
        "units": {"active_power": "W", "frequency": "Hz"},
        "flags": {},
        "age_s": 30.0,
    }


async def test_a_device_that_was_never_heard_of_has_no_values(service: Service) -> None:
    async with service.signed_in() as client:
        found = (await client.get("/api/v1/devices/HL-AIR-01/latest")).json()
        stranger = await client.get("/api/v1/devices/HL-AIR-99/latest")
    assert (found["at"], found["values"], found["age_s"]) == (None, {}, None)
    assert (stranger.status_code, stranger.json()["detail"]["code"]) == (404, "not_found")


async def test_late_readings_do_not_move_live_values_back(service: Service) -> None:
    feed = Feed(service)
    await feed.readings([lamp(1, EVENING, active_power=90.0)])
    await feed.readings([lamp(1, EVENING - timedelta(hours=1), active_power=10.0)], stream=Stream.BACKLOG)
    latest = service.parts.measurements.now_of(lamp_id(1))
    assert latest.values["active_power"] == 90.0
    assert service.parts.live.tally.late == 1


@pytest.mark.parametrize(
    "reading",
    [
        Reading("HL-999999", "luminaire", int(EVENING.timestamp()), {"active_power": 1.0}),
        Reading(lamp_id(1), "meter", int(EVENING.timestamp()), {"active_power": 1.0}),
    ],
    ids=["of no device", "of another kind"],
)
async def test_a_strangers_reading_is_counted_and_changes_nothing(service: Service, reading: Reading) -> None:
    await Feed(service).readings([reading, lamp(3, EVENING)])
    assert service.parts.live.tally.strangers == 1
    assert service.parts.measurements.now_of(lamp_id(1)).at is None
    assert service.parts.measurements.now_of(lamp_id(3)).at == EVENING


async def test_what_an_edge_says_of_another_edges_lamp_changes_nothing(service: Service) -> None:
    forged = Reading(lamp_id(2), "luminaire", int(EVENING.timestamp()), {"active_power": 1.0})
    await Feed(service).readings([forged, lamp(3, EVENING)])
    assert service.parts.measurements.now_of(lamp_id(2)).at is None
    assert service.parts.measurements.now_of(lamp_id(3)).at == EVENING


async def test_a_clock_that_is_far_ahead_does_not_stop_the_live_values(service: Service) -> None:
    feed = Feed(service)
    await feed.readings([lamp(1, EVENING + timedelta(hours=2), active_power=1.0)])
    await feed.readings([lamp(1, EVENING, active_power=90.0)])
    assert service.parts.measurements.now_of(lamp_id(1)).values["active_power"] == 90.0
    assert service.parts.live.tally.from_the_future == 1


async def test_newest_values_survive_a_restart(settings: Settings, clock: DomainClock) -> None:
    async with serving(settings, clock) as running:
        await Feed(running).readings([lamp(1, EVENING, active_power=90.0), lamp(3, EVENING, active_power=None)])
    async with serving(settings, clock) as running:
        now_of = running.parts.measurements.now_of
        assert now_of(lamp_id(1)).values["active_power"] == 90.0
        assert now_of(lamp_id(3)).values["active_power"] is None
        assert now_of(lamp_id(3)).at == EVENING


async def test_readings_over_time_show_what_the_store_has_not_yet_got(service: Service) -> None:
    moments = [EVENING - timedelta(minutes=m) for m in (2, 1, 0)]
    await Feed(service).readings([lamp(1, at, active_power=float(m)) for m, at in enumerate(moments)])
    async with service.signed_in() as client:
        path = f"/api/v1/devices/{lamp_id(1)}/readings?quantity=active_power&quantity=voltage"
        found = (await client.get(path)).json()
        part = (await client.get(f"{path}&from=2026-11-21T11:59:00Z&to=2026-11-21T12:00:00Z")).json()
    assert found["quantities"] == {"active_power": [0.0, 1.0, 2.0], "voltage": [230.0, 230.0, 230.0]}
    assert found["at"] == [int(at.timestamp()) for at in moments]
    assert found["units"] == {"active_power": "W", "voltage": "V"}
    assert part["quantities"]["active_power"] == [1.0]


async def test_a_chart_of_years_is_refused_and_one_of_a_month_is_not(service: Service) -> None:
    path = f"/api/v1/devices/{lamp_id(1)}/readings?quantity=voltage&to=2026-11-01T00:00:00Z"
    async with service.signed_in() as client:
        month = await client.get(f"{path}&from=2026-10-01T00:00:00Z")
        years = await client.get(f"{path}&from=1970-01-01T00:00:00Z")
    assert month.status_code == 200
    assert (years.status_code, years.json()["detail"]["code"]) == (400, "too_long")


@pytest.mark.parametrize(
    "query",
    ["", "quantity=nonsense", "quantity=voltage&from=yesterday", "quantity=voltage&to=0001-01-01T00:00:00Z"],
)
async def test_a_question_that_makes_no_sense_is_refused(service: Service, query: str) -> None:
    async with service.signed_in() as client:
        assert (await client.get(f"/api/v1/devices/{lamp_id(1)}/readings?{query}")).status_code == 422
