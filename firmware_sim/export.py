"""Writes what the other roles need to know of a simulated city: inventory, base map and one config for each edge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from firmware_sim.city import load_city
from firmware_sim.expansion import Bus, Device, Expanded, MqttBus, MqttDevice, expand, unaccented
from firmware_sim.files import write_whole
from firmware_sim.geometry import Frame, Line

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """What an edge's config says that is not in the city."""

    broker_host: str = HOST
    broker_port: int = 1883
    poll_every: str = "10s"
    cloud_url: str | None = None
    cloud_ca: Path | None = None  # PEM, where the cloud's authority is one's own


def export(
    city: Path,
    data: Path,
    *,
    lamps: int | None = None,
    broker_host: str = HOST,
    broker_port: int = 1883,
    base_port: int = 15020,
    camera_port: int = 8554,
    poll_every: str = "10s",
    cloud_url: str | None = None,
    cloud_ca: Path | None = None,
) -> None:
    """Write inventory.json, basemap.geojson and edges/{edge}.yaml of a city file. Raises ConfigError, OSError."""
    spec = load_city(city).model_copy(update={"base_port": base_port, "camera_port": camera_port})
    write(expand(spec, lamps), data, EdgeOptions(broker_host, broker_port, poll_every, cloud_url, cloud_ca))


def write(expanded: Expanded, data: Path, options: EdgeOptions) -> None:
    """Write the files of an expanded city."""
    write_whole(data / "inventory.json", orjson.dumps(expanded.city.model_dump(mode="json")))
    write_whole(data / "basemap.geojson", orjson.dumps(basemap(expanded)))
    for edge in expanded.city.edges:
        write_whole(data / "edges" / f"{edge}.yaml", edge_config(expanded, edge, options).encode())


def basemap(expanded: Expanded) -> dict[str, Any]:
    """Land and streets as GeoJSON. Wards have no outline here: theirs are not drawn, only their labels are."""
    return {"type": "FeatureCollection", "features": [*_land(expanded), *_streets(expanded)]}


def _land(expanded: Expanded) -> Iterator[Mapping[str, Any]]:
    for land, coast in zip(expanded.spec.land, expanded.net.coasts, strict=True):
        ring = _degrees(expanded.net.frame, [*coast, coast[0]])
        names = {"name_vi": land.name.vi, "name_en": land.name.en}
        yield _feature({"layer": "land", **names}, {"type": "Polygon", "coordinates": [ring]})


def _streets(expanded: Expanded) -> Iterator[Mapping[str, Any]]:
    for street in expanded.streets:
        names = {"name_vi": street.name, "name_en": unaccented(street.name)}
        line = _degrees(expanded.net.frame, street.line)
        yield _feature({"layer": "street", "class": street.kind, **names}, {"type": "LineString", "coordinates": line})


def _feature(properties: Mapping[str, Any], geometry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _degrees(frame: Frame, line: Line) -> list[tuple[float, float]]:
    """Six decimals are 0.1 m."""
    return [(round(longitude, 6), round(latitude, 6)) for longitude, latitude in map(frame.degrees, line)]


def edge_config(expanded: Expanded, edge: str, options: EdgeOptions) -> str:
    """The YAML of one edge."""
    city = expanded.city
    buses = [bus for bus in expanded.buses if bus.edge == edge]
    here = [cabinet for cabinet in city.cabinets if cabinet.edge == edge]
    longitude = sum(cabinet.longitude for cabinet in here) / len(here)
    latitude = sum(cabinet.latitude for cabinet in here) / len(here)
    links = "".join(_link(bus, options) for bus in expanded.mqtt if bus.edge == edge)
    broker = f"host: {options.broker_host}, port: {options.broker_port}, username: {edge}"
    tls = f", tls: {{ca: '{options.cloud_ca}'}}" if options.cloud_ca else ""
    cloud = (
        f"cloud: {{url: '{options.cloud_url}', token_file: secrets/{edge}.token{tls}}}\n" if options.cloud_url else ""
    )
    return f"""\
# Written by `haidang sim export`: {city.survey.en}.
edge: {edge}
site: {city.site}
position: {{longitude: {longitude:.6f}, latitude: {latitude:.6f}}}
timezone: {city.timezone}
broker: {{{broker}, password_file: secrets/{edge}}}
{cloud}data: {edge}.sqlite
buses:
{"".join(_bus(bus, expanded.spec.base_port, options.poll_every) for bus in buses)}{links}"""


def _bus(bus: Bus, base_port: int, poll_every: str) -> str:
    return f"""\
  - id: {bus.id}
    link: modbus-tcp
    address: {HOST}:{base_port + bus.port_offset}
    poll_every: {poll_every}
    devices:
{_devices(bus.devices)}"""


def _link(bus: MqttBus, options: EdgeOptions) -> str:
    """Devices that speak to the city's broker, under the name of their edge, which hears them by an account apart."""
    account = f"{bus.edge}-devices"
    broker = f"host: {options.broker_host}, port: {options.broker_port}, username: {account}"
    return f"""\
  - id: {bus.id}
    link: mqtt
    broker: {{{broker}, password_file: secrets/{account}}}
    devices:
{"".join(_on_link(device) for device in bus.devices)}"""


def _on_link(device: MqttDevice) -> str:
    address = "" if device.gateway is None else f", address: {device.gateway}/{device.id}"
    return f"      - {{id: {device.id}, profile: {device.profile}{address}}}\n"


def _devices(devices: Sequence[Device]) -> str:
    return "".join(f"      - {{{_addressed(device)}}}\n" for device in devices)


def _addressed(device: Device) -> str:
    block = "" if device.block is None else f", block: {device.block}"
    return f"id: {device.id}, profile: {device.profile}, unit: {device.unit}{block}"
