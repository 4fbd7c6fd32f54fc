"""How an edge is, at a glance: for the person before it, and as readings for the person far away. Read only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from edge_agent import mqtt_line
from edge_agent.machine import Machine
from edge_agent.outbox import Shelf
from edge_agent.taking import Counts
from protocols.readings import Reading
from protocols.topics import Stream
from rules.clock_trust import Trust
from rules.programme import Reason

KIND, UNIT_KIND = "edge", "unit"  # of an edge's own readings, and of those of the units on its buses
_LONGEST_ID = 64  # protocols/names.py
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Clock:
    """How far the machine's clock is trusted; `offset_s` is how far it is ahead of the cloud's, where that is known."""

    trust: Trust
    offset_s: float | None


@dataclass(frozen=True, slots=True)
class Light:
    """Which release of the plan is in force, the last night for which it has every luminaire's programme, and how many
    luminaires follow which rung."""

    release: str | None
    last_night: date | None
    lamps: Mapping[Reason, int]


@dataclass(frozen=True, slots=True)
class Status:
    """`shelves` is what waits for the cloud, `waits_s` since when the oldest of it; `buses` what each bus has done,
    `lines` what each link of MQTT devices has brought; `silent_units` is how many units of a bus are silent, or devices
    of a link out of contact. `documents` are those in force, `refused` why one is not."""

    edge: str
    software: str
    connected: bool
    shelves: Mapping[Stream, Shelf]
    waits_s: Mapping[Stream, float | None]
    buses: Mapping[str, Counts]
    lines: Mapping[str, mqtt_line.Counts]
    silent_units: Mapping[str, int]
    corrected: int  # orders that put a luminaire right
    repeated: int  # readings of a second that a device had already
    lost: int  # readings that the disk did not take
    clock: Clock
    machine: Machine
    documents: Mapping[str, str]
    refused: Mapping[str, str]
    light: Light


def readings(status: Status, at: int) -> list[Reading]:
    """The figures that are kept: of the edge itself, and of each unit of its buses, which is named BUS-UNIT."""
    units = [
        Reading(f"{bus}-{unit}"[-_LONGEST_ID:], UNIT_KIND, at, {"polls_failed": float(failures)})
        for bus, counts in status.buses.items()
        for unit, failures in sorted(counts.failures.items())
    ]
    return [_own(status, at), *units]


def _own(status: Status, at: int) -> Reading:
    shelves, buses = status.shelves, status.buses.values()
    values: dict[str, float | None] = {
        **{f"{stream}_waiting": float(shelf.depth) for stream, shelf in shelves.items()},
        **{f"{stream}_waiting_s": _rounded(waits) for stream, waits in status.waits_s.items()},
        "outbox_size": round(sum(shelf.bytes for shelf in shelves.values()) / _MB, 3),
        "batches_dropped": float(sum(shelf.dropped for shelf in shelves.values())),
        "readings_lost": float(status.lost),
        "polls_late": float(sum(bus.late for bus in buses)),
        "polls_overtaken": float(sum(bus.overtaken for bus in buses)),
        "polls_failed": float(sum(bus.failures.total() for bus in buses)),
        "units_silent": float(sum(status.silent_units.values())),
        "clock_offset": _rounded(status.clock.offset_s),
        "clock_trust": float(status.clock.trust),
        "processor_load": status.machine.processor_load,
        "memory_used": status.machine.memory_used,
        "disk_free": status.machine.disk_free,
    }
    return Reading(status.edge, KIND, at, values)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
