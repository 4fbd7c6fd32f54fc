"""Carries out commands. Done means that the device's actual level was read and is the commanded one.

A command is on the disk before anything is done, so it survives us; the same id twice has one effect and one answer; of
two commands for one luminaire the one that was issued later wins, in whatever order they come. A group is many
commands that came together: they are taken in one transaction, carried out bus by bus, and answered some together.
"""

import asyncio
import functools
import logging
import sqlite3
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import NoReturn

from edge_agent import ledger, overrides
from edge_agent.bus import Bus, Priority
from edge_agent.database import disk_refuses, together
from edge_agent.judging import Judge
from edge_agent.lamps import Lamp
from edge_agent.ledger import Ledger
from edge_agent.lights import Lights
from edge_agent.line_work import Job, LineWork
from edge_agent.links import LinkError, Refused
from edge_agent.modbus_lamps import ModbusLamp
from edge_agent.obstacles import Obstacle, trouble
from edge_agent.outbox import Outbox
from edge_agent.overrides import NOTHING, Overrides
from edge_agent.recorder import Recorder
from edge_agent.replies import Replies
from edge_agent.self_testing import Found, SelfTesting, Test
from edge_agent.wanted import Wanted
from protocols.clock import DomainClock
from protocols.commands import (
    Action,
    Answer,
    Command,
    Emergency,
    Group,
    Held,
    Override,
    Refusal,
    SelfTest,
    Step,
    Unlock,
    is_expired,
)
from protocols.readings import Reading
from rules.held import after, after_failure

log = logging.getLogger(__name__)

PATIENCE_S = 10.0  # for a fade, wall time
_LOOK_EVERY_S = 0.1
_ASLEEP_S = 1.0  # between two looks at a command that waits for its lamp to wake


