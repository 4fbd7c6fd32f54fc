"""An inventory is taken out as a table, changed by one whole or not at all, and taken up while the service runs."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from sqlalchemy import select

from cloud.app import create_app
from cloud.audit.tables import AuditRow
from cloud.fleet.tables import DeviceRow, InventoryRow
from cloud.main import listening, serve_once
from cloud.people.rights import Role
from cloud.settings import Settings
from protocols.clock import DomainClock
from protocols.inventory import City
from protocols.lamp_table import COLUMNS
from rules.areas import Area
from tests.cloud.cities import lamp_id, small_city, write_city
from tests.cloud.serving import PASSWORD, RecordingLink, Service, serving
from tests.unit.rules.tables import Rows, as_csv, rows_of
from tests.waiting import until

FLEET = "/api/v1/fleet/halong"
CSV = {"content-type": "text/csv"}
GEOJSON = {"content-type": "application/geo+json"}


async def import_(client: httpx2.AsyncClient, content: bytes, **query: str) -> httpx2.Response:
    kind = GEOJSON if content.startswith(b"{") else CSV
    return await client.post(f"{FLEET}/imports", content=content, headers=kind, params={"dry_run": "false", **query})


def table(*changes: tuple[int, str, str], lamps: int = 6) -> bytes:
    """The small city's luminaires with other cells, by row (from 0) and column."""
    rows: Rows = rows_of(small_city(lamps).luminaires)
    for row, column, value in changes:
        rows[row][column] = value
    return as_csv(rows)


async def in_force(service: Service) -> tuple[City, InventoryRow]:
    async with service.parts.database.read() as session:
        row = (await session.scalars(select(InventoryRow).where(InventoryRow.in_force))).one()
    return City.model_validate_json(row.document), row


@pytest.mark.parametrize("kind", ["csv", "geojson"])
async def test_what_is_taken_out_is_taken_back_unchanged(service: Service, kind: str) -> None:
    async with service.signed_in() as client:
        taken = await client.get(f"{FLEET}/luminaires.{kind}")
        back = (await import_(client, taken.content)).json()
    assert (back["rows"], back["unchanged"], back["problems"], back["version"]) == (6, 6, [], None)
    assert not service.parts.renewal.is_asked, "nothing has changed"


async def test_a_dry_run_says_what_would_change_and_changes_nothing(service: Service) -> None:
    content = table((0, "pole", "moved"), (5, "id", "HL-000007"))
    async with service.signed_in() as client:
        asked = {"dry_run": "true", "retire": "true"}
        told = (await client.post(f"{FLEET}/imports", content=content, headers=CSV, params=asked)).json()
    counts = {name: told[name] for name in ("rows", "added", "changed", "unchanged", "retired")}
    assert counts == {"rows": 6, "added": 1, "changed": 1, "unchanged": 4, "retired": 1}
    assert (await in_force(service))[1].version == 1
    assert not service.parts.renewal.is_asked


async def test_what_is_imported_is_durable_and_written_down_before_it_is_answered(service: Service) -> None:
    before = (await in_force(service))[1]
    async with service.signed_in(Role.PLANNER) as client:
        told = (await import_(client, table((0, "pole", "moved"), (5, "id", "HL-000007")), retire="true")).json()
        again = await import_(client, table())
    city, row = await in_force(service)
    async with service.parts.database.read() as session:
        retired = await session.scalars(select(DeviceRow.id).where(DeviceRow.retired_at.is_not(None)))
        entry = (await session.scalars(select(AuditRow).where(AuditRow.act == "import_fleet"))).one()
        devices = set(await session.scalars(select(DeviceRow.id)))
    assert (told["version"], row.version, row.file_hash) == (2, 2, before.hash)
    assert [(lamp.id, lamp.pole) for lamp in city.luminaires][::5] == [(lamp_id(1), "moved"), ("HL-000007", "P006")]
    assert list(retired) == [lamp_id(6)], "what has a history stays"
    assert "HL-000007" in devices
    assert (entry.who, entry.target, json.loads(entry.parameters or "")) == (
        "planner",
        "halong",
        {"rows": 6, "added": 1, "changed": 1, "retired": 1, "version": 2, "digest": row.hash},
    )
    assert (again.status_code, service.parts.renewal.is_asked) == (503, True)


