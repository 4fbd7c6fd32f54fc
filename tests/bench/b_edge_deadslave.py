"""What is left of the others' polls when some of 100 slaves behind one address are silent, on the settings that we
ship: a round every second, a time-out of a second. The silent ones are the first of the round, from the start on.

Delivered is what arrives in the cloud; due is one reading of each healthy slave for each second of the readings' own
clock, from the first to the last, or to the end of the bench when what came last is older than what may be on its way:
a master that has stopped has kept nothing. The peer is a plain pymodbus loop with the same time-out and no retries.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.report import Figure
from tests.bench.rig import Command, our_edge, plain_loop, rig
from tests.bench.slaves import UNITS

_SECONDS = {"ours": 30.0, "pymodbus_loop": 12.0}
_FIRST_DATA_S = 25.0
_ON_ITS_WAY_S = 2


def run() -> Iterator[Figure]:
    """One and ten of a hundred."""
    for silent in (1, 10):
        peer = f"pymodbus_loop_kept_{silent}_of_100_share"
        loop = _kept(plain_loop(1.0), silent, _SECONDS["pymodbus_loop"])
        ours = _kept(our_edge(1.0), silent, _SECONDS["ours"])
        yield Figure(peer, loop, "of_polls_due")
        yield Figure(f"ours_kept_{silent}_of_100_share", ours, "of_polls_due", peer, ours / max(loop, 1e-3))


def _kept(command: Command, silent: int, seconds: float) -> float:
    async def measure() -> float:
        async with rig(Path(folder), command, silent=silent, first_data_s=_FIRST_DATA_S) as running:
            await asyncio.sleep(seconds)
            heard = running.cloud.heard
            ends = max(heard.last_at, int(time.time()) - _ON_ITS_WAY_S)
            return heard.readings / ((UNITS - silent) * (ends - heard.first_at + 1))

    with TemporaryDirectory() as folder:
        try:
            return asyncio.run(measure())
        except TimeoutError:
            return 0.0  # nothing came at all
