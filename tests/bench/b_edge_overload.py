"""An edge that is asked for ten times more than its bus can give: 100 slaves, an answer takes 10 ms, a round is wanted
every 100 ms.

What the bus can give is what a plain pymodbus loop gets out of it in the same run by asking as fast as it can. Memory
is watched for 30 s, or for as many as EDGE_OVERLOAD_S says (300 for the whole five minutes).
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.report import Figure
from tests.bench.rig import Command, Seen, our_edge, plain_loop, rig

_TAKES_MS, _EVERY_S = 10.0, 0.1
_WARM_UP_S, _LOOP_S = 6.0, 12.0
_SECONDS = float(os.environ.get("EDGE_OVERLOAD_S", "30"))


def run() -> Iterator[Figure]:
    """The bus first, then the edge."""
    peer = "pymodbus_loop_points_per_s"
    (loop,) = _measured(plain_loop(0.0), [_LOOP_S])
    before, after = _measured(our_edge(_EVERY_S), [_SECONDS / 10, _SECONDS])
    can_give = loop.points / loop.wall_s
    ours = after.points / after.wall_s
    yield Figure(peer, can_give, "1/s")
    yield Figure("ours_points_per_s", ours, "1/s", peer, ours / can_give)
    yield Figure("ours_of_what_the_bus_can_give_share", ours / can_give, "of_points")
    yield Figure("ours_rss_growth_mb", after.rss_mb - before.rss_mb, "MB")
    yield Figure("ours_watched_for_s", after.wall_s, "s")


def _measured(command: Command, windows: list[float]) -> list[Seen]:
    async def measure() -> list[Seen]:
        async with rig(Path(folder), command, takes_ms=_TAKES_MS) as running:
            await asyncio.sleep(_WARM_UP_S)
            return [await running.over(seconds) for seconds in windows]

    with TemporaryDirectory() as folder:
        return asyncio.run(measure())
