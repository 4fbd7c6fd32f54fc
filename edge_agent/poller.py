"""Reads a bus round after round. A round waits for the last one; what is late is left out and counted, never queued."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import NoReturn

from edge_agent import schedule
from edge_agent.bus import Bus, Heard
from edge_agent.hearing import Hearing
from edge_agent.links import ILLEGAL_ADDRESS, ILLEGAL_VALUE, LinkError, NoAnswer, Refused, Unreachable
from edge_agent.patience import Patience
from edge_agent.quarantine import Quarantine
from edge_agent.taking import Counts, Take, fresh
from edge_agent.visits import Visits
from protocols.clock import DomainClock
from protocols.modbus.plan import Block, Cut, ReadPlan, plan

_PROBE_SHARE = 20  # a dead unit may cost one part in so many of the bus's time
_TRY_AGAIN_S = 0.5
_SHORTEST_PROBE = 0.25  # of the time-out, where a round leaves no idle time at all
_NOT_THERE = (ILLEGAL_ADDRESS, ILLEGAL_VALUE)  # the second for a count that reaches too far
_REFUSED_FOR_S = 300.0  # before a register that is not there is asked for again


class Poller:
    """The loop of one bus. `take` gets the readings of a round."""

    def __init__(self, bus: Bus, every: timedelta, timeout: timedelta, clock: DomainClock, take: Take) -> None:
        self._bus = bus
        self._clock = clock
        self._take = take
        self._patience = Patience(timeout.total_seconds(), bus.timeouts)
        self._every = every.total_seconds()
        self._polled = [member for member in bus.members.values() if not member.profile.is_visited]
        self._units = {member.unit for member in self._polled}
        self._plan: ReadPlan = plan(self._polled, bus.baud)
        longest_pause = max(2 * self._every, _PROBE_SHARE * timeout.total_seconds())
        self._hearing = Hearing(bus, Quarantine(self._every, longest_pause))
        self._next_plan = self._plan
        self._cuts: set[Cut] = set()
        self._not_there: dict[Block, float] = {}
        units = {member.unit for member in bus.members.values()}
        self.counts = Counts(strange=bus.strange, failures=Counter(dict.fromkeys(units, 0)))
        self.visits: Sequence[Visits] = [
            Visits(bus, member, self._every, clock, self._hearing, take, self.counts)
            for member in bus.members.values()
            if member.profile.is_visited
        ]

    @property
    def silent_units(self) -> int:
        """How many units do not answer."""
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
        """Read every block once, ask silent units whether they are back while there is time, and pass the readings on.
        Devices that have to be visited are left to `visits`."""
        ends = time.monotonic() + self._every
        heard: dict[Block, Heard] = {}
        try:
            await self._read_all(heard)
            await self._ask_the_silent(heard, ends)
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
        """The next slot. A round that took too long is followed by the next one at once, in place of all that it made
        late; a clock that was put back begins afresh."""
        now = self._now()
        if not slot - period < now:
            return schedule.next_slot(now, period, begins)
        upcoming = schedule.next_slot(max(now, slot), period, begins)
        passed = round((upcoming - slot) / period) - 1
        self.counts.late += max(0, passed - 1)
        return upcoming if passed <= 0 else upcoming - period

    async def _read_all(self, heard: dict[Block, Heard]) -> None:
        for block in self._plan.blocks:
            if block.unit not in self._hearing and not self._is_known_not_to_be_there(block):
                await self._read(block, heard, self._patience.at_first(block.unit))

    async def _read(self, block: Block, heard: dict[Block, Heard], patience_s: float) -> None:
        """Raises Unreachable; any other failure is this block's own."""
        try:
            answer = await self._bus.read(block, patience_s=patience_s)
        except Unreachable:
            raise
        except NoAnswer as error:
            self._silent(block.unit, error, patience_s)
        except LinkError as error:
            self.counts.failures[block.unit] += 1
            self._hearing.answered(block.unit)
            is_not_there = isinstance(error, Refused) and error.code in _NOT_THERE
            self._hearing.refused(block, error, tuple(self._plan.devices(block)) if is_not_there else block)
            if is_not_there:
                self._cut(block)
        else:
            heard[block] = answer
            self._patience.answered(block.unit, answer.took_s)
            self._hearing.answered(block.unit)
            self._hearing.accepted(block)

    async def _ask_the_silent(self, heard: dict[Block, Heard], ends: float) -> None:
        """One of them in any case, others in what is left of the round."""
        units = set(self._units)
        while (unit := self._hearing.due(units)) is not None:
            units.remove(unit)
            await self._probe(unit, heard, ends)
            if time.monotonic() >= ends:
                return

    async def _probe(self, unit: int, heard: dict[Block, Heard], ends: float) -> None:
        longest = self._patience.longest(unit)
        idle = min(max(ends - time.monotonic(), _SHORTEST_PROBE * longest), longest)
        for n, block in enumerate(block for block in self._plan.blocks if block.unit == unit):
            if n == 0 or unit not in self._hearing:
                await self._read(block, heard, idle)

    def _cut(self, block: Block) -> None:
        """One register that is not there must not hide those that are read with it: from now on they are read without
        it, and it is left alone for a while."""
        cuts = self._plan.cuts(block)
        if cuts:
            self._cuts.update(cuts)
            self._next_plan = plan(self._polled, self._bus.baud, self._cuts)
        else:
            self._not_there[block] = time.monotonic() + _REFUSED_FOR_S

    def _is_known_not_to_be_there(self, block: Block) -> bool:
        return bool(self._not_there) and time.monotonic() < self._not_there.get(block, 0.0)

    def _silent(self, unit: int, error: NoAnswer, patience_s: float) -> None:
        """Silence is believed after the probe, or when a gateway says so."""
        self.counts.silent += 1
        self.counts.failures[unit] += 1
        if unit not in self._hearing and patience_s < self._patience.longest(unit) and error.code is None:
            self._hearing.suspect(unit)
        else:
            self._hearing.silent(unit, str(error))
