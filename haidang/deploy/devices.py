"""Devices that speak MQTT and connect to the city's broker, as the edge.yaml of each edge names them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.config import parse_config
from haidang.access import Permission, link_permissions


@dataclass(frozen=True, slots=True)
class Link:
    """The edge's own account on the link, and one for each device or gateway."""

    edge: str
    own: Permission
    devices: Sequence[Permission]


def links(folder: Path, edges: Sequence[str]) -> Iterator[Link]:
    """Of every edge whose edge.yaml stands in its folder; those with a prefix of their own are on a cabinet's broker.

    Raises ConfigError, OSError, and ValueError for a link without an account.
    """
    for file in (folder / edge / "edge.yaml" for edge in edges):
        if file.exists():
            config = parse_config(file.read_text("utf-8"), str(file))
            for bus in config.mqtt:
                if bus.prefix is None:
                    own, *devices = link_permissions(bus, config.site, config.edge)
                    yield Link(config.edge, own, devices)
