"""Two cities in one service: what is seen of each, who sees it, and what is told to whom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from cloud.fleet.tables import DeviceRow
from cloud.people.rights import Role
from cloud.settings import Settings, Site
from protocols.clock import DomainClock
from protocols.config import ConfigError
from protocols.inventory import City
from protocols.wire import Birth
from rules.areas import Area
from tests.cloud.cities import lamp_id, second_city, small_city, write_city, write_second_city
from tests.cloud.clocks import EVENING
from tests.cloud.feeding import Feed, lamp
from tests.cloud.serving import PASSWORD, Service, serving
from tests.waiting import until

API = "/api/v1"
FAR = "MC-000001"
DIM = {"action": {"type": "override", "level": 60}}


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Ha Long and Mong Cai. What is told again and again is told when a test asks for it."""
    sites = (*settings.sites, Site.model_validate(write_second_city(tmp_path)))
    rarely = timedelta(hours=9)
    return settings.model_copy(update={"sites": sites, "overview_every": rarely, "live_every": rarely})


@asynccontextmanager
async def person(service: Service, role: Role, area: Area) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody with one grant."""
    name = f"{role}{area}".replace("/", "-")
    await service.parts.people.add(name, PASSWORD, role, area=area)
    async with service.anonymous() as client:
        (await client.post(f"{API}/session", json={"username": name, "password": PASSWORD})).raise_for_status()
        yield client


async def test_the_province_is_seen_as_one_and_each_city_alone(service: Service) -> None:
    feed = Feed(service)
    await feed.readings([lamp(1, EVENING)])
    async with service.signed_in() as client:
        city = (await client.get(f"{API}/city")).json()
        whole = (await client.get(f"{API}/overview")).json()
        far = (await client.get(f"{API}/overview", params={"site": "mongcai"})).json()
        lamps = (await client.get(f"{API}/luminaires", params={"site": "mongcai", "search": "tran phu"})).json()
        nowhere = (await client.get(f"{API}/luminaires", params={"site": "hanoi"})).json()
        areas = (await client.get(f"{API}/areas")).json()
        me = (await client.get(f"{API}/session")).json()
    assert ([site["id"] for site in city["sites"]], city["lamps"]) == (["halong", "mongcai"], 12)
    assert city["name"]["en"] == "Whole province"
    assert [(ward["id"], ward["site"]) for ward in city["wards"]][1:3] == [("W2", "halong"), ("M1", "mongcai")]
    assert (city["bounds"]["west"], city["bounds"]["north"]) == (107.08, 21.532)
    assert city["sites"][1]["bounds"] == {"west": 107.97, "south": 21.53, "east": 107.971, "north": 21.532}
    assert (whole["lamps"]["total"], far["lamps"]["total"], nowhere["total"]) == (12, 6, 0)
    assert [edge["id"] for edge in far["edges"]["items"]] == ["MC-E01", "MC-E02"]
    assert [(one["id"], one["index"]) for one in lamps["items"]] == [
        ("MC-000001", 0),
        ("MC-000003", 2),
        ("MC-000005", 4),
    ]
    assert [(area["path"], area["kind"], area["lamps"]) for area in areas] == [
        ("/", "province", 12),
        ("/halong", "city", 6),
        ("/halong/W1", "ward", 3),
        ("/halong/W2", "ward", 3),
        ("/mongcai", "city", 6),
        ("/mongcai/M1", "ward", 3),
        ("/mongcai/M2", "ward", 3),
    ]
    assert [site["id"] for site in me["sites"]] == ["halong", "mongcai"]


async def test_a_person_of_one_city_sees_it_whole_and_does_not_hear_of_the_other(service: Service) -> None:
    async with person(service, Role.OPERATOR, Area("mongcai")) as client:
        city = (await client.get(f"{API}/city")).json()
        areas = (await client.get(f"{API}/areas")).json()
        me = (await client.get(f"{API}/session")).json()
        map_bytes = (await client.get(f"{API}/map/lamps.bin")).content
        first = (await client.get(f"{API}/map/lamps/0")).json()
        other = (await client.get(f"{API}/overview", params={"site": "halong"})).json()
    assert (city["site"], city["name"]["vi"], city["lamps"], len(city["sites"])) == ("mongcai", "Móng Cái", 6, 1)
    assert [area["path"] for area in areas] == ["/", "/mongcai", "/mongcai/M1", "/mongcai/M2"]
    assert areas[0]["lamps"] == 6
    assert [site["id"] for site in me["sites"]] == ["mongcai"]
    assert (len(map_bytes), first["id"]) == (16 + 11 * 6, FAR)
    assert (other["lamps"]["total"], other["edges"]["items"], other["environment"]) == (0, [], [])


async def test_what_is_one_for_all_cities_is_for_who_has_them_all(service: Service) -> None:
    for area, status in ((Area("mongcai"), 403), (Area("halong"), 403), (Area(), 200)):
        async with person(service, Role.ADMINISTRATOR, area) as client:
            assert [(await client.get(f"{API}/{name}")).status_code for name in ("store", "audit")] == [status] * 2


async def test_each_edge_is_told_under_the_name_of_its_city(service: Service) -> None:
    parts, link = service.parts, service.link
    async with person(service, Role.TECHNICIAN, Area("mongcai")) as client:
        answer = await client.post(f"{API}/commands", json={"target": FAR, **DIM})
        refused = await client.post(f"{API}/commands", json={"target": lamp_id(1), **DIM})
    assert (answer.status_code, refused.status_code) == (202, 404)
    await parts.documents.put("MC-E02", "settings", "report: {every: 30s}\n", "minh")
    parts.documents._announce()
    parts.edges.told("MC-E01", Birth(epoch="e1", software="0.1.0", at=EVENING))
    await parts.heads.sign()
    parts.heads._announce()
    topics = {topic for topic, _ in link.published}
    assert {"haidang/v1/mongcai/MC-E01/command", "haidang/v1/mongcai/MC-E02/desired"} <= topics
    assert {"haidang/v1/mongcai/MC-E01/audit_head", "haidang/v1/halong/HL-E01/audit_head"} <= topics
    assert not [topic for topic in topics if ("/halong/" in topic) != ("/HL-" in topic)]


async def test_readings_come_to_the_lamps_of_their_own_city(service: Service) -> None:
    feed, latest = Feed(service), service.parts.live
    await feed.readings([replace(lamp(1, EVENING), device=FAR), lamp(2, EVENING)], "MC-E01")
    async with service.signed_in() as client:
        values = [(await client.get(f"{API}/devices/{name}/latest")).json()["values"] for name in (FAR, lamp_id(2))]
    assert (values[0]["voltage"], values[1]) == (230.0, {})  # MC-E01 has no word in a lamp of Ha Long
    assert latest.tally.late == 0


async def test_a_socket_may_listen_to_one_city_alone(service: Service) -> None:
    async with service.signed_in() as client, service.socket(f"{API}/live?site=mongcai", client) as far:
        await until(lambda: len(service.parts.event_hub))
        for target in (lamp_id(1), FAR):
            await client.post(f"{API}/commands", json={"target": target, **DIM})
        await service.parts.events.overview()
        async with asyncio.timeout(30):
            said = [str(await far.recv()) for _ in range(3)]
    assert not any("HL-" in one for one in said)
    assert '"total":6' in said[-1]


async def _retired(service: Service) -> set[str]:
    async with service.parts.database.read() as session:
        return set(await session.scalars(select(DeviceRow.edge).where(DeviceRow.retired_at.is_not(None))))


async def test_a_city_that_is_no_longer_named_goes_and_may_come_back(settings: Settings, clock: DomainClock) -> None:
    near = settings.model_copy(update={"sites": settings.sites[:1]})
    async with serving(settings, clock) as both:
        assert (both.parts.fleet.version, await _retired(both)) == (2, set())
    async with serving(near, clock) as one:
        assert (list(one.parts.fleet.sites), await _retired(one)) == (["halong"], {"MC-E01", "MC-E02"})
        assert one.parts.fleet.version == 3, "its lamps have other numbers now"
    async with serving(near, clock) as same:
        assert same.parts.fleet.version == 3
    async with serving(settings, clock) as both:
        assert (both.parts.fleet.version, await _retired(both)) == (4, set())


async def test_a_changed_city_is_a_new_version_and_leaves_the_other_as_it_was(
    settings: Settings, clock: DomainClock
) -> None:
    async with serving(settings, clock):
        pass
    write_city(settings.sites[1].inventory, second_city(lamps=4))
    async with serving(settings, clock) as running:
        assert (running.parts.fleet.version, len(running.parts.fleet.lamps)) == (3, 10)
        assert await _retired(running) == {"MC-E01", "MC-E02"}


def _with_a_ward_of_ha_long(city: City) -> City:
    return City.model_validate_json(city.model_dump_json().replace('"M1"', '"W1"'))


def _with_another_type(city: City) -> City:
    kind = city.luminaire_types[0].model_copy(update={"rated_power_w": 90})
    return city.model_copy(update={"luminaire_types": (kind,)})


@pytest.mark.parametrize(
    ("city", "advice"),
    [
        (_with_a_ward_of_ha_long(second_city()), "wards: W1 stands in "),
        (small_city().model_copy(update={"site": "mongcai"}), "devices: HL-E01 stands in "),
        (_with_another_type(second_city()), "luminaire_types: led-100 is described otherwise in "),
    ],
)
async def test_what_stands_in_two_cities_is_refused_with_both_places(
    settings: Settings, clock: DomainClock, city: City, advice: str
) -> None:
    near, far = (site.inventory for site in settings.sites)
    write_city(far, city)
    with pytest.raises(ConfigError) as caught:
        async with serving(settings, clock):
            pass
    assert f"{far}:1: {advice}{near}" in str(caught.value)


async def test_the_base_maps_become_one(settings: Settings, clock: DomainClock) -> None:
    for number, site in enumerate(settings.sites):
        site.basemap.write_text(f'{{"type":"FeatureCollection","features":[{{"a":{number}}}]}}')
    async with serving(settings, clock) as running, running.signed_in() as client:
        assert (await client.get(f"{API}/map/base.geojson")).json()["features"] == [{"a": 0}, {"a": 1}]
