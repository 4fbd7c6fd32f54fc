"""How a figure is reported."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import orjson

_NAMED = ("orjson", "duckdb", "paho-mqtt", "aiomqtt", "pymodbus", "fastapi")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `metric` ends in its unit. `ratio` is value / that of `compared_with`."""

    metric: str
    value: float
    unit: str
    compared_with: str | None = None
    ratio: float | None = None


def line(bench: str, figure: Figure) -> str:
    """One JSON object, without a newline."""
    return orjson.dumps(
        {
            "bench": bench,
            "metric": figure.metric,
            "value": round(figure.value, 3),
            "unit": figure.unit,
            "compared_with": figure.compared_with,
            "ratio": None if figure.ratio is None else round(figure.ratio, 3),
        }
    ).decode()


def about_this_machine() -> str:
    """What the figures were measured on."""
    versions = {name: version(name) for name in _NAMED}
    return orjson.dumps(
        {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version(), **versions}
    ).decode()


def cpu_us(work: Callable[[], object], repeat: int = 200, rounds: int = 5) -> float:
    """CPU time of one call in microseconds: the best of some rounds, which is the one least disturbed."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(repeat):
            work()
        best = min(best, (time.process_time() - began) / repeat)
    return best * 1e6
