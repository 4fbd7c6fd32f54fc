"""Reads a bus round after round. A round waits for the last one; what is late is left out and counted, never queued."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from edge_agent import schedule
from edge_agent.bus import Bus, Heard
from edge_agent.links import ILLEGAL_ADDRESS, LinkError, NoAnswer, Refused, Unreachable
from edge_agent.quarantine import Quarantine
from protocols.clock import DomainClock
from protocols.modbus.plan import Block, ReadPlan, plan
from protocols.readings import Reading

log = logging.getLogger(__name__)

_PROBE_SHARE = 20  # a dead unit may cost one part in so many of the bus's time
_TRY_AGAIN_S = 0.5
_SHORTEST_PROBE = 0.25  # of the time-out, where a round leaves no idle time at all

Take = Callable[[Sequence[Reading]], Awaitable[None]]


@dataclass(slots=True)
class Counts:
    """What a bus has done since the start. `late` are the rounds that were left out because one took too long."""

    rounds: int = 0
    late: int = 0
    silent: int = 0
    overtaken: int = 0
    last_at: int | None = None  # domain seconds


class Poller:
    """The loop of one bus. `take` gets the readings of a round."""

    def __init__(self, bus: Bus, every: timedelta, timeout: timedelta, clock: DomainClock, take: Take) -> None:
        self._bus = bus
        self._clock = clock
        self._take = take
        self._timeout = timeout.total_seconds()
        self._every = every.total_seconds()
        self._plan: ReadPlan = plan(bus.members.values())
        self._quarantine = Quarantine(self._every, max(2 * self._every, _PROBE_SHARE * self._timeout))
        self._unreachable_since: float | None = None
        self._refusing: set[Block] = set()
        self._next_plan = self._plan
        self._apart: set[str] = set()
        self.counts = Counts()

    @property
    def silent_units(self) -> int:
        """How many units are left out of the rounds."""
        return len(self._quarantine)

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
        """Read every block once, ask one silent unit whether it is back, and pass the readings on."""
        ends = time.monotonic() + self._every
        heard: dict[Block, Heard] = {}
        try:
            await self._read_all(heard)
            await self._probe(heard, ends)
            self._reachable()
        except Unreachable as error:
            self._not_reachable(error)
        self.counts.rounds += 1
        readings = self._readings(heard)
        self._plan = self._next_plan
        if readings:
            self.counts.last_at = max(reading.at for reading in readings)
            await self._take(readings)

    async def _wait(self, seconds: float) -> None:
        """Until the next slot; a bus without a connection is tried in between, at the pace of its link."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            is_away = self._unreachable_since is not None
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
            if block.unit not in self._quarantine:
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
            self._answered(block.unit)
            self._complain(block, error)
            if isinstance(error, Refused) and error.code == ILLEGAL_ADDRESS:
                self._part(block)
        else:
            self._answered(block.unit)
            self._refusing.discard(block)

    async def _probe(self, heard: dict[Block, Heard], ends: float) -> None:
        unit = self._quarantine.due(time.monotonic())
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
            if unit not in self._quarantine:
                await self._read(block, heard)

    def _part(self, block: Block) -> None:
        """One device that is not there must not hide those that are read with it: from now on each is read alone."""
        devices = self._plan.devices(block)
        if len(devices) > 1:
            self._apart.update(devices)
            self._next_plan = plan(self._bus.members.values(), apart=self._apart)

    def _readings(self, heard: Mapping[Block, Heard]) -> list[Reading]:
        found = self._plan.decode({block: one.answer for block, one in heard.items()})
        fresh = [reading for reading in found if not self._is_overtaken(reading.device, heard)]
        self.counts.overtaken += len(found) - len(fresh)
        return fresh

    def _is_overtaken(self, device: str, heard: Mapping[Block, Heard]) -> bool:
        blocks = {block for place in self._plan.places[device] for block in place.blocks}
        return any(self._bus.is_overtaken(device, heard[block]) for block in blocks if block in heard)

    def _silent(self, unit: int, reason: str) -> None:
        self.counts.silent += 1
        if self._quarantine.silent(unit, time.monotonic()):
            log.warning("%s: %s does not answer: %s", self._bus.name, self._who(unit), reason)

    def _answered(self, unit: int) -> None:
        gap = self._quarantine.answered(unit, time.monotonic())
        if gap is not None:
            log.info("%s: %s answers again after %.0f s", self._bus.name, self._who(unit), gap)

    def _complain(self, block: Block, error: LinkError) -> None:
        if block not in self._refusing:
            log.warning("%s: cannot read %s: %s", self._bus.name, block, error)
        self._refusing.add(block)

    def _not_reachable(self, error: Unreachable) -> None:
        if self._unreachable_since is None:
            log.warning("%s does not answer: %s", self._bus.name, error)
            self._unreachable_since = time.monotonic()

    def _reachable(self) -> None:
        if self._unreachable_since is not None:
            gap = time.monotonic() - self._unreachable_since
            log.info("%s answers again after %.0f s", self._bus.name, gap)
            self._unreachable_since = None

    def _who(self, unit: int) -> str:
        """A unit in the words of somebody who has to find it."""
        devices = [member.device for member in self._bus.members.values() if member.unit == unit]
        rest = f" and {len(devices) - 1} more" if len(devices) > 1 else ""
        return f"unit {unit} ({devices[0]}{rest})"
