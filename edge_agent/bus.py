"""A bus: devices behind one link, on which one speaks at a time and a person's command goes first."""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from edge_agent.links import LineCounts, Link
from protocols.clock import DomainClock
from protocols.modbus.plan import Answer, Block, Member
from protocols.profiles.sequences import Step


class Priority(IntEnum):
    """Who goes first when several wait for a bus."""

    URGENT = 0  # somebody is waiting for the result
    ROUTINE = 1


class Turns:
    """One at a time; the urgent before the rest, otherwise in order of arrival."""

    def __init__(self) -> None:
        self._taken = False
        self._arrivals = 0
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []

    def turn(self, priority: Priority) -> "Turn":
        """Have the turn inside the `async with`."""
        return Turn(self, priority)

    async def wait(self, priority: Priority) -> None:
        """Return when it is our turn."""
        if not self._taken:
            self._taken = True
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._waiting, (priority, self._arrivals, mine))
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.pass_on()  # it was given to us while we were being cancelled
            raise

    def pass_on(self) -> None:
        """The turn goes to the next."""
        while self._waiting:
            _, _, next_one = heapq.heappop(self._waiting)
            if not next_one.done():
                next_one.set_result(None)
                return
        self._taken = False


@dataclass(slots=True)
class Turn:
    """One turn; written out, because it is taken a thousand times a second."""

    turns: Turns
    priority: Priority

    async def __aenter__(self) -> None:
        await self.turns.wait(self.priority)

    async def __aexit__(self, *_: object) -> None:
        self.turns.pass_on()


Write = Callable[[str, int, Sequence[int]], Awaitable[None]]  # device, address, words; raises LinkError


class Heard(NamedTuple):
    """What a block answered, how many writes the bus had seen when the read began, and how long it took (s)."""

    answer: Answer
    writes: int
    took_s: float = 0.0


class Bus:
    """The devices of one link. Every request takes a turn. `baud` is the speed of a line, `None` for a network;
    `timeouts` are those of units that are not as quick as the rest (s)."""

    def __init__(
        self,
        name: str,
        link: Link,
        members: Iterable[Member],
        clock: DomainClock,
        *,
        baud: int | None = None,
        timeouts: Mapping[int, float] | None = None,
    ) -> None:
        self.name = name
        self.baud = baud
        self.timeouts = timeouts or {}
        self.members = {member.device: member for member in members}
        self._link = link
        self._clock = clock
        self._turns = Turns()
        self._writes = 0
        self._written: dict[str, int] = {}

    @property
    def strange(self) -> LineCounts:
        """What came over its line that was no answer."""
        return self._link.counts

    async def read(self, block: Block, priority: Priority = Priority.ROUTINE, patience_s: float | None = None) -> Heard:
        """Read a block in its turn; `at` is the moment of the answer. Raises LinkError."""
        async with self._turns.turn(priority):
            writes, began = self._writes, time.monotonic()
            words = await self._link.read(block, patience_s)
            return Heard(Answer(words, self._clock.seconds()), writes, time.monotonic() - began)

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[Write]:
        """The bus for as long as it takes to decide and to write, with nobody in between."""
        async with self._turns.turn(priority):
            yield self._write

    async def step(self, device: str, step: Step) -> None:
        """One request that makes a device do something, in its turn. Raises LinkError."""
        async with self._turns.turn(Priority.ROUTINE):
            if step.write is not None:
                await self._write(device, step.write.address, step.words or ())
            elif step.read is not None:
                unit = self.members[device].unit
                await self._link.read(Block(unit, step.read.space, step.read.address, step.count or 0))

    def was_written(self, device: str) -> bool:
        """True when the device has ever been written to."""
        return device in self._written

    def is_overtaken(self, device: str, heard: Heard) -> bool:
        """True when the device was written to after this read began: what was read is the past."""
        return self._written.get(device, 0) > heard.writes

    def close(self) -> None:
        """Let the connection go."""
        self._link.close()

    async def _write(self, device: str, address: int, words: Sequence[int]) -> None:
        member = self.members[device]
        try:
            await self._link.write(member.unit, address, words, member.profile.write_function)
        finally:
            self._writes += 1  # also when no answer came: the device may have heard
            self._written[device] = self._writes
