"""How an edge is, at a glance. Read only."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.outbox import Shelf
from edge_agent.taking import Counts
from protocols.topics import Stream


@dataclass(frozen=True, slots=True)
class Status:
    """`shelves` is what waits for the cloud; `buses` what each bus has done, and how many of its units are silent."""

    connected: bool
    shelves: Mapping[Stream, Shelf]
    buses: Mapping[str, Counts]
    silent_units: Mapping[str, int]
    corrected: int  # orders that put a luminaire right
    repeated: int  # readings of a second that a device had already
    lost: int  # readings for which the disk had no room
