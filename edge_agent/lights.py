"""Autonomy: what each luminaire last said is compared with what should be, and only the difference is written.

So a controller that was replaced, restarted or forgotten is right again after its next reading, and nothing here asks
whether there is a cloud. A luminaire that says nothing cannot be compared: it is left alone until it speaks.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NoReturn

from edge_agent.bus import Priority
from edge_agent.lamps import Lamp, Line, Order
from edge_agent.links import Garbled, LinkError, NoAnswer, Refused
from edge_agent.wanted import Wanted
from protocols.clock import DomainClock
from protocols.readings import Reading

log = logging.getLogger(__name__)

_TICK_S = 5.0  # domain time between two looks at the sun
_SHORTEST_TICK_S = 0.2  # wall time


def _always() -> bool:
    """The time is known."""
    return True


class Lights:
    """Hears every reading, and corrects the luminaires line by line.

    While there is no time nothing is written: a luminaire on its own photocell stays with it, one that was given a
    level keeps it, and an override ends by the luminaire's own clock, or when there is a time again.
    """

    def __init__(
        self,
        lamps: Mapping[str, Lamp],
        wanted: Wanted,
        clock: DomainClock,
        is_time_known: Callable[[], bool] = _always,
    ) -> None:
        self._is_time_known = is_time_known
        self._lamps = lamps
        self._wanted = wanted
        self._clock = clock
        self._heard: dict[str, Reading] = {}
        self._written: dict[str, float] = {}
        self._refusing: set[str] = set()
        self._looked_at: float | None = None
        self._news = {lamp.line: asyncio.Event() for lamp in lamps.values()}
        self.corrected = 0
        self.awaiting: set[str] = set()  # that a command is about to tell: nobody else may

    def hear(self, readings: Iterable[Reading]) -> None:
        """What luminaires say of themselves."""
        for reading in readings:
            lamp = self._lamps.get(reading.device)
            if lamp is not None:
                self._heard[reading.device] = reading
                self._news[lamp.line].set()

    async def run(self) -> NoReturn:
        """Correct until cancelled."""
        async with asyncio.TaskGroup() as group:
            for line, news in self._news.items():
                group.create_task(self._keep(line, news))
            await self._watch_the_sun()

    async def correct(self, line: Line) -> None:
        """One look at every luminaire of a line."""
        for lamp in [lamp for lamp in self._lamps.values() if lamp.line is line]:
            if self._orders(lamp, self._programme()):
                try:
                    await self._write(lamp)
                except (Refused, Garbled) as error:
                    self._complain(lamp, error)
                except NoAnswer:
                    self._forget(line, lamp.unit)  # others tell it; the rest of the line is not kept waiting
                except LinkError:
                    return  # no connection; the next readings bring us back here

    async def _watch_the_sun(self) -> NoReturn:
        pause = max(_SHORTEST_TICK_S, _TICK_S / self._clock.settings.speed)
        while True:
            programme = self._programme()
            if programme != self._looked_at:
                self._looked_at = programme
                for news in self._news.values():
                    news.set()
            await asyncio.sleep(pause)

    async def _keep(self, line: Line, news: asyncio.Event) -> NoReturn:
        while True:
            await news.wait()
            news.clear()
            await self.correct(line)

    async def _write(self, lamp: Lamp) -> None:
        """Decided once more when it is our turn: a command may have come in between. Raises LinkError."""
        async with lamp.turn(Priority.ROUTINE) as obey:
            programme = self._programme()
            orders = self._orders(lamp, programme)
            if not orders:
                return  # what was not told is not written down as told
            for order in orders:
                await obey(order)
                self.corrected += 1
            self._written[lamp.device] = programme
            self._heard.pop(lamp.device, None)  # the past now; the next reading tells whether it helped
        self._refusing.discard(lamp.device)

    def _forget(self, line: Line, unit: object) -> None:
        """What a silent unit said is the past: it has to speak before it is corrected."""
        for lamp in self._lamps.values():
            if lamp.line is line and lamp.unit == unit:
                self._heard.pop(lamp.device, None)

    def _programme(self) -> float:
        return self._wanted.programme(self._clock.now())

    def _orders(self, lamp: Lamp, programme: float) -> Sequence[Order]:
        reading = self._heard.get(lamp.device)
        if reading is None or lamp.device in self.awaiting or not self._is_time_known():
            return []
        override = self._wanted.override(lamp.device, self._clock.now())
        return lamp.corrections(reading, programme, override, self._written.get(lamp.device))

    def _complain(self, lamp: Lamp, error: LinkError) -> None:
        if lamp.device not in self._refusing:
            log.warning("%s: %s cannot be given its level: %s", lamp.line.name, lamp.device, error)
        self._refusing.add(lamp.device)
