"""Carries out commands. Done means that the device's actual level was read and is the commanded one.

A command is on the disk before anything is done, so it survives us; the same id twice has one effect and one answer; of
two commands for one luminaire the one that was issued later wins, in whatever order they come.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn

from edge_agent import ledger, overrides
from edge_agent.bus import Priority
from edge_agent.database import Act, both, disk_refuses
from edge_agent.lamps import Hold, Lamp, Order, Programme, Release
from edge_agent.ledger import Ledger
from edge_agent.lights import Lights
from edge_agent.links import LinkError, Refused
from edge_agent.modbus_lamps import Reason
from edge_agent.obstacles import Obstacle, refused, trouble
from edge_agent.outbox import Outbox
from edge_agent.overrides import Overrides
from edge_agent.recorder import Recorder
from edge_agent.wanted import Wanted
from protocols import wire
from protocols.clock import DomainClock
from protocols.commands import Answer, Command, Override, Refusal, Step, is_expired
from protocols.readings import Reading
from protocols.topics import Stream
from rules.lamp_state import reached

log = logging.getLogger(__name__)

PATIENCE_S = 10.0  # for a fade, wall time
_LOOK_EVERY_S = 0.1
_ASLEEP_S = 1.0  # between two looks at a command that waits for its lamp to wake
_AHEAD = timedelta(hours=1)  # a command from further in the future came from a wrong clock, and outranks nothing


class _NotDone(Exception):
    """A command has failed."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(str(obstacle))
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True)
class _Running:
    """A command under way, and the override to fall back to."""

    command: Command
    before: Override | None


