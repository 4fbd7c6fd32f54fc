"""A luminaire is taken through a few levels, and measured at each. Whoever commands it meanwhile ends the test.

Many that are tested together take turns, so that a street is never dark and the polls go on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from edge_agent.bus import Priority
from edge_agent.lamps import Hold, Lamp
from edge_agent.lights import Lights
from edge_agent.links import LinkError
from edge_agent.obstacles import Obstacle, trouble
from edge_agent.overrides import Overrides
from protocols.clock import DomainClock
from protocols.commands import Command, Override, Refusal, SelfTest, TestPoint, is_expired
from protocols.readings import Reading
from rules.lamp_state import reached

_APART = 3  # of those that are tested together, every third at a time: no dark stretch, and neighbours stay lit
_AT_A_TIME = 10  # that are tested side by side: their reads must not stop the polls
_LOOK_EVERY_S = 0.2
_AT_THE_LONGEST = timedelta(minutes=5)  # at one level; the luminaire's own clock ends it, too

Found = tuple[TestPoint, ...] | Obstacle  # what was measured, in the order of the levels, or why nothing is known


@dataclass(frozen=True, slots=True)
class Test:
    """A command, the luminaire that it is for, and who is told how it ends."""

    command: Command
    lamp: Lamp
    tell: Callable[[Found], Awaitable[None]]


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
        self._turn = asyncio.Lock()  # what came together is tested to the end before others are

    async def run(self, tests: Sequence[Test]) -> None:
        """To the last of them. They come in the order in which they stand along their streets."""
        async with self._turn:
            for some in _side_by_side(tests):
                async with asyncio.TaskGroup() as group:
                    for test in some:
                        group.create_task(self._test(test))

    async def _test(self, test: Test) -> None:
        await test.tell(self._obstacle(test.command) or await self._points(test.command, test.lamp))

    def _obstacle(self, command: Command) -> Obstacle | None:
        """Why it is not tested when its turn has come."""
        if not self._is_current(command):
            return Obstacle(Refusal.SUPERSEDED)
        return Obstacle(Refusal.CAME_TOO_LATE) if is_expired(command, self._clock.now()) else None

    async def _points(self, command: Command, lamp: Lamp) -> Found:
        """The luminaire is given back."""
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


def _side_by_side(tests: Sequence[Test]) -> Iterator[Sequence[Test]]:
    for first in range(_APART):
        apart = tests[first::_APART]
        for start in range(0, len(apart), _AT_A_TIME):
            yield apart[start : start + _AT_A_TIME]
