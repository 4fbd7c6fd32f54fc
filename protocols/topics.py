"""The MQTT topics between edge and cloud. The only file that knows them.

haidang/v1/{site}/{edge}/birth      retained   who I am
haidang/v1/{site}/{edge}/state      retained   online | offline (last will)
haidang/v1/{site}/{edge}/event | live | backlog   batches of the three streams
haidang/v1/{site}/{edge}/watermark  retained   what is durable in the cloud
haidang/v1/{site}/{edge}/command               one command, sent again until answered or expired
haidang/v1/{site}/{edge}/desired    retained   names and hashes of the documents the edge should hold
haidang/v1/{site}/{edge}/audit_head retained   the newest signed head of the audit log, for the edge to keep

haidang-devices/{site}/{edge}/{device}/...         devices that speak MQTT themselves, as their profiles say
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from protocols.names import is_id

ROOT = "haidang/v1"
DEVICES = "haidang-devices"


class Stream(StrEnum):
    """The three FIFO streams of an edge, in the order in which they may use the link."""

    EVENT = "event"
    LIVE = "live"
    BACKLOG = "backlog"


class Leaf(StrEnum):
    """The last word of a topic that is not a stream."""

    BIRTH = "birth"
    STATE = "state"
    WATERMARK = "watermark"
    COMMAND = "command"
    DESIRED = "desired"
    AUDIT_HEAD = "audit_head"


FROM_EDGE: tuple[Stream | Leaf, ...] = (*Stream, Leaf.BIRTH, Leaf.STATE)
TO_EDGE: tuple[Leaf, ...] = (Leaf.WATERMARK, Leaf.COMMAND, Leaf.DESIRED, Leaf.AUDIT_HEAD)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message belongs. The edge's id comes from here, never from a payload."""

    site: str
    edge: str
    leaf: Stream | Leaf


class NotATopic(ValueError):
    """The topic is not one of ours."""


def topic(site: str, edge: str, leaf: Stream | Leaf) -> str:
    """The topic of one leaf of one edge."""
    return f"{ROOT}/{site}/{edge}/{leaf}"


def parse(text: str) -> Address:
    """Take a topic apart. Raises NotATopic."""
    parts = text.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT or not (is_id(parts[2]) and is_id(parts[3])):
        raise NotATopic(text)
    try:
        return Address(parts[2], parts[3], _LEAVES[parts[4]])
    except KeyError as error:
        raise NotATopic(text) from error


def from_every_edge(site: str) -> list[str]:
    """What the cloud subscribes to: every edge's streams, birth and state."""
    return [f"{ROOT}/{site}/+/{leaf}" for leaf in FROM_EDGE]


def to_one_edge(site: str, edge: str) -> list[str]:
    """What an edge subscribes to."""
    return [topic(site, edge, leaf) for leaf in TO_EDGE]


def edge_may_write(site: str, edge: str) -> list[str]:
    """What an edge's broker account may publish."""
    return [topic(site, edge, leaf) for leaf in FROM_EDGE]


def cloud_may_write(site: str) -> list[str]:
    """What the cloud's broker account may publish, as MQTT filters."""
    return [f"{ROOT}/{site}/+/{leaf}" for leaf in TO_EDGE]


def everything(site: str) -> str:
    """What the read-only monitor account may see."""
    return f"{ROOT}/{site}/#"


def devices(site: str, edge: str) -> str:
    """Under which the devices of an edge speak on the city's broker. Each has one level of its own below it."""
    return f"{DEVICES}/{site}/{edge}"


def under(prefix: str, levels: str) -> str:
    """A topic under a prefix, which may be empty."""
    return f"{prefix}/{levels}" if prefix else levels


_LEAVES: Mapping[str, Stream | Leaf] = {str(leaf): leaf for leaf in (*Stream, *Leaf)}
STREAMS: Sequence[Stream] = tuple(Stream)
