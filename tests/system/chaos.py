"""A small town in trouble: agent, broker and cloud are killed, the line is cut, the disk fills up, all from a seed.

What the outbox has taken must be in the store exactly once. Excused are only the moments around a kill of the edge, in
which an answer may not have been taken yet, and the time in which its disk took nothing; the edge counts those itself.
"""

import asyncio
import random
import resource
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from edge_agent import status_door
from tests.system.proxy import Line
from tests.system.settling import PATIENT, just_now, named, settled, settling, taken
from tests.system.town import Town, lay_out
from tests.system.truth import Verdict
from tests.waiting import until

TROUBLES = ("edge", "broker", "cloud", "line", "disk")
_FIRST_S, _BETWEEN_S, _LASTS_S = 2.0, (0.5, 3.0), (0.3, 3.0)
_BESIDE_S = 1.5  # after a disk has room again, until the edge writes


@dataclass(frozen=True, slots=True)
class Blow:
    """Something goes wrong `after_s` seconds after the blow before, and is put right after `lasts_s`."""

    what: str
    after_s: float
    lasts_s: float


@dataclass(slots=True)
class Result:
    """`blows` counts what was done; `windows` are the excused moments (domain Unix seconds)."""

    verdict: Verdict
    blows: Counter[str]
    windows: Sequence[tuple[float, float]]
    batches: int
    named: int

    @property
    def lost(self) -> int:
        """Values that were answered, that no window excuses, and that are not in the store."""
        return len(self.verdict.missing_outside(self.windows))

    @property
    def doubled(self) -> int:
        """Batches that the inbox took twice, and values that are stored and were never answered."""
        return self.batches - self.named + len(self.verdict.doubled) + len(self.verdict.invented)


def blows(seed: int, seconds: float) -> list[Blow]:
    """What happens, from a seed alone."""
    dice = random.Random(seed)
    planned: list[Blow] = []
    at = _FIRST_S
    while at < seconds:
        after = _FIRST_S if not planned else dice.uniform(*_BETWEEN_S)
        planned.append(Blow(dice.choice(TROUBLES), after, dice.uniform(*_LASTS_S)))
        at += after
    return planned


@dataclass(slots=True)
class _Storm:
    town: Town
    edge: str
    line: Line
    down: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    windows: list[tuple[float, float]] = field(default_factory=list)

    async def run(self, planned: Sequence[Blow]) -> None:
        """Blow after blow; they overlap, but none hits what is down already."""
        async with asyncio.TaskGroup() as group:
            for blow in planned:
                await asyncio.sleep(blow.after_s)
                if blow.what not in self.down:
                    self.down.add(blow.what)
                    self.counts[blow.what] += 1
                    group.create_task(self._strike(blow))

    async def _strike(self, blow: Blow) -> None:
        if blow.what == "line":
            await self.line.cut()
            await asyncio.sleep(blow.lasts_s)
            self.line.heal()
        elif blow.what == "disk":
            await self._fill_the_disk(blow.lasts_s)
        else:
            await self._kill(blow)
        self.down.discard(blow.what)

    async def _kill(self, blow: Blow) -> None:
        name = self.edge if blow.what == "edge" else blow.what
        if name == self.edge:
            await self._kill_the_edge()
        else:
            await self.town.kill(name)
        await asyncio.sleep(blow.lasts_s)
        await self.town.start(name)

    async def _kill_the_edge(self) -> None:
        """On a full disk it may have ended by itself: it was only just opening its file."""
        if "disk" in self.down and self.town.running[self.edge].returncode is not None:
            self.counts["edge_ended"] += 1
            del self.town.running[self.edge]
        else:
            await self.town.kill(self.edge)
        self.windows.append(just_now(self.town))

    async def _fill_the_disk(self, lasts_s: float) -> None:
        """No file of the edge's process can grow or be written to; a new process has a good disk."""
        process = self.town.running.get(self.edge)
        began = self.town.now()
        if process and process.returncode is None:
            _limit(process.pid, 0)
            await asyncio.sleep(lasts_s)
            if process.returncode is None:
                _limit(process.pid, resource.RLIM_INFINITY)
            elif self.town.running.get(self.edge) is process:
                self.counts["edge_ended"] += 1  # by itself; a supervisor starts it
                self.down.add("edge")
                await self.town.start(self.edge)
                self.down.discard("edge")
        self.windows.append((began, self.town.now() + _BESIDE_S))


def _limit(pid: int, size: int) -> None:
    """How large a file of a process of ours may become; what it writes beyond is refused. It may have been killed."""
    with suppress(ProcessLookupError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


@asynccontextmanager
async def _town(folder: Path, broker: str | None) -> AsyncIterator[tuple[Town, Line]]:
    town = lay_out(
        folder,
        broker,
        edge_settings={
            "uplink": {"stall_after": "3s", "backlog_per_second": 50},
            "figures_every": "5s",  # what the cloud has and a full disk kept is forgotten with the next watermark
        },
        bus_settings=PATIENT,
        cloud_settings={"commit_every": "1s"},
    )
    line = Line(town.ports["broker"])
    await line.open()
    try:
        for edge in town.edges:
            file = folder / "edges" / f"{edge}.yaml"
            said = yaml.safe_load(file.read_text())
            said["broker"]["port"] = line.port
            file.write_text(yaml.safe_dump(said, sort_keys=False))
        yield town, line
    finally:
        await town.end()
        await line.close()


async def chaos(folder: Path, broker: str | None, seed: int, seconds: float) -> Result:
    """Let it blow for so long, put everything right, wait until all has arrived, and compare."""
    async with _town(folder, broker) as (town, line):
        await town.start_all()
        await until(status_door.door(town.outbox(town.edges[0])).exists)
        storm = _Storm(town, town.edges[0], line)
        await storm.run(blows(seed, seconds))
        verdict, cut = await settled(town)
        windows = [*settling(town, verdict), cut, *storm.windows]
        return Result(verdict, storm.counts, windows, taken(town), named(town))
