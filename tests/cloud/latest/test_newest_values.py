"""Newest values go forward in event time only, survive a restart, and are nobody's but the city's devices'."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.fleet import Device
from cloud.ingest.cursors import Arrived
from cloud.latest.documents import decode, encode
from cloud.latest.values import NEVER, Latest, LatestValues
from cloud.latest.waves import Tally, waves
from cloud.settings import Settings
from protocols.clock import DomainClock
from protocols.readings import Quality, Reading, tables
from protocols.topics import Stream
from protocols.wire import Batch, Header
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import Service, serving

DEVICES = [Device("a", "luminaire", "E1"), Device("b", "luminaire", "E1"), Device("m", "meter", "E2")]

_values = st.dictionaries(st.sampled_from(["voltage", "current"]), st.none() | st.floats(-1e308, 1e308), max_size=2)
_flags = st.sampled_from(list(Quality))
_readings = st.builds(
    Reading,
    device=st.sampled_from([device.id for device in DEVICES]),
    kind=st.sampled_from(["luminaire", "meter"]),
    at=st.integers(0, 20),
    values=_values,
    flags=st.dictionaries(st.sampled_from(["voltage", "current"]), _flags, max_size=2),
)


def arrived(*batches: Sequence[Reading], received_at: float = 1_000.0) -> list[Arrived]:
    """Batches as the inbox hands them on."""
    header = Header("epoch", 1, 1)
    return [Arrived("E1", Stream.LIVE, received_at, Batch(header, tables(readings), [])) for readings in batches]


def taken(latest: LatestValues, *batches: Sequence[Reading]) -> Tally:
    """Move on, tick by tick or all at once."""
    tally = Tally()
    for columns, wave in waves(arrived(*batches), latest, tally):
        tally.late += sum(len(rows) - len(columns.take(rows)) for rows in wave)
    return tally


class OneByOne:
    """What the newest values are, said in the plainest way."""

    def __init__(self) -> None:
        self.known: dict[str, Latest] = {}
        self.tally = Tally()

    def take(self, reading: Reading) -> None:
        if (reading.device, reading.kind) not in {(device.id, device.kind) for device in DEVICES}:
            self.tally.strangers += 1
            return
        before = self.known.get(reading.device, Latest(reading.kind, NEVER, {}))
        if reading.at < before.at:
            self.tally.late += 1
            return
        flags = {q: int(reading.flag(q)) for q in reading.values}
        unusual = {q: f for q, f in flags.items() if f != (9 if reading.values[q] is None else 1)}
        kept = {q: f for q, f in before.flags.items() if q not in reading.values}
        values = {**before.values, **reading.values}
        self.known[reading.device] = Latest(reading.kind, reading.at, values, {**kept, **unusual})


@given(st.lists(st.lists(_readings, max_size=6), max_size=6), st.booleans())
def test_a_tick_of_many_batches_is_one_reading_after_the_other(batches: list[list[Reading]], together: bool) -> None:
    latest, plain = LatestValues(DEVICES), OneByOne()
    for table in (table for batch in batches for table in tables(batch)):
        for reading in table.readings():
            plain.take(reading)
    counted = [taken(latest, *batches)] if together else [taken(latest, batch) for batch in batches]
    for device in DEVICES:
        assert latest.get(device.id) == plain.known.get(device.id)
    assert sum(tally.late for tally in counted) == plain.tally.late
    assert sum(tally.strangers for tally in counted) == plain.tally.strangers


@given(st.lists(_readings, max_size=12), st.data())
def test_in_whichever_order_and_however_often_they_come_the_newest_stays(
    readings: list[Reading], data: st.DataObject
) -> None:
    """One second of one device has one value, whichever batch brings it."""
    known = [r for r in readings if r.kind == ("meter" if r.device == "m" else "luminaire")]
    valued = [Reading(r.device, r.kind, r.at, {"active_power": float(r.at)}) for r in known]
    latest = LatestValues(DEVICES)
    taken(latest, *[[reading] for reading in data.draw(st.permutations(valued + valued))])
    for device in {reading.device for reading in valued}:
        newest = max(reading.at for reading in valued if reading.device == device)
        found = latest.get(device)
        assert found is not None
        assert (found.at, found.values) == (newest, {"active_power": float(newest)})


def test_a_quantity_that_the_newest_reading_does_not_carry_keeps_its_value_and_its_flag() -> None:
    latest = LatestValues(DEVICES)
    taken(latest, [Reading("m", "meter", 1, {"voltage": 231.0, "current": 2.0}, {"voltage": Quality.SUSPECT})])
    taken(latest, [Reading("m", "meter", 2, {"current": 3.0})])
    assert latest.get("m") == Latest("meter", 2, {"voltage": 231.0, "current": 3.0}, {"voltage": 3})
    taken(latest, [Reading("m", "meter", 3, {"voltage": 229.0})])
    assert latest.get("m") == Latest("meter", 3, {"voltage": 229.0, "current": 3.0})


def test_not_known_is_news_and_not_the_last_value_again() -> None:
    latest = LatestValues(DEVICES)
    taken(latest, [Reading("m", "meter", 1, {"current": 2.0})], [Reading("m", "meter", 2, {"current": None})])
    assert latest.get("m") == Latest("meter", 2, {"current": None})


def test_what_cannot_be_enters_no_sum() -> None:
    latest, everybody = LatestValues(DEVICES), np.arange(2)
    doubted = Reading("a", "luminaire", 1, {"voltage": 999.0}, {"voltage": Quality.SUSPECT})
    taken(latest, [doubted, Reading("b", "luminaire", 1, {"voltage": 230.0})])
    lamps = latest.kinds["luminaire"]
    assert lamps.values("voltage", everybody).tolist() == [999.0, 230.0]
    assert np.isnan(lamps.trusted("voltage", everybody)).tolist() == [True, False]


@given(st.lists(_readings, max_size=12))
def test_what_is_kept_is_what_was_known(readings: list[Reading]) -> None:
    before, after = LatestValues(DEVICES), LatestValues(DEVICES[::-1])
    taken(before, readings)
    for (_, kind), places in before.parts.items():
        document = decode(after.kinds[kind], encode(before.kinds[kind], places, {}))
        after.kinds[kind].take(document.rows)
    for device in DEVICES:
        assert after.get(device.id) == before.get(device.id)


def test_what_is_kept_of_a_device_that_has_gone_is_left_out() -> None:
    before, after = LatestValues(DEVICES), LatestValues(DEVICES[1:])
    taken(before, [Reading(name, "luminaire", 1, {"voltage": 230.0}) for name in ("a", "b")])
    rules = {"some": {"count": np.array([7, 8])}}
    document = decode(after.kinds["luminaire"], encode(before.kinds["luminaire"], np.arange(2), rules))
    assert document.rows.places.tolist() == [0]
    assert document.rules["some"]["count"].tolist() == [8]


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
