"""A command to a lamp while 100 and 1,000 reads a second run over the same bus: from the cloud's publish to the answer
that the lamp's actual level was read and is the commanded one.

On the way lie the broker twice, the edge's disk twice (a command is kept before it is done, and its answer before it
leaves), a write and a read. The lamps reach their level at once: a fade is the lamp's own time. The figure of the
peer, ThingsBoard's gateway 3.8.5 at 100 reads/s, was measured apart (p50 214 ms) and is not of this run.
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from protocols import wire
from protocols.commands import Command, Override
from protocols.topics import Leaf
from tests.bench.loading import percentile
from tests.bench.report import Figure
from tests.bench.rig import our_edge, rig
from tests.bench.slaves import UNITS
from tests.waiting import until

_COMMANDS, _EVERY_S = 200, 0.1
_WARM_UP_S = 5.0
_PEER, _PEER_P50_MS = "thingsboard_gateway_100_reads_p50_ms", 214.0
_LASTS = timedelta(hours=12)  # longer than the bench, also in a city that runs ten times as fast


def run() -> Iterator[Figure]:
    """Both loads."""
    for reads, every_s in ((100, 1.0), (1000, 0.1)):
        with TemporaryDirectory() as folder:
            took, confirmed = asyncio.run(_measured(Path(folder), every_s))
        p50 = percentile(took, 0.5)
        yield Figure(f"ours_{reads}_reads_p50_ms", p50, "ms", _PEER, p50 / _PEER_P50_MS)
        yield Figure(f"ours_{reads}_reads_p99_ms", percentile(took, 0.99), "ms")
        yield Figure(f"ours_{reads}_reads_confirmed_share", confirmed / _COMMANDS, "of_commands")


async def _measured(folder: Path, every_s: float) -> tuple[list[float], int]:
    """Milliseconds of every command, and how many ended well."""
    sent: dict[str, float] = {}
    async with rig(folder, our_edge(every_s, profile="haidang-segment-controller")) as running:
        await asyncio.sleep(_WARM_UP_S)
        for n in range(_COMMANDS):
            command = _command(n)
            sent[command.id] = time.perf_counter()
            await running.cloud.say(Leaf.COMMAND, wire.encode_message(command))
            await asyncio.sleep(_EVERY_S)
        ended = running.cloud.heard.ended
        await until(lambda: len(ended) == _COMMANDS, 30)
    good = {name: at for name, (step, at) in ended.items() if step == "read_back"}
    return [1000 * (at - sent[name]) for name, at in good.items()], len(good)


def _command(n: int) -> Command:
    now = datetime.now(UTC)
    return Command(
        id=f"c{n:04d}",
        target=f"D{n % UNITS + 1:03d}",
        action=Override(level=10.0 + n % 80, until=now + _LASTS),
        issued_at=now,
        expires_at=now + _LASTS,
        who="bench",
    )
