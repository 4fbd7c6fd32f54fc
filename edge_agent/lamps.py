"""A luminaire as the agent drives it: what it is told for a level, and how it is read alone."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from edge_agent.bus import Priority
from protocols.commands import Override
from protocols.readings import Reading


@dataclass(frozen=True, slots=True)
class Programme:
    """The level (%) that applies when no override is in force."""

    level: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold a level (%) until a moment, which the device's own clock sees too, as far as it has one."""

    level: float
    until: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """End whatever override the device has."""


Order = Programme | Hold | Release
Obey = Callable[[Order], Awaitable[None]]  # raises LinkError


class Line(Protocol):
    """What luminaires hang on together: they are corrected one after the other."""

    name: str


class Lamp(Protocol):
    """A luminaire on its line."""

    @property
    def device(self) -> str:
        """Its id."""

    @property
    def line(self) -> Line:
        """What it hangs on; the same object for all that share it."""

    @property
    def unit(self) -> object:
        """Lamps of one line with the same unit fall silent together."""

    @property
    def patience_s(self) -> float | None:
        """How long it may take to reach a level, wall time; `None` is as long as usual."""

    @property
    def sleeps(self) -> bool:
        """True of a lamp that listens only for a while after it has spoken."""

    @property
    def is_listening(self) -> bool:
        """False while it sleeps."""

    @property
    def pace_s(self) -> float:
        """How long it is left in peace between two steps of a ramp, wall time."""

    @property
    def reports_itself(self) -> bool:
        """True when its readings come, and are recorded, without being asked for."""

    async def listens(self, within_s: float) -> None:
        """Wait until it listens, but not longer."""

    def turn(self, priority: Priority) -> AbstractAsyncContextManager[Obey]:
        """Have the lamp for as long as it takes to decide and to tell, with nobody in between."""

    async def read(self, priority: Priority) -> Reading:
        """What it says of itself now. Raises LinkError."""

    def shown(self, level: float) -> float:
        """The level (%) that it tells when it is given one: its own steps may be wide."""

    def corrections(
        self, reading: Reading, programme: float, override: Override | None, written: float | None
    ) -> Sequence[Order]:
        """What to tell it so that it does what it should; `written` is the programme level it was last given, or has
        shown."""

    def obeyed(self, reading: Reading, programme: float, override: Override | None) -> Reading:
        """What it will say when it has done what it was told, which is believed until it speaks."""
