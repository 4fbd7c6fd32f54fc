"""A luminaire is taken through a few levels, and measured at each. Whoever commands it meanwhile ends the test."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

from edge_agent.bus import Priority
from edge_agent.lamps import Hold, Lamp
from edge_agent.lights import Lights
from edge_agent.links import LinkError
from edge_agent.obstacles import Obstacle, trouble
from edge_agent.overrides import Overrides
from protocols.clock import DomainClock
from protocols.commands import Command, Override, Refusal, SelfTest, TestPoint
from protocols.readings import Reading
from rules.lamp_state import reached

_LOOK_EVERY_S = 0.2
_AT_THE_LONGEST = timedelta(minutes=5)  # at one level; the luminaire's own clock ends it, too


class _Ended(Exception):
    """The test cannot go on."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(str(obstacle))
        self.obstacle = obstacle


class SelfTesting:
    """`is_current` is false of a command that another one has overtaken."""

    def __init__(
        self,
        overrides: Overrides,
        lights: Lights,
        clock: DomainClock,
        is_current: Callable[[Command], bool],
        patience_s: float,
    ) -> None:
        self._overrides, self._lights, self._clock = overrides, lights, clock
        self._is_current, self._patience_s = is_current, patience_s

    async def points(self, command: Command, lamp: Lamp) -> tuple[TestPoint, ...] | Obstacle:
        """What was measured, in the order of the levels, or why nothing is known. The luminaire is given back."""
        test, found = command.action, list[TestPoint]()
        if not isinstance(test, SelfTest):
            raise TypeError(test)
        try:
            for level in test.levels:
                wait_s = test.settle_s + (0 if found else test.warm_up_s)
                found.append(await self._point(command, lamp, level, wait_s))
        except _Ended as ended:
            return ended.obstacle
        except LinkError as error:
            return trouble(error)
        finally:
            self._overrides.test(lamp.device, None)
        await self._give_back(lamp)
        return tuple(found)

    async def _point(self, command: Command, lamp: Lamp, level: float, wait_s: float) -> TestPoint:
        """Raises LinkError."""
        await self._tell(command, lamp, level)
        await self._until_reached(command, lamp, level)
        await asyncio.sleep(wait_s / self._clock.settings.speed)
        reading = await self._read(command, lamp)
        return TestPoint(
            level=level,
            actual_level=reading.values.get("actual_level"),
            power=reading.values.get("active_power"),
        )

    async def _tell(self, command: Command, lamp: Lamp, level: float) -> None:
        if not lamp.is_listening:
            raise _Ended(Obstacle(Refusal.SLEPT_THROUGH))
        until = self._clock.now() + _AT_THE_LONGEST * max(1.0, self._clock.settings.speed)
        async with lamp.turn(Priority.ROUTINE) as obey:
            self._check(command)
            self._overrides.test(lamp.device, Override(level=level, until=until))
            await obey(Hold(level, until))
            self._lights.told(lamp.device)

    async def _until_reached(self, command: Command, lamp: Lamp, level: float) -> None:
        """Or until its patience is over: what it has then is measured, too."""
        ends, shown = time.monotonic() + (lamp.patience_s or self._patience_s), lamp.shown(level)
        while True:
            actual = (await self._read(command, lamp)).values.get("actual_level")
            if actual is None:
                raise _Ended(Obstacle(Refusal.LAMP_SILENT))
            if reached(actual, shown) or time.monotonic() >= ends:
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _read(self, command: Command, lamp: Lamp) -> Reading:
        reading = await lamp.read(Priority.ROUTINE)
        self._check(command)
        return reading

    def _check(self, command: Command) -> None:
        if not self._is_current(command):
            raise _Ended(Obstacle(Refusal.SUPERSEDED))

    async def _give_back(self, lamp: Lamp) -> None:
        """What it says now is what is corrected next."""
        try:
            self._lights.remember([await lamp.read(Priority.ROUTINE)])
        except LinkError:
            return  # its next reading puts it right
