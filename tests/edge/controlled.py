"""Luminaires behind a controller that is nothing but what it knows: as quick as a test needs them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from edge_agent.bus import Priority
from edge_agent.lamps import Hold, Obey, Order, Programme
from edge_agent.modbus_lamps import Reason, corrections, obeyed
from protocols.commands import Override
from protocols.readings import Reading
from rules.sun import is_dark
from tests.edge.clocks import SetClock
from tests.edge.plans import HALONG


class Line:
    """What the lamps hang on."""

    name = "B"


@dataclass(eq=False)
class Controlled:
    """A luminaire behind a controller that knows its programme, its hold and, with a clock, the end of that."""

    device: str
    line: Line
    clock: SetClock
    programme: float | None = None
    hold: tuple[float, datetime] | None = None
    unit: int = 17
    patience_s: None = None
    pace_s: float = 0.0
    has_clock: bool = True
    sleeps: bool = False
    is_listening: bool = True
    reports_itself: bool = False

    def says(self) -> tuple[float, Reason]:
        now = self.clock.clock.now()
        if self.hold is not None and not (self.has_clock and now >= self.hold[1]):
            return self.hold[0], Reason.OVERRIDE
        if self.programme is None:
            return (100.0 if is_dark(HALONG, now) else 0.0), Reason.HARDWARE
        return self.programme, Reason.PROGRAMME

    async def listens(self, within_s: float) -> None:
        """It never sleeps."""

    @asynccontextmanager
    async def turn(self, _priority: Priority) -> AsyncIterator[Obey]:
        yield self._obey

    async def _obey(self, order: Order) -> None:
        if isinstance(order, Programme):
            self.programme = order.level
        else:
            self.hold = (order.level, order.until) if isinstance(order, Hold) else None

    async def read(self, _priority: Priority) -> Reading:
        level, reason = self.says()
        values: dict[str, float | None] = {"target_level": level, "command_reason": float(reason)}
        return Reading(self.device, "luminaire", int(self.clock.clock.now().timestamp()), values)

    def shown(self, level: float) -> float:
        return level

    def corrections(
        self, reading: Reading, programme: float, override: Override | None, written: float | None
    ) -> Sequence[Order]:
        return corrections(reading, programme, override, written)

    def obeyed(self, reading: Reading, programme: float, override: Override | None) -> Reading:
        return obeyed(reading, programme, override)
