"""Sixty seconds of kill -9, cut lines and full disks on each broker, beside what the simulator answered.

The seeds are printed; CHAOS_SEEDS="1 2 3" chooses them, CHAOS_SECONDS how long each storm blows.
"""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.report import Figure
from tests.system.chaos import Result, chaos

_BROKERS = ("mosquitto", "nats-server")  # mosquitto with persistence off
_A_MILLION = 1_000_000


def run() -> Iterator[Figure]:
    """One storm after the other; the brokers take turns."""
    seconds = float(os.environ.get("CHAOS_SECONDS", "60"))
    for n, seed in enumerate(_seeds()):
        broker = _BROKERS[n % len(_BROKERS)]
        with tempfile.TemporaryDirectory() as folder:
            result = asyncio.run(chaos(Path(folder), broker, seed, seconds))
        yield from _figures(f"{broker}_seed_{seed}", result)


def _seeds() -> list[int]:
    chosen = os.environ.get("CHAOS_SEEDS", "").split()
    return [int(seed) for seed in chosen] or [secrets.randbelow(_A_MILLION) for _ in _BROKERS]


def _figures(name: str, result: Result) -> Iterator[Figure]:
    for what, count in sorted(result.blows.items()):
        yield Figure(f"{name}_{what}_blows", count, "")
    yield Figure(f"{name}_answered_values", result.verdict.answered, "")
    yield Figure(f"{name}_stored_values", result.verdict.stored, "")
    yield Figure(f"{name}_unsaid_values", result.verdict.unsaid, "")
    yield Figure(f"{name}_excused_values", len(result.verdict.missing) - result.lost, "")
    yield Figure(f"{name}_batches", result.batches, "")
    yield Figure(f"{name}_lost", result.lost, "")
    yield Figure(f"{name}_doubled", result.doubled, "")
