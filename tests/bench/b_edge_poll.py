"""What a data point costs an edge from the bus to the broker: 100 slaves of 20 registers, read once a second and ten
times a second, beside a plain pymodbus loop that does the same.

Every value differs from the last one, so that reporting by exception saves nothing: this is the worst case. CPU is that
of the edge's process with all its threads, in the less disturbed of two windows; slaves, broker and cloud have
processes of their own. The edge does more than the loop: registers become values with their quality, and a round is on
the disk before it leaves.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.report import Figure
from tests.bench.rig import Command, Seen, our_edge, plain_loop, rig

_WARM_UP_S, _WINDOWS, _WINDOW_S = 4.0, 2, 5.0
_PACES = {"1s": 1.0, "100ms": 0.1}
_LOOPS = {"ours": "", "ours_fast": "uvloop"}


def run() -> Iterator[Figure]:
    """Each pace: the peer first, then the edge on both event loops."""
    for pace, every_s in _PACES.items():
        peer = f"pymodbus_loop_{pace}_cpu_us_per_point"
        loop = _measured(plain_loop(every_s))
        yield Figure(peer, loop.cpu_us_per_point, "us")
        yield Figure(f"pymodbus_loop_{pace}_points_per_s", loop.points / loop.wall_s, "1/s")
        for name, event_loop in _LOOPS.items():
            seen = _measured(our_edge(every_s, loop=event_loop))
            ratio = seen.cpu_us_per_point / loop.cpu_us_per_point
            yield Figure(f"{name}_{pace}_cpu_us_per_point", seen.cpu_us_per_point, "us", peer, ratio)
            yield Figure(f"{name}_{pace}_points_per_s", seen.points / seen.wall_s, "1/s")
            yield Figure(f"{name}_{pace}_rss_mb", seen.rss_mb, "MB")


def _measured(command: Command) -> Seen:
    async def measure() -> Seen:
        async with rig(Path(folder), command) as running:
            await asyncio.sleep(_WARM_UP_S)
            seen = [await running.over(_WINDOW_S) for _ in range(_WINDOWS)]
            return min(seen, key=lambda one: one.cpu_us_per_point)

    with TemporaryDirectory() as folder:
        return asyncio.run(measure())