async def test_with_a_mistake_nothing_is_written_and_all_of_them_are_told(service: Service) -> None:
    content = table((0, "pole", "moved"), (1, "latitude", "20,95"), (4, "cabinet", "HL-TC003"))
    async with service.signed_in() as client:
        refused = await import_(client, content)
    detail = refused.json()["detail"]
    assert (refused.status_code, detail["code"]) == (400, "bad_table")
    assert detail["import"]["problems"] == [
        {"row": 3, "column": "latitude", "value": "20,95", "code": "decimal_comma", "figures": {"right": "20.95"}},
        {
            "row": 6,
            "column": "cabinet",
            "value": "HL-TC003",
            "code": "unknown_cabinet",
            "figures": {"right": "HL-TC002"},
        },
    ]
    assert (await in_force(service))[1].version == 1
    assert not service.parts.renewal.is_asked


async def test_points_have_the_same_fields_and_the_same_problems(service: Service) -> None:
    async with service.signed_in() as client:
        points = (await client.get(f"{FLEET}/luminaires.geojson")).json()
        points["features"][2]["geometry"]["coordinates"].reverse()
        refused = (await import_(client, json.dumps(points).encode())).json()["detail"]["import"]
    assert [(one["row"], one["code"]) for one in refused["problems"]] == [(3, "exchanged")]
    assert refused["problems"][0]["figures"] == {"longitude": 107.0803, "latitude": 20.95}


async def test_only_who_plans_the_whole_city_changes_its_inventory(service: Service) -> None:
    people = service.parts.people
    await people.add("mai", PASSWORD, Role.PLANNER, area=Area("halong", "W1"))
    async with service.anonymous() as client, service.signed_in(Role.OPERATOR) as operator:
        await client.post("/api/v1/session", json={"username": "mai", "password": PASSWORD})
        answers = [await import_(client, table()), await import_(operator, table())]
    assert [answer.status_code for answer in answers] == [404, 403]


async def test_an_import_stays_over_a_restart_until_its_file_changes(settings: Settings, clock: DomainClock) -> None:
    async with serving(settings, clock) as service, service.signed_in() as client:
        await import_(client, table((0, "pole", "moved")))
    async with serving(settings, clock) as service:
        assert (service.parts.fleet.version, service.parts.fleet.lamps[0].pole) == (2, "moved")
    write_city(settings.sites[0].inventory, small_city(lamps=4))
    async with serving(settings, clock) as service:
        assert (service.parts.fleet.version, len(service.parts.fleet.lamps)) == (3, 4)


