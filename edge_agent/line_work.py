"""Many luminaires of one bus do what one group command says: told one after the other, read some together.

Every request takes a turn of its own before the polls; two are under way at a time, so that the polls do not come in
between, and a single command waits for two requests at most.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace

from edge_agent.bus import Bus, Priority
from edge_agent.judging import Judge
from edge_agent.lights import Lights
from edge_agent.links import LinkError, Refused
from edge_agent.modbus_lamps import ModbusLamp
from edge_agent.obstacles import Obstacle, trouble
from protocols.commands import Command, Refusal
from protocols.modbus.plan import Answer, Block, plan
from protocols.readings import Reading

_AT_A_TIME = 2
_SILENCES = 2  # one after the other, until the rest behind the same unit or the same bus is given up unasked
_LOOK_EVERY_S = 0.1
_TELLING = frozenset({"actual_level", "target_level", "command_reason", "active_power"})


@dataclass(frozen=True, slots=True)
class Job:
    """A command, and the luminaire that it is for."""

    command: Command
    lamp: ModbusLamp


Outcome = tuple[Command, Reading | Obstacle]  # the reading that confirms it, or why it has failed
Tell = Callable[[ModbusLamp, Command], Awaitable[Obstacle | None]]


class LineWork:
    """`tell` writes one command to its luminaire; `is_current` is false of one that another has overtaken."""

    def __init__(
        self, judge: Judge, lights: Lights, tell: Tell, is_current: Callable[[Command], bool], patience_s: float
    ) -> None:
        self._judge, self._lights, self._tell = judge, lights, tell
        self._is_current, self._patience_s = is_current, patience_s

    async def outcomes(self, bus: Bus, jobs: Sequence[Job]) -> AsyncGenerator[Sequence[Outcome], None]:
        """How each ends, as it becomes known, some together."""
        failed = await self._told(jobs)
        if failed:
            yield [(job.command, obstacle) for job, obstacle in failed]
        gone = {job.lamp.device for job, _ in failed}
        waiting = {job.lamp.device: job for job in jobs if job.lamp.device not in gone}
        sight, ends, priority = Sight(bus, jobs), time.monotonic() + self._patience_s, Priority.URGENT
        while waiting:
            seen = await sight.look(waiting.keys(), priority)
            ended = self._judged(waiting, seen, is_late=time.monotonic() >= ends)
            if ended:
                yield ended
            over = {command.target for command, _ in ended}
            waiting = {device: job for device, job in waiting.items() if device not in over}
            await asyncio.sleep(_LOOK_EVERY_S if waiting else 0)
            priority = Priority.ROUTINE  # a hundred fading lamps must not stop the polls

    async def _told(self, jobs: Sequence[Job]) -> list[tuple[Job, Obstacle]]:
        left, failed, silences = deque(jobs), list[tuple[Job, Obstacle]](), Counter[object]()

        async def some() -> None:
            while left:
                job = left.popleft()
                obstacle = _given_up(job, silences) or await self._tell(job.lamp, job.command)
                _count(job, obstacle, silences)
                if obstacle:
                    failed.append((job, obstacle))

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_A_TIME):
                group.create_task(some())
        return failed

    def _judged(self, waiting: "dict[str, Job]", seen: "Seen", *, is_late: bool) -> list[Outcome]:
        self._lights.remember(seen.readings.values())
        outcomes: list[Outcome] = []
        for device, job in waiting.items():
            found = self._found(job.command, seen, device)
            if isinstance(found, Reading):
                outcomes.append((job.command, found))
            elif not self._is_current(job.command):
                outcomes.append((job.command, Obstacle(Refusal.SUPERSEDED)))
            elif is_late:
                outcomes.append((job.command, replace(found, waited_s=self._patience_s)))
        return outcomes

    def _found(self, command: Command, seen: "Seen", device: str) -> Reading | Obstacle:
        reading = seen.readings.get(device)
        if reading is None:
            return trouble(seen.errors[device])
        return self._judge.difference(command, reading) or reading


def _given_up(job: Job, silences: Counter[object]) -> Obstacle | None:
    if silences[Refusal.NO_CONNECTION] >= _SILENCES:
        return Obstacle(Refusal.NO_CONNECTION)
    return Obstacle(Refusal.NO_ANSWER) if silences[job.lamp.unit] >= _SILENCES else None


def _count(job: Job, obstacle: Obstacle | None, silences: Counter[object]) -> None:
    where = {Refusal.NO_ANSWER: job.lamp.unit, Refusal.NO_CONNECTION: Refusal.NO_CONNECTION}
    if obstacle is None:
        silences.pop(job.lamp.unit, None)
        silences.pop(Refusal.NO_CONNECTION, None)
    elif obstacle.refusal in where:
        silences[where[obstacle.refusal]] += 1


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: each luminaire has a reading or an error."""

    readings: dict[str, Reading]
    errors: dict[str, LinkError]


class Sight:
    """Reads what luminaires of one bus say of their level, in the fewest requests."""

    def __init__(self, bus: Bus, jobs: Sequence[Job]) -> None:
        self._bus = bus
        self._lamps = {job.lamp.device: job.lamp for job in jobs}
        self._plan = plan([job.lamp.member for job in jobs], bus.baud, quantities=_TELLING)
        self._blocks = {device: self._of(device) for device in self._lamps}

    async def look(self, devices: Collection[str], priority: Priority) -> Seen:
        """Every one of these."""
        heard: dict[Block, Answer] = {}
        errors: dict[Block, LinkError] = {}
        for block in dict.fromkeys(block for device in devices for block in self._blocks[device]):
            try:
                heard[block] = (await self._bus.read(block, priority)).answer
            except LinkError as error:
                errors[block] = error
        wanted = {device: [errors[block] for block in self._blocks[device] if block in errors] for device in devices}
        read = {reading.device: reading for reading in self._plan.decode(heard)}
        seen = Seen({device: read[device] for device, bad in wanted.items() if not bad}, {})
        for device, bad in wanted.items():
            if bad:
                await self._alone(device, bad[0], seen, priority)
        return seen

    async def _alone(self, device: str, error: LinkError, seen: Seen, priority: Priority) -> None:
        """A unit that refuses registers of several together may give those of one."""
        try:
            if not isinstance(error, Refused):
                raise error
            seen.readings[device] = await self._lamps[device].read(priority)
        except LinkError as last:
            seen.errors[device] = last

    def _of(self, device: str) -> Sequence[Block]:
        return list(dict.fromkeys(block for place in self._plan.places[device] for block in place.blocks))
