"""What is exported is read back by the models that the other roles use."""

from pathlib import Path

import orjson
import pytest

from edge_agent.config import EdgeConfig, parse_config
from firmware_sim import city
from firmware_sim.expansion import Expanded, expand
from firmware_sim.export import EdgeOptions, basemap, edge_config, export, write
from firmware_sim.files import write_whole
from protocols.inventory import City

HALONG = Path(str(city.CITIES / "halong.yaml"))


@pytest.fixture(scope="module")
def halong() -> Expanded:
    spec = city.load_city(HALONG)
    return expand(spec.model_copy(update={"districts": spec.districts[:6]}), 300)


def read_edge(halong: Expanded, edge: str) -> EdgeConfig:
    return parse_config(edge_config(halong, edge, EdgeOptions()), f"{edge}.yaml")


def test_the_exported_inventory_is_the_city(halong: Expanded, tmp_path: Path) -> None:
    write(halong, tmp_path, EdgeOptions())

    assert City.model_validate_json((tmp_path / "inventory.json").read_bytes()) == halong.city


def test_a_city_file_is_exported_with_the_ports_that_were_asked_for(tmp_path: Path) -> None:
    export(HALONG, tmp_path, lamps=160, broker_port=1999, base_port=16000, camera_port=9000, poll_every="5s")
    inventory = City.model_validate_json((tmp_path / "inventory.json").read_bytes())
    edges = [parse_config(file.read_text("utf-8"), file.name) for file in sorted((tmp_path / "edges").iterdir())]

    assert len(inventory.luminaires) == 160
    assert inventory.cameras[0].url == "http://127.0.0.1:9000/HL-CAM-01.mjpg"
    assert [edge.edge for edge in edges] == list(inventory.edges)
    assert {edge.broker.port for edge in edges} == {1999}
    assert {bus.poll_every.total_seconds() for edge in edges for bus in edge.modbus} == {5}
    buses = [bus for edge in edges for bus in edge.modbus]
    assert {bus.port for bus in buses} == {16000 + n for n in range(len(buses))}


def test_every_device_is_polled_by_exactly_one_edge(halong: Expanded) -> None:
    edges = [read_edge(halong, edge) for edge in halong.city.edges]
    devices = [device.id for edge in edges for bus in edge.buses for device in bus.devices]

    assert sorted(devices) == sorted([device.id for bus in halong.buses for device in bus.devices] + list(halong.alone))


def test_stations_hang_on_a_bus_of_their_own_on_the_first_edge(halong: Expanded) -> None:
    bus = read_edge(halong, "HL-E01").modbus[-1]

    assert bus.id == "HL-STATIONS"
    assert [device.id for device in bus.devices] == ["HL-AIR-01", "HL-WATER-01", "HL-WATER-02"]


def test_an_edge_stands_among_its_cabinets(halong: Expanded) -> None:
    edge = read_edge(halong, "HL-E01")
    here = [cabinet for cabinet in halong.city.cabinets if cabinet.edge == "HL-E01"]

    assert min(c.latitude for c in here) <= edge.position.latitude <= max(c.latitude for c in here)
    assert min(c.longitude for c in here) <= edge.position.longitude <= max(c.longitude for c in here)


def test_the_base_map_has_closed_land_and_classed_streets_in_both_languages(halong: Expanded) -> None:
    features = orjson.loads(orjson.dumps(basemap(halong)))["features"]
    land = [f for f in features if f["properties"]["layer"] == "land"]
    streets = [f for f in features if f["properties"]["layer"] == "street"]

    assert len(land) == len(halong.spec.land)
    assert all(f["geometry"]["coordinates"][0][0] == f["geometry"]["coordinates"][0][-1] for f in land)
    assert {f["properties"]["class"] for f in streets} == {"primary", "secondary", "residential"}
    assert {lamp.street for lamp in halong.city.luminaires} <= {f["properties"]["name_vi"] for f in streets}
    assert all(f["properties"]["name_en"].isascii() for f in streets)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "file"
    write_whole(file, b"old")
    write_whole(file, b"new")

    assert file.read_bytes() == b"new"
    assert list(file.parent.iterdir()) == [file]
