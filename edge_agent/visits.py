"""Readings from devices that do not simply answer: they are started, waited for and stopped, or asked for their map.

Each request takes its own turn on the bus and the wait takes none, so the others are polled and commands go first
meanwhile. A visit waits for its last one: a probe that needs longer than the round gives a value every other round.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NoReturn

from edge_agent import schedule
from edge_agent.bus import Bus, Heard
from edge_agent.hearing import Hearing
from edge_agent.links import LinkError, NoAnswer, Unreachable
from edge_agent.taking import Counts, Take, fresh
from protocols.clock import DomainClock
from protocols.modbus.plan import Block, Member, ReadPlan, plan
from protocols.profiles.sequences import DynamicMap, Step, listed

log = logging.getLogger(__name__)

_MOST_TRIES = 3  # for a map that changes while it is read

Request = Block | Step


@dataclass(frozen=True, slots=True)
class Visited:
    """What came of a visit. `refused` are the requests whose answer is of no use."""

    plan: ReadPlan
    heard: Mapping[Block, Heard] = field(default_factory=dict)
    refused: Mapping[Request, LinkError] = field(default_factory=dict)


class Visitor:
    """Reads one device, whatever it needs before and after."""

    def __init__(self, bus: Bus, member: Member) -> None:
        self.member = member
        self._bus = bus
        self._codes: tuple[int, ...] | None = None

    async def visit(self) -> Visited:
        """One visit. Raises Unreachable and NoAnswer."""
        profile = self.member.profile
        refused = await self._do(profile.start)
        if refused:
            return Visited(plan([]), refused=refused)
        await asyncio.sleep(profile.wait.total_seconds())
        visited = await (self._read(self.member) if profile.map is None else self._read_located(profile.map))
        with suppress(Unreachable, NoAnswer):  # one that would not stop starts again all the same
            await self._do(profile.stop)
        return visited

    def forget(self) -> None:
        """The device was away, and may be another one now."""
        self._codes = None

    async def _do(self, steps: tuple[Step, ...]) -> dict[Request, LinkError]:
        for step in steps:
            try:
                await self._bus.step(self.member.device, step)
            except (Unreachable, NoAnswer):
                raise
            except LinkError as error:
                return {step: error}
        return {}

    async def _read(self, member: Member) -> Visited:
        wanted = plan([member], self._bus.baud)
        heard: dict[Block, Heard] = {}
        refused: dict[Request, LinkError] = {}
        for block in wanted.blocks:
            try:
                heard[block] = await self._bus.read(block)
            except (Unreachable, NoAnswer):
                raise
            except LinkError as error:
                refused[block] = error
        return Visited(wanted, heard, refused)

    async def _read_located(self, own_map: DynamicMap) -> Visited:
        """Values between two equal lists of codes; what was read while the list changed is thrown away."""
        listing = Block(self.member.unit, own_map.codes.space, own_map.codes.address, own_map.count)
        try:
            before = self._codes if self._codes is not None else await self._list(listing)
            for _ in range(_MOST_TRIES):
                points = own_map.located(self.member.profile.polled, before)
                visited = await self._read(replace(self.member, located=tuple(points)))
                after = await self._list(listing)
                if after == before:
                    return visited
                before = after
        except (Unreachable, NoAnswer):
            raise
        except LinkError as error:
            return Visited(plan([]), refused={listing: error})
        return Visited(plan([]))

    async def _list(self, listing: Block) -> tuple[int, ...]:
        codes = tuple(listed((await self._bus.read(listing)).answer.words))
        if self._codes is not None and codes != self._codes:
            log.info("%s: %s tells other values now: codes %s", self._bus.name, self.member.device, list(codes))
        self._codes = codes
        return codes


class Visits:
    """Visits one device again and again; `take` gets its reading."""

    def __init__(
        self, bus: Bus, member: Member, every_s: float, clock: DomainClock, hearing: Hearing, take: Take, counts: Counts
    ) -> None:
        self._visitor = Visitor(bus, member)
        self._bus = bus
        self._member = member
        self.device = member.device
        self._every = every_s
        self._clock = clock
        self._hearing = hearing
        self._take = take
        self._counts = counts

    async def run(self) -> NoReturn:
        """Until cancelled."""
        period = self._every * self._clock.settings.speed
        begins = schedule.phase(self.device, period)
        slot = schedule.next_slot(self._now(), period, begins)
        while True:
            await asyncio.sleep(max(0.0, slot - self._now()) / self._clock.settings.speed)
            await self.once()
            now = self._now()
            slot = schedule.next_slot(max(now, slot) if slot - now < period else now, period, begins)

    async def once(self) -> None:
        """One visit, unless the device is silent and it is too early to ask again."""
        if self._member.unit in self._hearing and self._hearing.due({self._member.unit}) is None:
            return
        try:
            visited = await self._visitor.visit()
        except Unreachable as error:
            self._visitor.forget()
            self._hearing.unreachable(error)
        except NoAnswer as error:
            self._visitor.forget()
            self._counts.silent += 1
            self._hearing.silent(self._member.unit, str(error))
        else:
            await self._pass_on(visited)

    async def _pass_on(self, visited: Visited) -> None:
        self._hearing.reachable()
        self._hearing.answered(self._member.unit)
        for request in (*self._member.profile.start, *visited.heard):
            if request not in visited.refused:
                self._hearing.accepted(f"{self.device} ({request})")
        for request, error in visited.refused.items():
            self._hearing.refused(f"{self.device} ({request})", error)
        readings = fresh(self._bus, visited.plan, visited.heard, self._counts)
        if readings:
            self._counts.last_at = max(reading.at for reading in readings)
            await self._take(readings)

    def _now(self) -> float:
        return self._clock.now().timestamp()