class Executor:
    """Takes commands with `submit`, and carries them out in `run`."""

    def __init__(
        self,
        lamps: Mapping[str, Lamp],
        wanted: Wanted,
        held: Overrides,
        commands: Ledger,
        outbox: Outbox,
        recorder: Recorder,
        lights: Lights,
        clock: DomainClock,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._lamps = lamps
        self._wanted = wanted
        self._overrides = held
        self._ledger = commands
        self._outbox = outbox
        self._recorder = recorder
        self._lights = lights
        self._clock = clock
        self._patience_s = patience_s
        self._queue: asyncio.Queue[Command] = asyncio.Queue()
        self._running: dict[str, _Running] = {}

    def submit(self, command: Command) -> None:
        """Take a command; does not wait."""
        self._queue.put_nowait(command)

    async def run(self) -> NoReturn:
        """Carry out commands until cancelled; first those that a restart interrupted."""
        async with asyncio.TaskGroup() as group:
            for command in await self._ledger.unfinished():
                await self._resume(command, group)
            while True:
                await self._take(await self._queue.get(), group)

    async def _take(self, command: Command, group: asyncio.TaskGroup) -> None:
        try:
            before = self._overrides.current(command.target, self._clock.now())
            if await self._admit(command):
                self._start(command, before, group)
        except sqlite3.OperationalError as error:
            self._leave(command, error)

    async def _resume(self, command: Command, group: asyncio.TaskGroup) -> None:
        obstacle = self._obstacle(command)
        try:
            if obstacle is None:
                self._start(command, await self._held_before(command), group)
            else:
                await self._end(command, self._refusal(command, obstacle))
        except sqlite3.OperationalError as error:
            self._leave(command, error)

    async def _held_before(self, command: Command) -> Override | None:
        """The override that an interrupted command found, which is not known any more when it had put its own."""
        held, its_own = self._overrides.current(command.target, self._clock.now()), _override(command)
        if held == its_own:
            return None
        await self._overrides.put(command.target, its_own)
        return held

    def _start(self, command: Command, before: Override | None, group: asyncio.TaskGroup) -> None:
        """A command that takes the place of another one falls back to where that one began."""
        overtaken = self._running.get(command.target)
        self._running[command.target] = running = _Running(command, overtaken.before if overtaken else before)
        self._lights.awaiting.add(command.target)
        group.create_task(self._carry_out_or_leave(running))

    async def _admit(self, command: Command) -> bool:
        """Say the first word on a command, or the last one again. True when it is to be carried out."""
        known, latest = await self._ledger.known(command)
        if known is not None:
            await self._say(known)
            return False
        answer = self._first_word(command, latest)
        if answer.step is not Step.ACCEPTED:
            await self._say(answer, ledger.begin(command, answer))
            return False
        held = overrides.holding(command.target, _override(command))
        await self._say(answer, both(ledger.begin(command, answer), held))
        self._overrides.remember(command.target, _override(command))
        return True

    def _first_word(self, command: Command, latest: datetime | None) -> Answer:
        now = self._clock.now()
        if is_expired(command, now):
            return self._refusal(command, Obstacle(Refusal.CAME_TOO_LATE))
        obstacle = self._obstacle(command)
        if obstacle is None and latest is not None and command.issued_at < latest <= now + _AHEAD:
            obstacle = Obstacle(Refusal.SUPERSEDED)
        return self._refusal(command, obstacle) if obstacle else Answer(id=command.id, step=Step.ACCEPTED, at=now)

    def _obstacle(self, command: Command) -> Obstacle | None:
        """Why this edge cannot even begin."""
        if command.target not in self._lamps:
            return Obstacle(Refusal.NO_SUCH_LAMP)
        if isinstance(command.action, Override) and command.action.until <= self._clock.now():
            return Obstacle(Refusal.ALREADY_OVER)
        return None

    async def _carry_out_or_leave(self, running: _Running) -> None:
        try:
            await self._carry_out(running)
        except sqlite3.OperationalError as error:
            self._leave(running.command, error)

    def _leave(self, command: Command, error: sqlite3.OperationalError) -> None:
        """On a full disk nothing can be promised, and the street must not go dark for it. A command that was not taken
        comes again from the cloud; one that was is found by the next start."""
        if not disk_refuses(error):
            raise error
        log.error("the disk takes nothing: command %s for %s is left unanswered", command.id, command.target)
        if self._is_current(command):
            del self._running[command.target]

    async def _carry_out(self, running: _Running) -> None:
        """To the last word. What failed leaves the luminaire as it was: its next reading puts it right."""
        command, lamp = running.command, self._lamps[running.command.target]
        try:
            await self._tell(lamp, command)
            reading = await self._read_back(lamp, command)
        except _NotDone as error:
            if self._is_current(command):
                await self._overrides.put(lamp.device, running.before)
            await self._end(command, self._refusal(command, error.obstacle))
        else:
            await self._end(command, self._confirmation(command, reading))
            if not lamp.reports_itself:
                await self._show(lamp, reading)

    async def _tell(self, lamp: Lamp, command: Command) -> None:
        """Nobody else tells it the same meanwhile: a gateway's echo of that would pass for what the lamp says."""
        try:
            await self._tell_until_heard(lamp, command)
        finally:
            if self._is_current(command):
                self._lights.awaiting.discard(lamp.device)

    async def _tell_until_heard(self, lamp: Lamp, command: Command) -> None:
        """A lamp that fell asleep just when it was told is told again when it wakes, or says something else."""
        while True:
            await self._until_it_listens(lamp, command)
            try:
                return await self._write(lamp, command)
            except _NotDone as error:
                if not lamp.sleeps or error.obstacle.refusal is not Refusal.NO_ANSWER:
                    raise
            self._give_up_in_vain(command)
            await lamp.listens(_ASLEEP_S)

    async def _until_it_listens(self, lamp: Lamp, command: Command) -> None:
        """A lamp that sleeps is told when it wakes, unless the command has expired by then; meanwhile the cloud knows
        what it waits for."""
        if lamp.is_listening:
            return
        log.info("command %s waits until %s wakes", command.id, lamp.device)
        waiting = Answer(id=command.id, step=Step.WAITING, at=self._clock.now())
        await self._say(waiting, ledger.word(waiting))
        while not lamp.is_listening:
            self._give_up_in_vain(command)
            await lamp.listens(_ASLEEP_S)
        self._give_up_in_vain(command)

    def _give_up_in_vain(self, command: Command) -> None:
        if not self._is_current(command):
            raise _NotDone(Obstacle(Refusal.SUPERSEDED))
        if is_expired(command, self._clock.now()) or self._obstacle(command):
            raise _NotDone(Obstacle(Refusal.SLEPT_THROUGH))

    async def _write(self, lamp: Lamp, command: Command) -> None:
        try:
            async with lamp.turn(Priority.URGENT) as obey:
                if not self._is_current(command):
                    raise _NotDone(Obstacle(Refusal.SUPERSEDED))
                for order in self._orders(command):
                    await obey(order)
        except LinkError as error:
            raise _NotDone(await self._explained(lamp, error)) from error

    def _orders(self, command: Command) -> list[Order]:
        if isinstance(command.action, Override):
            return [Hold(command.action.level, command.action.until)]
        return [Programme(self._wanted.programme(self._clock.now())), Release()]

    async def _explained(self, lamp: Lamp, error: LinkError) -> Obstacle:
        """A controller that has lost its lamp refuses a write with a bare code, but says so when it is read."""
        if not isinstance(error, Refused):
            return trouble(error)
        try:
            reading = await lamp.read(Priority.URGENT)
        except LinkError:
            return trouble(error)
        return Obstacle(Refusal.LAMP_SILENT, error) if _is_silent(reading) else trouble(error)

    async def _read_back(self, lamp: Lamp, command: Command) -> Reading:
        """The reading in which the actual level is the commanded one. Only the first look goes before the polls: a
        hundred fading lamps must not stop them."""
        patience_s = lamp.patience_s or self._patience_s
        ends, priority = time.monotonic() + patience_s, Priority.URGENT
        while True:
            seen = await self._look(lamp, command, priority)
            if isinstance(seen, Reading):
                return seen
            if not self._is_current(command):
                raise _NotDone(Obstacle(Refusal.SUPERSEDED))
            if time.monotonic() >= ends:
                raise _NotDone(replace(seen, waited_s=patience_s))
            await asyncio.sleep(_LOOK_EVERY_S)
            priority = Priority.ROUTINE

    async def _look(self, lamp: Lamp, command: Command, priority: Priority) -> Reading | Obstacle:
        """What a luminaire says now when that is what was commanded, or what it lacks."""
        try:
            reading = await lamp.read(priority)
        except LinkError as error:
            return trouble(error)
        self._lights.hear([reading])
        return self._difference(command, reading) or reading

    def _difference(self, command: Command, reading: Reading) -> Obstacle | None:
        action, actual = command.action, reading.values.get("actual_level")
        is_held = reading.values.get("command_reason") == Reason.OVERRIDE
        if actual is None:
            return Obstacle(Refusal.LAMP_SILENT)
        if not isinstance(action, Override) and is_held:
            return Obstacle(Refusal.STILL_HELD, actual_level=actual)
        wanted = action.level if isinstance(action, Override) else self._wanted.programme(self._clock.now())
        if not reached(actual, self._lamps[command.target].shown(wanted)):
            return Obstacle(Refusal.LEVEL_NOT_REACHED, wanted_level=wanted, actual_level=actual)
        return None

    async def _show(self, lamp: Lamp, reading: Reading) -> None:
        """Let the chart follow at once. In a second that was recorded already there is no place for another reading,
        so the next second is waited for."""
        free = self._recorder.free_second(lamp.device)
        try:
            if reading.at < free:
                await asyncio.sleep(self._until(free))
                reading = await lamp.read(Priority.ROUTINE)
        except LinkError:
            return  # the command is done; the poller tells that the luminaire has gone since
        await self._recorder.record([reading])

    def _until(self, second: int) -> float:
        """Wall time; a clock that was put back is not waited for."""
        delay = (second - self._clock.now().timestamp()) / self._clock.settings.speed
        return min(max(delay, 0.0), self._patience_s)

    def _is_current(self, command: Command) -> bool:
        running = self._running.get(command.target)
        return running is not None and running.command is command

    async def _end(self, command: Command, answer: Answer) -> None:
        await self._say(answer, ledger.word(answer))
        if self._is_current(command):
            del self._running[command.target]

    async def _say(self, answer: Answer, also: Act | None = None) -> None:
        await self._outbox.append(Stream.EVENT, [wire.encode_events([answer])], also)

    def _refusal(self, command: Command, obstacle: Obstacle) -> Answer:
        log.info("command %s for %s is refused: %s", command.id, command.target, obstacle)
        return refused(command, obstacle, self._clock.now())

    def _confirmation(self, command: Command, reading: Reading) -> Answer:
        return Answer(
            id=command.id,
            step=Step.READ_BACK,
            at=self._clock.now(),
            actual_level=reading.values.get("actual_level"),
            active_power=reading.values.get("active_power"),
        )


def _override(command: Command) -> Override | None:
    return command.action if isinstance(command.action, Override) else None


def _is_silent(reading: Reading) -> bool:
    """True of a lamp that its controller does not hear."""
    return reading.values.get("actual_level") is None
