"""What a buffered lamp value takes on an edge's disk: the whole file over the values that are in it."""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from edge_agent import outbox as outboxes
from edge_agent.database import Database
from edge_agent.outbox import Outbox
from edge_agent.recorder import Recorder
from protocols import wire
from protocols.readings import Reading
from protocols.topics import Stream
from rules.reporting import Reporting
from tests.bench.report import Figure

_LAMPS, _ROUNDS, _EVERY_S = 50, 2160, 10  # six hours
_START = 1_800_000_000
_STILL = {"status_bits": 13.0, "fault_bits": 0.0, "target_level": 50.0, "actual_level": 50.0, "command_reason": 1.0}
_REPORTING = {"everything": Reporting(every=timedelta(0)), "as_shipped": Reporting()}
_PEER_BYTES = 56.0  # ThingsBoard gateway 3.8.5, SQLite storage: 2.25 MB for 40,000 values, measured apart


def run() -> Iterator[Figure]:
    """Six hours of a street without a link."""
    for name, reporting in _REPORTING.items():
        with TemporaryDirectory() as folder:
            path = Path(folder) / "edge.sqlite"
            cpu_s, held = asyncio.run(_six_hours(path, reporting))
            size = path.stat().st_size
        read = _LAMPS * _ROUNDS * len(_reading(random.Random(), 0, 0).values)
        peer = "thingsboard_gateway_sqlite_bytes_per_sample"
        yield Figure(f"ours_{name}_bytes_per_sample", size / held, "bytes", peer, size / held / _PEER_BYTES)
        yield Figure(f"ours_{name}_share", held / read, "of_values_read")
        yield Figure(f"ours_{name}_cpu_us_per_sample", cpu_s / held * 1e6, "us")


async def _six_hours(path: Path, reporting: Reporting) -> tuple[float, int]:
    """CPU seconds, and how many values are held."""
    dice = random.Random(1)
    async with Database(path, outboxes.SCHEMA) as database:
        outbox = await Outbox.load(database, 10**9)
        recorder, began = Recorder(outbox, lambda: Stream.BACKLOG, reporting), time.process_time()
        for n in range(_ROUNDS):
            await recorder.record([_reading(dice, lamp, n) for lamp in range(_LAMPS)])
        cpu_s = time.process_time() - began
        entries = await outbox.unsent(Stream.BACKLOG, 0, 10**9)
    batches = (wire.decode_batch(wire.seal(wire.Header("e", 1, 1), entry.body)) for entry in entries)
    return cpu_s, sum(len(table) * len(table.quantities) for batch in batches for table in batch.tables)


def _reading(dice: random.Random, lamp: int, n: int) -> Reading:
    """A lamp that burns; what is measured moves as the simulator's does."""
    measured = {
        "voltage": round(dice.gauss(230, 0.8), 1),
        "current": round(dice.gauss(0.21, 0.003), 3),
        "active_power": round(dice.gauss(47, 0.5), 1),
        "power_factor": round(dice.gauss(0.96, 0.003), 3),
        "frequency": round(dice.gauss(50, 0.02), 2),
        "gear_temperature": round(dice.gauss(45, 0.2), 1),
    }
    counted = {
        "active_energy": round(1200 + 13.7 * lamp + 47e-3 * n * _EVERY_S / 3600, 3),
        "lamp_hours": round(12_000 + 3.1 * lamp + n * _EVERY_S / 3600, 1),
        "switch_on_count": 900.0 + lamp,
        "supply_loss_count": 3.0,
    }
    return Reading(f"HL-{lamp:06d}", "luminaire", _START + n * _EVERY_S, {**_STILL, **measured, **counted})