@asynccontextmanager
async def renewing(settings: Settings, clock: DomainClock) -> AsyncIterator[tuple[Service, list[bool]]]:
    """A service that begins anew when it is asked to; the list has an entry for each time."""
    link, begun = RecordingLink(), list[bool]()
    app = create_app(settings, clock, link=link)

    async def run(door: socket.socket) -> None:
        while await serve_once(app, door, settings):
            begun.append(True)

    with listening(settings.listen) as door:
        task = asyncio.create_task(run(door))
        try:
            await until(lambda: hasattr(app.state, "parts"))
            yield Service(app, app.state.parts, door.getsockname()[1], link), begun
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_a_running_service_takes_an_import_up_and_whoever_is_signed_in_stays(
    settings: Settings, clock: DomainClock
) -> None:
    async with renewing(settings, clock) as (service, begun), service.signed_in() as client:
        settings.sites[0].inventory.write_text("half of what is being copied here for the next sta")
        async with service.socket("/api/v1/live", client) as socket_:
            imported = await import_(client, table((0, "pole", "moved"), (5, "id", "HL-000007")))
            await socket_.wait_closed()
        await until(lambda: begun and service.app.state.parts is not service.parts)
        gone = await client.get(f"/api/v1/luminaires/{lamp_id(6)}")
        moved = (await client.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
        new = await client.get("/api/v1/luminaires/HL-000007")
    assert imported.json()["version"] == 2
    assert (gone.status_code, moved["pole"], new.status_code) == (200, "moved", 200), "nobody was retired"


SQUARE = [[107.079, 20.949], [107.0825, 20.949], [107.0825, 20.951], [107.079, 20.951], [107.079, 20.949]]
NARROW = [[107.079, 20.949], [107.0799, 20.949], [107.0799, 20.951], [107.079, 20.951], [107.079, 20.949]]


def polygon(ring: list[list[float]], **properties: str) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def areas(*features: dict[str, object]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


async def test_outlines_find_their_wards_and_name_the_luminaires_outside(
    settings: Settings, clock: DomainClock
) -> None:
    content = areas(polygon(SQUARE, ward="W2"), polygon(NARROW, name="Hồng Gai"))
    async with serving(settings, clock) as service, service.signed_in() as client:
        empty = (await client.get("/api/v1/map/wards.geojson")).json()
        told = (await client.post(f"{FLEET}/areas?dry_run=false", content=content, headers=GEOJSON)).json()
    async with serving(settings, clock) as service, service.signed_in() as client:
        drawn = (await client.get("/api/v1/map/wards.geojson")).json()
        refused = (await import_(client, table((0, "longitude", "107.11")))).json()["detail"]["import"]
    assert empty["features"] == []
    assert [(one["ward"], one["corners"]) for one in told["wards"]] == [("W2", 5), ("W1", 5)]
    assert told["strays"] == [{"lamp": lamp_id(5), "ward": "W1", "right": "W2"}], "others are within 50 m"
    assert (told["problems"], told["version"]) == ([], 2)
    assert [feature["properties"]["id"] for feature in drawn["features"]] == ["W1", "W2"]
    assert [(one["row"], one["code"]) for one in refused["problems"]] == [(2, "outside_ward"), (6, "outside_ward")]


@pytest.mark.parametrize(
    ("feature", "column", "code", "figures"),
    [
        (polygon(SQUARE, name="Phường Bai Chai"), "ward", "unknown_ward", {"right": "W2"}),
        (polygon(SQUARE), "ward", "unknown_ward", {"right": ""}),
        (polygon(SQUARE[:-1], ward="W1"), "geometry", "not_closed", {}),
        (polygon(SQUARE[:2], ward="W1"), "geometry", "not_a_polygon", {}),
        (
            polygon([[y, x] for x, y in SQUARE], ward="W1"),
            "geometry",
            "exchanged",
            {"longitude": 107.079, "latitude": 20.949},
        ),
        (
            polygon([[x + 9, y] for x, y in SQUARE], ward="W1"),
            "geometry",
            "outside_city",
            {"low": 107.0301, "high": 107.1306},
        ),
        ({"type": "Feature", "properties": {"ward": "W1"}, "geometry": None}, "geometry", "not_a_polygon", {}),
    ],
)
async def test_what_is_wrong_with_outlines_is_told(
    service: Service, feature: dict[str, object], column: str, code: str, figures: dict[str, object]
) -> None:
    async with service.signed_in() as client:
        refused = await client.post(f"{FLEET}/areas?dry_run=false", content=areas(feature), headers=GEOJSON)
    (problem,) = refused.json()["detail"]["import"]["problems"]
    assert (refused.status_code, problem["row"], problem["column"], problem["code"]) == (400, 1, column, code)
    assert problem["figures"] == pytest.approx(figures, abs=1e-3)


async def test_labels_carry_the_luminaire_and_open_it(service: Service) -> None:
    async with service.signed_in(Role.TECHNICIAN) as client:
        whole = await client.get(f"{FLEET}/labels")
        some = await client.get(f"{FLEET}/labels", params={"lamps": "HL-000003,HL-000001"})
        cabinet = await client.get(f"{FLEET}/labels", params={"cabinet": "HL-TC002"})
        wrong = [await client.get(f"{FLEET}/labels", params=asked) for asked in ({"lamps": "x"}, {"page": "2"})]
    assert (whole.headers["Haidang-Pages"], whole.text.count("<path")) == ("1", 6)
    assert [some.text.index(name) for name in ("HL-000003", "HL-000001")] == sorted(
        some.text.index(name) for name in ("HL-000003", "HL-000001")
    )
    assert f"{service.parts.settings.console}/#/overview/lamp/HL-000003" in some.text
    assert "Đường Hạ Long" in cabinet.text
    assert "Trần Phú" not in cabinet.text
    assert [answer.status_code for answer in wrong] == [404, 404]


async def test_types_are_told_with_how_many_there_are(service: Service) -> None:
    async with service.signed_in(Role.VIEWER) as client:
        (one,) = (await client.get(f"{FLEET}/types")).json()
    assert (one["id"], one["control"], one["lamps"]) == ("led-100", "dimmable", 6)
    assert one["expected_power"][-1] == [100, 100]


def test_the_columns_of_a_table_are_those_of_a_luminaire() -> None:
    assert set(COLUMNS) == set(type(small_city().luminaires[0]).model_fields)
