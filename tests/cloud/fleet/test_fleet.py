"""The inventory: imported once, kept in order, and never forgotten."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from cloud.database import Database
from cloud.fleet.edges import CATCHING_UP_S, Edges
from cloud.fleet.fleet import Fleet
from cloud.fleet.imports import parse
from cloud.fleet.tables import DeviceRow
from cloud.settings import Settings
from protocols.clock import DomainClock
from protocols.config import ConfigError
from protocols.inventory import Meter
from protocols.topics import Stream
from protocols.wire import Birth, EdgeState
from tests.cloud.cities import lamp_id, small_city, write_city
from tests.cloud.clocks import EVENING, Wall
from tests.cloud.serving import Service, serving


async def test_the_city_is_what_the_inventory_says(service: Service) -> None:
    async with service.signed_in() as client:
        city = (await client.get("/api/v1/city")).json()
    assert (city["site"], city["lamps"], city["inventory_version"]) == ("halong", 6, 1)
    assert city["survey"]["en"] == "generated streets, not surveyed"
    assert [ward["id"] for ward in city["wards"]] == ["W1", "W2"]
    assert city["cabinets"][1] == {
        "id": "HL-TC002",
        "ward": "W2",
        "street": "Đường Hạ Long",
        "longitude": 107.08,
        "latitude": 20.95,
        "edge": "HL-E02",
        "meters": ["HL-TC002-M"],
    }
    assert "url" not in city["cameras"][0]
    assert city["stations"][0]["kind"] == "air_station"


async def test_a_cabinet_has_the_meters_that_the_inventory_gives_it(settings: Settings, clock: DomainClock) -> None:
    meters = (Meter(id="Q2", cabinet="HL-TC002"), Meter(id="Q1", cabinet="HL-TC002"))
    write_city(settings.sites[0].inventory, small_city().model_copy(update={"meters": meters}))
    async with serving(settings, clock) as running, running.signed_in() as client:
        cabinets = (await client.get("/api/v1/city")).json()["cabinets"]
    assert {cabinet["id"]: cabinet["meters"] for cabinet in cabinets} == {"HL-TC001": [], "HL-TC002": ["Q2", "Q1"]}


async def test_the_same_inventory_again_changes_nothing(settings: Settings, clock: DomainClock) -> None:
    for _ in range(2):
        async with serving(settings, clock) as running:
            assert running.parts.fleet.version == 1


async def test_a_changed_inventory_is_a_new_version_and_what_is_gone_is_retired(
    settings: Settings, clock: DomainClock
) -> None:
    async with serving(settings, clock):
        pass
    write_city(settings.sites[0].inventory, small_city(lamps=4))
    async with serving(settings, clock) as running:
        assert running.parts.fleet.version == 2
        assert list(running.parts.fleet.index) == [lamp_id(n) for n in range(1, 5)]
        assert await _retired(running.parts.database) == {lamp_id(5), lamp_id(6)}
    write_city(settings.sites[0].inventory, small_city(lamps=6))
    async with serving(settings, clock) as running:
        assert await _retired(running.parts.database) == set()


async def _retired(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(DeviceRow.id).where(DeviceRow.retired_at.is_not(None))))


async def test_without_its_file_the_last_inventory_stays_in_force(settings: Settings, clock: DomainClock) -> None:
    async with serving(settings, clock):
        pass
    settings.sites[0].inventory.unlink()
    async with serving(settings, clock) as running:
        assert len(running.parts.fleet.lamps) == 6


async def test_without_any_inventory_the_service_does_not_start(settings: Settings, clock: DomainClock) -> None:
    settings.sites[0].inventory.unlink()
    with pytest.raises(FileNotFoundError):
        async with serving(settings, clock):
            pass


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"site": "hanoi"}, "inventory.json:1: site: 'hanoi' is another city; cloud.yaml says 'halong'"),
        ({"edges": ["HL-E01"]}, "HL-TC002: there is no edge HL-E02"),
        ({"luminaire_types": []}, "HL-000001: there is no luminaire type led-100"),
        ({"v": 2}, "v: Input should be 1"),
    ],
)
def test_an_inventory_that_does_not_hold_together_is_refused(change: dict[str, object], advice: str) -> None:
    document = {**json.loads(small_city().model_dump_json()), **change}
    with pytest.raises(ConfigError) as caught:
        parse(json.dumps(document).encode(), "inventory.json", "halong")
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("HL-000003", [2]),
        ("tran phu", [0, 2, 4]),
        ("TRẦN phú p003", [2]),
        ("duong ha long", [1, 3, 5]),
        ("bai chay", [1, 3, 5]),
        ("TC001", [0, 2, 4]),
        ("", [0, 1, 2, 3, 4, 5]),
        ("no such street", []),
    ],
)
def test_a_lamp_is_found_by_any_of_its_words_with_or_without_marks(words: str, found: list[int]) -> None:
    assert Fleet([small_city()], 1).search(words) == found


def test_positions_travel_as_whole_numbers_of_a_centimetre() -> None:
    fleet = Fleet([small_city()], 1)
    assert fleet.longitudes[0] == 1_070_801_000
    assert fleet.latitudes[0] == 209_500_000
    assert list(fleet.ward_numbers) == [0, 1, 0, 1, 0, 1]


async def test_the_base_map_is_sent_once(settings: Settings, clock: DomainClock, tmp_path: Path) -> None:
    (tmp_path / "basemap.geojson").write_text('{"type":"FeatureCollection","features":[{"a":1}]}')
    async with serving(settings, clock) as running, running.signed_in() as client:
        first = await client.get("/api/v1/map/base.geojson")
        again = await client.get("/api/v1/map/base.geojson", headers={"If-None-Match": first.headers["etag"]})
    assert first.json()["features"] == [{"a": 1}]
    assert first.headers["content-encoding"] == "gzip"
    assert (again.status_code, again.content) == (304, b"")


def _edges(wall: Wall, clock: DomainClock) -> Edges:
    return Edges(dict.fromkeys(["HL-E01", "HL-E02"], "halong"), clock.now, wall)


def test_an_edge_is_unknown_until_the_broker_tells(clock: DomainClock, wall: Wall) -> None:
    assert [edge.state for edge in _edges(wall, clock)] == ["unknown", "unknown"]


def test_since_is_when_the_state_changed_and_not_when_it_was_said_again(clock: DomainClock, wall: Wall) -> None:
    edges = _edges(wall, clock)
    edges.told("HL-E01", EdgeState(state="online"))
    wall.advance(minutes=5)
    edges.told("HL-E01", EdgeState(state="online"))
    edges.told("HL-E01", Birth(epoch="e1", software="0.1.0", at=EVENING))
    edge = next(iter(edges))
    assert (edge.state, edge.since, edge.epoch) == ("online", EVENING, "e1")


def test_an_edge_that_sends_its_backlog_is_catching_up_for_a_while(clock: DomainClock, wall: Wall) -> None:
    edges = _edges(wall, clock)
    edges.heard("HL-E01", Stream.LIVE, EVENING)
    first, second = edges
    assert not edges.is_catching_up(first)
    edges.heard("HL-E02", Stream.BACKLOG, EVENING)
    assert edges.is_catching_up(second)
    wall.advance(seconds=CATCHING_UP_S)
    assert not edges.is_catching_up(second)


def test_an_edge_of_another_city_is_nobody(clock: DomainClock, wall: Wall) -> None:
    edges = _edges(wall, clock)
    edges.told("HN-E01", EdgeState(state="online"))
    edges.heard("HN-E01", Stream.LIVE, EVENING)
    assert [edge.id for edge in edges] == ["HL-E01", "HL-E02"]


async def test_what_is_known_of_an_edge_survives_a_restart(settings: Settings, clock: DomainClock) -> None:
    async with serving(settings, clock) as running:
        running.parts.edges.told("HL-E01", EdgeState(state="online"))
        running.parts.edges.heard("HL-E01", Stream.LIVE, EVENING + timedelta(minutes=1))
        async with running.parts.database.write() as session:
            await running.parts.edges.save(session)
    async with serving(settings, clock) as running:
        edge = next(iter(running.parts.edges))
    assert (edge.state, edge.since, edge.last_batch_at) == ("online", EVENING, EVENING + timedelta(minutes=1))


async def test_when_an_edge_was_heard_is_written_down_once_a_minute(settings: Settings, clock: DomainClock) -> None:
    async with serving(settings, clock) as running:
        for seconds in (0, 10, 59):
            running.parts.edges.heard("HL-E01", Stream.LIVE, EVENING + timedelta(seconds=seconds))
            async with running.parts.database.write() as session:
                changed = await running.parts.edges.save(session)
            running.parts.edges.saved(changed)
        assert next(iter(running.parts.edges)).last_batch_at == EVENING + timedelta(seconds=59)
    async with serving(settings, clock) as running:
        assert next(iter(running.parts.edges)).last_batch_at == EVENING