class _NotDone(Exception):
    """A command has failed."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(str(obstacle))
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True)
class _Running:
    """A command under way, what held its luminaire before, and whether others came with it."""

    command: Command
    before: Held
    is_one_of_many: bool = False

    @property
    def fallback(self) -> Held:
        """What holds it when the command fails, or when another one takes its place."""
        return after_failure(self.before, self.command.action)


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
        self._overrides = held
        self._ledger = commands
        self._replies = Replies(outbox)
        self._recorder = recorder
        self._lights = lights
        self._clock = clock
        self._patience_s = patience_s
        self._judge = Judge(lamps, wanted, clock)
        self._line_work = LineWork(self._judge, lights, self._tell_once, self._is_current, patience_s)
        self._self_testing = SelfTesting(held, lights, clock, self._is_current, patience_s)
        self._queue: asyncio.Queue[Command | Group] = asyncio.Queue()
        self._running: dict[str, _Running] = {}
        self._changing = asyncio.Lock()  # who holds a lamp: of a command that comes and one that fails, one at a time

    def submit(self, said: Command | Group) -> None:
        """Take a command, or many; does not wait."""
        self._queue.put_nowait(said)

    async def run(self) -> NoReturn:
        """Carry out commands until cancelled; first those that a restart interrupted."""
        async with asyncio.TaskGroup() as group:
            self._start(await self._resumed(), group)
            while True:
                said = await self._queue.get()
                await self._take(said.commands() if isinstance(said, Group) else [said], group)

    async def _take(self, commands: Sequence[Command], group: asyncio.TaskGroup) -> None:
        async with self._changing:
            await self._take_on(commands, group)

    async def _take_on(self, commands: Sequence[Command], group: asyncio.TaskGroup) -> None:
        try:
            before = {command.target: self._before(command.target) for command in commands}
            admitted = await self._admit(commands, before)
        except sqlite3.OperationalError as error:
            for command in commands:
                self._leave(command, error)
        else:
            self._start([(command, before[command.target]) for command in admitted], group)

    def _before(self, device: str) -> Held:
        """What holds a luminaire; while a command is under way, what held it when that began."""
        running = self._running.get(device)
        return running.fallback if running else self._overrides.held(device, self._clock.now())

    async def _resumed(self) -> list[tuple[Command, Held]]:
        """What was interrupted, oldest first, each with what held its luminaire before. Where a command had not yet
        said that a later one took its place, it is said now."""
        found: list[tuple[Command, Held]] = []
        unfinished = await self._ledger.unfinished()
        latest = {command.target: command for command in unfinished}
        for command in unfinished:
            is_overtaken = latest[command.target] is not command
            obstacle = Obstacle(Refusal.SUPERSEDED) if is_overtaken else self._judge.lasting_obstacle(command)
            try:
                if obstacle is None:
                    found.append((command, await self._held_before(command)))
                else:
                    await self._end(_Running(command, NOTHING), self._judge.refusal(command, obstacle))
            except sqlite3.OperationalError as error:
                self._leave(command, error)
        return found

    async def _held_before(self, command: Command) -> Held:
        """What held the luminaire of an interrupted command. What it put itself has taken the place of that, which is
        not known any more."""
        held = self._overrides.held(command.target, self._clock.now())
        its_own = after(held, command.action)
        if held == its_own:
            return _without(held, command.action)
        if isinstance(command.action, Unlock):
            self._overrides.remember(command.target, its_own)
        else:
            await self._overrides.put(command.target, its_own)
        return held

    def _start(self, found: Sequence[tuple[Command, Held]], group: asyncio.TaskGroup) -> None:
        """Those of one bus that came together are carried out together."""
        lines: dict[Bus, list[_Running]] = defaultdict(list)
        tests: list[Test] = []
        for command, before in found:
            running = _Running(command, before, len(found) > 1)
            self._running[command.target] = running
            lamp = self._lamps[command.target]
            if isinstance(command.action, SelfTest):
                tests.append(Test(command, lamp, functools.partial(self._end_test, running)))
                continue
            self._lights.awaiting.add(command.target)
            if running.is_one_of_many and isinstance(lamp, ModbusLamp):
                lines[lamp.line].append(running)
            else:
                group.create_task(self._carry_out_or_leave(running))
        for line, some in lines.items():
            group.create_task(self._carry_out_together(line, some))
        if tests:
            group.create_task(self._self_testing.run(tests))

    async def _end_test(self, running: _Running, found: Found) -> None:
        command, judge = running.command, self._judge
        answer = judge.refusal(command, found) if isinstance(found, Obstacle) else judge.measured(command, found)
        try:
            await self._end(running, answer)
        except sqlite3.OperationalError as error:
            self._leave(command, error)

    async def _admit(self, commands: Sequence[Command], before: Mapping[str, Held]) -> list[Command]:
        """Say the first word on each command, or the last one again. Returns those that are to be carried out."""
        known = await self._ledger.known(commands)
        now = self._clock.now()
        words = [
            said
            or self._judge.first_word(
                command, latest, before[command.target], self._overrides.held(command.target, now)
            )
            for command, (said, latest) in zip(commands, known, strict=True)
        ]
        new = [(command, word) for command, word, (said, _) in zip(commands, words, known, strict=True) if said is None]
        admitted = [command for command, word in new if word.step is Step.ACCEPTED]
        begun = [ledger.begin(command, word) for command, word in new]
        held = {command.target: after(before[command.target], command.action) for command in admitted}
        kept = [
            overrides.holding(one.target, _kept(one.action, before[one.target], held[one.target])) for one in admitted
        ]
        await self._replies.say(words, together([*begun, *kept]))
        for device, now_held in held.items():
            self._overrides.remember(device, now_held)
        return admitted

    async def _carry_out_or_leave(self, running: _Running) -> None:
        try:
            await self._carry_out(running)
        except sqlite3.OperationalError as error:
            self._leave(running.command, error)

    async def _carry_out_together(self, bus: Bus, some: Sequence[_Running]) -> None:
        """To the last word on each."""
        jobs = [
            Job(one.command, lamp) for one in some if isinstance(lamp := self._lamps[one.command.target], ModbusLamp)
        ]
        running = {one.command.id: one for one in some}
        try:
            async with aclosing(self._line_work.outcomes(bus, jobs)) as outcomes:
                async for ended in outcomes:
                    async with self._changing:
                        await self._end_together([(running[command.id], found) for command, found in ended])
        except sqlite3.OperationalError as error:
            for one in some:
                self._leave(one.command, error)

    def _leave(self, command: Command, error: sqlite3.OperationalError) -> None:
        """On a full disk nothing can be promised, and the street must not go dark for it. A command that was not taken
        comes again from the cloud; one that was is found by the next start."""
        if not disk_refuses(error):
            raise error
        log.error("the disk takes nothing: command %s for %s is left unanswered", command.id, command.target)
        if self._is_current(command):
            self._lights.awaiting.discard(command.target)
            self._forget(command)

    async def _carry_out(self, running: _Running) -> None:
        """To the last word. What failed leaves the luminaire as it was: its next reading puts it right."""
        command, lamp = running.command, self._lamps[running.command.target]
        try:
            await self._tell(lamp, running)
            reading = await self._read_back(lamp, command)
        except _NotDone as error:
            async with self._changing:
                if self._is_current(command):
                    await self._overrides.put(lamp.device, running.fallback)
            await self._end(running, self._judge.refusal(command, error.obstacle))
        else:
            async with self._changing:
                answer = self._last_word(command, reading)
                if _is_unlocked(command, answer):
                    await self._overrides.put(lamp.device, self._overrides.held(lamp.device, self._clock.now()))
                self._forget(command)  # before it is said: what comes from here on finds a command that was confirmed
            await self._end(running, answer)
            if not lamp.reports_itself:
                await self._show(lamp, reading)

    async def _tell(self, lamp: Lamp, running: _Running) -> None:
        """Nobody else tells it the same meanwhile: a gateway's echo of that would pass for what the lamp says."""
        try:
            await self._tell_until_heard(lamp, running)
        finally:
            if self._is_current(running.command):
                self._lights.told(lamp.device)

    async def _tell_once(self, lamp: Lamp, command: Command) -> Obstacle | None:
        """What stands in the way."""
        try:
            await self._write(lamp, command)
        except _NotDone as error:
            return error.obstacle
        finally:
            if self._is_current(command):
                self._lights.told(lamp.device)
        return None

    async def _tell_until_heard(self, lamp: Lamp, running: _Running) -> None:
        """A lamp that fell asleep just when it was told is told again when it wakes, or says something else."""
        command = running.command
        while True:
            await self._until_it_listens(lamp, running)
            try:
                return await self._write(lamp, command)
            except _NotDone as error:
                if not lamp.sleeps or error.obstacle.refusal is not Refusal.NO_ANSWER:
                    raise
            self._give_up_in_vain(command)
            await lamp.listens(_ASLEEP_S)

    async def _until_it_listens(self, lamp: Lamp, running: _Running) -> None:
        """A lamp that sleeps is told when it wakes, unless the command has expired by then; meanwhile the cloud knows
        what it waits for."""
        if lamp.is_listening:
            return
        command = running.command
        log.info("command %s waits until %s wakes", command.id, lamp.device)
        await self._say(running, Answer(id=command.id, step=Step.WAITING, at=self._clock.now()))
        while not lamp.is_listening:
            self._give_up_in_vain(command)
            await lamp.listens(_ASLEEP_S)
        self._give_up_in_vain(command)

    def _give_up_in_vain(self, command: Command) -> None:
        if not self._is_current(command):
            raise _NotDone(Obstacle(Refusal.SUPERSEDED))
        if is_expired(command, self._clock.now()) or self._judge.obstacle(command):
            raise _NotDone(Obstacle(Refusal.SLEPT_THROUGH))

    async def _write(self, lamp: Lamp, command: Command) -> None:
        try:
            async with lamp.turn(Priority.URGENT) as obey:
                if not self._is_current(command):
                    raise _NotDone(Obstacle(Refusal.SUPERSEDED))
                for order in self._judge.orders(command):
                    await obey(order)
        except LinkError as error:
            raise _NotDone(await self._explained(lamp, error)) from error

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
        self._lights.remember([reading])
        return self._judge.difference(command, reading) or reading

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

    async def _end(self, running: _Running, answer: Answer) -> None:
        await self._say(running, answer)
        self._forget(running.command)

    def _forget(self, command: Command) -> None:
        if self._is_current(command):
            del self._running[command.target]

    async def _say(self, running: _Running, answer: Answer) -> None:
        if running.is_one_of_many:
            await self._replies.say_soon(answer, ledger.word(answer))
        else:
            await self._replies.say([answer], ledger.word(answer))

    async def _end_together(self, ended: Sequence[tuple[_Running, Reading | Obstacle]]) -> None:
        """What failed leaves its luminaire as it was: its next reading puts it right."""
        left = [one for one, found in ended if isinstance(found, Obstacle) and self._is_current(one.command)]
        answers = [self._last_word(one.command, found) for one, found in ended]
        held = [overrides.holding(one.command.target, one.fallback) for one in left]
        now = self._clock.now()
        for (one, _), answer in zip(ended, answers, strict=True):
            if _is_unlocked(one.command, answer):
                held.append(overrides.holding(one.command.target, self._overrides.held(one.command.target, now)))
        await self._replies.say(answers, together([*map(ledger.word, answers), *held]))
        for one in left:
            self._overrides.remember(one.command.target, one.fallback)
        for one, _ in ended:
            if self._is_current(one.command):
                self._lights.awaiting.discard(one.command.target)
                self._forget(one.command)

    def _last_word(self, command: Command, found: Reading | Obstacle) -> Answer:
        """What reached its level just when a later command was taken holds it no more."""
        if isinstance(found, Obstacle):
            return self._judge.refusal(command, found)
        if not self._is_current(command):
            return self._judge.refusal(command, Obstacle(Refusal.SUPERSEDED))
        return self._judge.confirmation(command, found)


def _kept(action: Action, before: Held, held: Held) -> Held:
    """What is on the disk while a command is under way. A lock-out stays there until its end is confirmed: an unlocking
    that is interrupted and then fails leaves it, and that is what the cloud shows."""
    return replace(held, lock_out=before.lock_out) if isinstance(action, Unlock) else held


def _is_unlocked(command: Command, answer: Answer) -> bool:
    return isinstance(command.action, Unlock) and answer.step is Step.READ_BACK


def _without(held: Held, action: Action) -> Held:
    """Without what an action has put on its own rung."""
    match action:
        case Override():
            return replace(held, override=None)
        case Emergency():
            return replace(held, emergency=None)
        case _:
            return held


def _is_silent(reading: Reading) -> bool:
    """True of a lamp that its controller does not hear."""
    return reading.values.get("actual_level") is None
