"""Reads a bus round after round. A round waits for the last one; what is late is left out and counted, never queued."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import NoReturn

from edge_agent import schedule
from edge_agent.bus import Bus, Heard
from edge_agent.hearing import Hearing
from edge_agent.links import ILLEGAL_ADDRESS, LinkError, NoAnswer, Refused, Unreachable
from edge_agent.quarantine import Quarantine
from edge_agent.taking import Counts, Take, fresh
from edge_agent.visits import Visits
from protocols.clock import DomainClock
from protocols.modbus.plan import Block, ReadPlan, plan

_PROBE_SHARE = 20  # a dead unit may cost one part in so many of the bus's time
_TRY_AGAIN_S = 0.5
_SHORTEST_PROBE = 0.25  # of the time-out, where a round leaves no idle time at all


class Poller:
    """The loop of one bus. `take` gets the readings of a round."""

    def __init__(self, bus: Bus, every: timedelta, timeout: timedelta, clock: DomainClock, take: Take) -> None:
        self._bus = bus
        self._clock = clock
        self._take = take
        self._timeout = timeout.total_seconds()
        self._every = every.total_seconds()
        self._polled = [member for member in bus.members.values() if not member.profile.is_visited]
        self._units = {member.unit for member in self._polled}
        self._plan: ReadPlan = plan(self._polled)
        self._hearing = Hearing(bus, Quarantine(self._every, max(2 * self._every, _PROBE_SHARE * self._timeout)))
        self._next_plan = self._plan
        self._apart: set[str] = set()
        self.counts = Counts()
        self.visits: Sequence[Visits] = [
            Visits(bus, member, self._every, clock, self._hearing, take, self.counts)
            for member in bus.members.values()
            if member.profile.is_visited
        ]

    @property
    def silent_units(self) -> int:
        """How many units are left out of the rounds."""
        return len(self._hearing)

    async def run(self) -> NoReturn:
        """Poll until cancelled."""
        period = self._every * self._clock.settings.speed
        begins = schedule.phase(self._bus.name, period)
        slot = schedule.next_slot(self._now(), period, begins)
        while True:
            await self._wait(max(0.0, slot - self._now()) / self._clock.settings.speed)
            await self.round()
            slot = self._slot_after(slot, period, begins)

    async def round(self) -> None:
        """Read every block once, ask one silent unit whether it is back, and pass the readings on. Devices that have to
        be visited are left to `visits`."""
        ends = time.monotonic() + self._every
        heard: dict[Block, Heard] = {}
        try:
            await self._read_all(heard)
            await self._probe(heard, ends)
            if self._plan.blocks:
                self._hearing.reachable()
        except Unreachable as error:
            self._hearing.unreachable(error)
        self.counts.rounds += 1
        readings = fresh(self._bus, self._plan, heard, self.counts)
        self._plan = self._next_plan
        if readings:
            self.counts.last_at = max(reading.at for reading in readings)
            await self._take(readings)

    async def _wait(self, seconds: float) -> None:
        """Until the next slot; a bus without a connection is tried in between, at the pace of its link."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            is_away = self._hearing.is_away
            await asyncio.sleep(min(left, _TRY_AGAIN_S) if is_away else left)
            if is_away and ends - time.monotonic() > _TRY_AGAIN_S:
                await self.round()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _slot_after(self, slot: float, period: float, begins: float) -> float:
        """The next slot. One that we woke for a little early does not come twice; a clock put back begins afresh."""
        now = self._now()
        upcoming = schedule.next_slot(max(now, slot) if slot - now < period else now, period, begins)
        self.counts.late += max(0, round((upcoming - slot) / period) - 1)
        return upcoming

    async def _read_all(self, heard: dict[Block, Heard]) -> None:
        for block in self._plan.blocks:
            if block.unit not in self._hearing:
                await self._read(block, heard)

    async def _read(self, block: Block, heard: dict[Block, Heard]) -> None:
        """Raises Unreachable; any other failure is this block's own."""
        try:
            heard[block] = await self._bus.read(block)
        except Unreachable:
            raise
        except NoAnswer as error:
            self._silent(block.unit, str(error))
        except LinkError as error:
            self.counts.failures[block.unit] += 1
            self._hearing.answered(block.unit)
            self._hearing.refused(block, error)
            if isinstance(error, Refused) and error.code == ILLEGAL_ADDRESS:
                self._part(block)
        else:
            self._hearing.answered(block.unit)
            self._hearing.accepted(block)

    async def _probe(self, heard: dict[Block, Heard], ends: float) -> None:
        unit = self._hearing.due(self._units)
        if unit is None:
            return
        idle = min(max(ends - time.monotonic(), _SHORTEST_PROBE * self._timeout), self._timeout)
        blocks = [block for block in self._plan.blocks if block.unit == unit]
        try:
            async with asyncio.timeout(idle):
                await self._read(blocks[0], heard)
        except TimeoutError:
            self._silent(unit, f"no answer within {idle:g} s")
        for block in blocks[1:]:
            if unit not in self._hearing:
                await self._read(block, heard)

    def _part(self, block: Block) -> None:
        """One device that is not there must not hide those that are read with it: from now on each is read alone."""
        devices = self._plan.devices(block)
        if len(devices) > 1:
            self._apart.update(devices)
            self._next_plan = plan(self._polled, apart=self._apart)

    def _silent(self, unit: int, reason: str) -> None:
        self.counts.silent += 1
        self.counts.failures[unit] += 1
        self._hearing.silent(unit, reason)
