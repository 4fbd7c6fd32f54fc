"""The city of a deployment: a real one's inventory, or what the simulator says of the one that it plays."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cloud.fleet.imports import parse
from firmware_sim.city import load_city
from firmware_sim.export import export
from protocols.inventory import City


@dataclass(frozen=True, slots=True)
class DeployedCity:
    """`edges` is each edge's own file, and there are some only where a simulator is played beside them."""

    city: City
    inventory: bytes
    basemap: bytes | None
    edges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    played: bytes | None = None
    lamps: int = 0


def city_of(inventory: Path | None, basemap: Path | None, played: Path | None, lamps: int) -> DeployedCity:
    """Read, or have it written. Raises ConfigError and OSError."""
    if played is not None:
        return _played(played, lamps)
    if inventory is None:
        raise ValueError("neither an inventory nor a city to be played")
    content = inventory.read_bytes()
    return DeployedCity(parse(content, str(inventory)), content, basemap.read_bytes() if basemap else None)


def _played(file: Path, lamps: int) -> DeployedCity:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = load_city(file)
        export(file, folder, lamps=lamps, base_port=spec.base_port, camera_port=spec.camera_port)
        content = (folder / "inventory.json").read_bytes()
        edges = {edge.stem: yaml.safe_load(edge.read_text("utf-8")) for edge in (folder / "edges").glob("*.yaml")}
        city, basemap = parse(content, str(file)), (folder / "basemap.geojson").read_bytes()
        return DeployedCity(city, content, basemap, edges, file.read_bytes(), lamps)
