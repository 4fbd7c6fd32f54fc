"""From answers to readings: what was written to a device meanwhile makes what was read of it the past."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from edge_agent.bus import Bus, Heard
from edge_agent.links import LineCounts
from protocols.modbus.plan import Block, ReadPlan
from protocols.readings import Reading

Take = Callable[[Sequence[Reading]], Awaitable[None]]


@dataclass(slots=True)
class Counts:
    """What a bus has done since the start. `late` are the rounds that were left out because one took too long."""

    rounds: int = 0
    late: int = 0
    silent: int = 0
    overtaken: int = 0
    last_at: int | None = None  # domain seconds
    strange: LineCounts = field(default_factory=LineCounts)
    failures: Counter[int] = field(default_factory=Counter)  # requests without an answer to use, of every unit


def fresh(bus: Bus, plan: ReadPlan, heard: Mapping[Block, Heard], counts: Counts) -> list[Reading]:
    """The readings of some answers, without those that a write has overtaken, which are counted."""
    found = plan.decode({block: one.answer for block, one in heard.items()})
    kept = [reading for reading in found if not _is_overtaken(bus, plan, reading.device, heard)]
    counts.overtaken += len(found) - len(kept)
    return kept


def _is_overtaken(bus: Bus, plan: ReadPlan, device: str, heard: Mapping[Block, Heard]) -> bool:
    if not bus.was_written(device):
        return False
    blocks = {block for place in plan.places[device] for block in place.blocks}
    return any(bus.is_overtaken(device, heard[block]) for block in blocks if block in heard)
