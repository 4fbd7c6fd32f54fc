"""A process that writes and seals, and ends itself without a word during a seal: `python -m … FILE [STEP [NTH]]`.

It dies at the NTH time that it reaches the step, or so many milliseconds after its first seal began: `… FILE after MS`.

Round n writes the point at n * 20 minutes of every lamp, and in sealed hours a quantity more and another value
of points that are there. Everything follows from n: whoever opens the file later knows what has to be in it.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from threading import Timer

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import Mark, Summaries
from protocols.readings import Table
from tests.cloud.telemetry.tables import table, voltage

LAMPS = tuple(f"HL-{lamp:06d}" for lamp in range(12))
EVERY_S = 1_200
SEAL_EVERY = 3
LATE = (6, 9, 12, 15, 18)  # how many rounds back a late row goes, so that one hour gets many late files
LATE_SUMMARY = 90

Points = Mapping[int, tuple[float, float | None]]  # by second: voltage, and current where it was read


def rows(n: int) -> Iterator[Table]:
    """What round n writes."""
    yield table("luminaire", [(lamp, n * EVERY_S, {"voltage": float(n)}) for lamp in LAMPS])
    for back in LATE:
        if n > back:
            late, lamp = n - back, _late_lamp(n - back)
            yield table("luminaire", [(lamp, late * EVERY_S, {"current": n / 8})])
            yield voltage(lamp, [late * EVERY_S], [n + 0.5])


def _late_lamp(n: int) -> str:
    """Whose point of round n is written again, and again, in later rounds: each time another late file has it."""
    return LAMPS[n % len(LAMPS)]


def steps(n: int) -> Summaries:
    """One step of one ward, and again one of a day that is sealed."""
    at, energy = [n * EVERY_S], [float(n)]
    if n > LATE_SUMMARY:
        at, energy = [*at, (n - LATE_SUMMARY) * EVERY_S], [*energy, n + 0.5]
    return Summaries("ward_1h", ["W1"] * len(at), at, {"energy_wh": energy})


def expected(lamp: str, upto: int) -> Points:
    """What a lamp must have after round `upto`."""
    points: dict[int, tuple[float, float | None]] = {}
    for n in range(1, upto + 1):
        points[n * EVERY_S] = (float(n), None)
        late = [n - back for back in LATE if n > back and _late_lamp(n - back) == lamp]
        points |= {round_ * EVERY_S: (n + 0.5, n / 8) for round_ in late}
    return points


def expected_steps(upto: int) -> dict[int, float]:
    """What the ward must have after round `upto`."""
    late = {(n - LATE_SUMMARY) * EVERY_S: n + 0.5 for n in range(LATE_SUMMARY + 1, upto + 1)}
    return {n * EVERY_S: float(n) for n in range(1, upto + 1)} | late


def killer(step: str, nth: int) -> Callable[[str], None]:
    """Hears of every step, and ends the process at one."""
    reached = Counter[str]()

    def hear(name: str) -> None:
        reached[name] += 1
        if name == step and reached[name] == nth:
            _die()
        if step == "after" and reached.total() == 1:
            Timer(nth / 1000, _die).start()

    return hear


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def run(path: Path, step: str, nth: int) -> None:
    """Until it is killed, by itself or from outside."""
    store = DuckDbStore(path, killer(step, nth))
    mark = await store.mark()
    for n in count(mark.position + 1 if mark else 1):
        await store.write_summaries([steps(n)])
        await store.write(list(rows(n)), Mark("inbox", n))
        print(n, flush=True)  # noqa: T201 - the promise that the test holds us to
        if n % SEAL_EVERY == 0:
            await store.seal(n * EVERY_S, 600)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), "".join(sys.argv[2:3]), int("".join(sys.argv[3:4]) or 1)))
