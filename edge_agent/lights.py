"""Autonomy: what each luminaire last said is compared with what should be, and only the difference is written.

So a controller that was replaced, restarted or forgotten is right again after its next reading, and nothing here asks
whether there is a cloud. A luminaire that says nothing cannot be compared: it is left alone until it speaks.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from edge_agent.bus import Priority
from edge_agent.insistence import Insistence
from edge_agent.lamps import Hold, Lamp, Line, Order, Programme
from edge_agent.links import Garbled, LinkError, NoAnswer, Refused
from edge_agent.modbus_lamps import shows_programme
from edge_agent.wanted import Wanted
from protocols.clock import DomainClock
from protocols.commands import Override
from protocols.readings import Reading
from rules.held import LOCKED_FOR
from rules.programme import OFF

log = logging.getLogger(__name__)

_TICK_S = 2.0  # domain time between two looks at the plan: with the time to tell a long line, less than 5 s behind it
_SHORTEST_TICK_S = 0.1  # wall time


def _always() -> bool:
    """The time is known."""
    return True


class Lights:
    """Hears every reading, and corrects the luminaires line by line.

    While there is no time nothing is written but lock-outs: a luminaire on its own photocell stays with it, one that
    was given a level keeps it, and an override ends by the luminaire's own clock, or when there is a time again.
    """

    def __init__(
        self,
        lamps: Mapping[str, Lamp],
        wanted: Wanted,
        clock: DomainClock,
        is_time_known: Callable[[], bool] = _always,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_time_known = is_time_known
        self._steady = steady
        self._lamps = lamps
        self._wanted = wanted
        self._clock = clock
        self._heard: dict[str, Reading] = {}
        self._written: dict[str, float] = {}  # the programme level that each was given last, or has shown
        self._insistence = Insistence()
        self._refusing: set[str] = set()
        self._looked_at: object = None
        self._on: dict[Line, list[Lamp]] = {}
        for lamp in lamps.values():
            self._on.setdefault(lamp.line, []).append(lamp)
        self._news = {line: asyncio.Event() for line in self._on}
        self._locked_until: dict[str, datetime] = {}  # what controllers were told last of a lock-out
        self._told_at: dict[str, float] = {}  # steady seconds; of lamps with a pace
        self._behind: set[Line] = set()  # with lamps that are left in peace for a while
        self.corrected = 0
        self.awaiting: set[str] = set()  # that a command is about to tell: nobody else may

    def hear(self, readings: Iterable[Reading]) -> None:
        """What luminaires say of themselves: their lines are looked at."""
        for reading in readings:
            lamp = self._lamps.get(reading.device)
            if lamp is not None:
                self._note_said(reading)
                self._news[lamp.line].set()

    def remember(self, readings: Iterable[Reading]) -> None:
        """What a command has made luminaires say. They are its own while it is under way, and a look at hundreds of
        others would keep its answer waiting."""
        for reading in readings:
            if reading.device in self._lamps:
                self._note_said(reading)

    def _note_said(self, reading: Reading) -> None:
        self._heard[reading.device] = reading
        self._insistence.heard(reading)

    def told(self, device: str) -> None:
        """A command has told it: what it said before is the past."""
        self.awaiting.discard(device)
        self._heard.pop(device, None)
        self._insistence.forget(device)

    async def run(self) -> NoReturn:
        """Correct until cancelled."""
        async with asyncio.TaskGroup() as group:
            for line, news in self._news.items():
                group.create_task(self._keep(line, news))
            await self._watch_the_plan()

    async def correct(self, line: Line) -> None:
        """One look at every luminaire of a line."""
        self._behind.discard(line)
        for lamp in self._on[line]:
            if self._orders(lamp):
                try:
                    await self._write(lamp)
                except (Refused, Garbled) as error:
                    self._complain(lamp, error)
                except NoAnswer:
                    self._forget(line, lamp.unit)  # others tell it; the rest of the line is not kept waiting
                except LinkError:
                    return  # no connection; the next readings bring us back here

    async def _watch_the_plan(self) -> NoReturn:
        pause = max(_SHORTEST_TICK_S, _TICK_S / self._clock.settings.speed)
        while True:
            self.look()
            await asyncio.sleep(pause)

    def look(self) -> None:
        """Does somebody have to be told something else by now?"""
        wish = self._wanted.wish(self._lamps, self._clock.now())
        behind = self._behind if wish == self._looked_at else self._news
        self._looked_at = wish
        for line in behind:
            self._news[line].set()

    async def _keep(self, line: Line, news: asyncio.Event) -> NoReturn:
        while True:
            await news.wait()
            news.clear()
            await self.correct(line)

    async def _write(self, lamp: Lamp) -> None:
        """Decided once more when it is our turn: a command may have come in between. Raises LinkError."""
        async with lamp.turn(Priority.ROUTINE) as obey:
            orders, wish = self._orders(lamp), self._wish(lamp.device)
            if not orders or wish is None:
                return  # what was not told is not written down as told
            before = self._heard[lamp.device]
            self._insistence.told(before, orders, self._steady())
            for order in orders:
                await obey(order)
                self.corrected += 1
            self._note(lamp, lamp.obeyed(before, *wish), *wish)
        self._refusing.discard(lamp.device)

    def _note(self, lamp: Lamp, believed: Reading, programme: float, override: Override | None) -> None:
        """What it said is the past now; the next reading tells whether it helped."""
        self._heard[lamp.device], self._written[lamp.device] = believed, programme
        if override is not None and self._wanted.is_locked_out(lamp.device):
            self._locked_until[lamp.device] = override.until
        if lamp.pace_s:
            self._told_at[lamp.device] = self._steady()

    def _forget(self, line: Line, unit: object) -> None:
        """What a silent unit said is the past: it has to speak before it is corrected."""
        for lamp in self._on[line]:
            if lamp.unit == unit:
                self._heard.pop(lamp.device, None)
                self._insistence.forget(lamp.device)

    def _wish(self, device: str) -> tuple[float, Override | None] | None:
        """The level beneath, and what holds the luminaire above it; `None` is that it is left alone."""
        if not self._is_time_known():
            return (OFF, None) if self._wanted.is_locked_out(device) else None
        now = self._clock.now()
        return self._wanted.programme(device, now), self._wanted.override(device, now)

    def _orders(self, lamp: Lamp) -> Sequence[Order]:
        reading = self._heard.get(lamp.device)
        if reading is None or lamp.device in self.awaiting:
            return []
        wish = self._wish(lamp.device)
        orders: Sequence[Order] = []
        if wish is not None:
            if shows_programme(reading, wish[0]):
                self._written[lamp.device] = wish[0]  # it need not be written again beneath what will hold it
            orders = lamp.corrections(reading, *wish, self._written.get(lamp.device)) or self._renewal(lamp, wish[1])
        if orders and self._is_told_in_vain(lamp.device, orders):
            return []
        if orders and lamp.pace_s and self._is_left_in_peace(lamp, orders):
            self._behind.add(lamp.line)
            return []
        return orders

    def _renewal(self, lamp: Lamp, override: Override | None) -> Sequence[Order]:
        """A controller ends a lock-out by its own clock. It is told anew in time: an edge that drowns must leave its
        lamps dark for long."""
        if override is None or not lamp.is_listening or not self._wanted.is_locked_out(lamp.device):
            return []
        told = self._locked_until.get(lamp.device)
        is_due = told is None or override.until - told > LOCKED_FOR / 2
        return [Hold(override.level, override.until)] if is_due else []

    def _is_told_in_vain(self, device: str, orders: Sequence[Order]) -> bool:
        """A lock-out is insisted on at every reading: there is danger."""
        return not self._wanted.is_locked_out(device) and self._insistence.is_too_soon(device, orders, self._steady())

    def _is_left_in_peace(self, lamp: Lamp, orders: Sequence[Order]) -> bool:
        told_at = self._told_at.get(lamp.device, -math.inf)
        is_step = all(isinstance(order, Programme) for order in orders)
        return is_step and self._steady() - told_at < lamp.pace_s

    def _complain(self, lamp: Lamp, error: LinkError) -> None:
        if lamp.device not in self._refusing:
            log.warning("%s: %s cannot be given its level: %s", lamp.line.name, lamp.device, error)
        self._refusing.add(lamp.device)
