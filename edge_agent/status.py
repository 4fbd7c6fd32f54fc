"""How an edge is, at a glance. Read only."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent import mqtt_line
from edge_agent.outbox import Shelf
from edge_agent.taking import Counts
from protocols.topics import Stream


@dataclass(frozen=True, slots=True)
class Status:
    """`shelves` is what waits for the cloud; `buses` what each bus has done, `lines` what each link of MQTT
    devices has brought; `silent_units` is how many units of a bus are silent, or devices of a link out of contact."""

    connected: bool
    shelves: Mapping[Stream, Shelf]
    buses: Mapping[str, Counts]
    lines: Mapping[str, mqtt_line.Counts]
    silent_units: Mapping[str, int]
    corrected: int  # orders that put a luminaire right
    repeated: int  # readings of a second that a device had already
    lost: int  # readings for which the disk had no room
