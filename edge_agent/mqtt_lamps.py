"""A luminaire that speaks MQTT. It knows one level, so the edge alone knows its programme and its override."""

import asyncio
import itertools
import math
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from edge_agent.bus import Priority, Turns
from edge_agent.lamps import Hold, Obey, Order, Programme, Release
from edge_agent.links import NoAnswer, Unreachable
from edge_agent.mqtt_line import MqttLine
from edge_agent.peers import Member, Peer
from protocols import dali
from protocols.commands import Override
from protocols.mqtt.levels import Curve
from protocols.mqtt.messages import Told
from protocols.profiles import mqtt as profiles
from protocols.profiles.mqtt import LEVEL, Control
from protocols.quantities import QUANTITIES
from protocols.readings import Reading

_ASK_PAUSE_S = 0.5  # between two questions to one device: what it is asked over may be slow
_REST_S = 0.3  # for the other messages of the same report


@dataclass(slots=True, eq=False)
class MqttLamp:
    """A luminaire on its link. `confirmed` by what it reports after the acknowledgement, never by the acknowledgement:
    that may be the echo of what was asked."""

    line: MqttLine
    peer: Peer
    control: Control
    reports_itself: bool = True
    pace_s: float = 4.0  # a hundred lamps on one radio net, each told every second of a ramp, would hear nothing else
    _turns: Turns = field(default_factory=Turns)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(int(time.time()) % 1_000_000))
    _told: tuple[Order, float] | None = None  # and when, steady seconds

    @property
    def member(self) -> Member:
        return self.peer.member

    @property
    def device(self) -> str:
        return self.member.device

    @property
    def unit(self) -> str:
        return self.member.device

    @property
    def patience_s(self) -> float | None:
        return self.control.reached_within.total_seconds()

    @property
    def sleeps(self) -> bool:
        return self.control.listens_for is not None

    @property
    def is_listening(self) -> bool:
        return self.peer.listens(time.monotonic())

    async def listens(self, within_s: float) -> None:
        """Wait until it speaks, but not longer."""
        try:
            async with asyncio.timeout(within_s):
                await self.peer.speaks()
        except TimeoutError:
            return

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[Obey]:
        """Nobody else tells it anything meanwhile."""

        async def obey(order: Order) -> None:
            await self._obey(order, priority)

        async with self._turns.turn(priority):
            yield obey

    async def read(self, priority: Priority) -> Reading:  # noqa: ARG002 - as every lamp
        """What it says next, asked for where it can be. Raises LinkError."""
        self._check()
        with self.peer.next_level() as future:
            await self._ask()
            try:
                async with asyncio.timeout(self.control.acknowledged_within.total_seconds()):
                    reading = await future
            except TimeoutError as error:
                within = self.control.acknowledged_within.total_seconds()
                raise NoAnswer(f"it said nothing of its level within {within:g} s") from error
        return await self._whole(reading)

    def shown(self, level: float) -> float:
        """By the steps in which it is told, where they are wide."""
        return dali.percent(self.control.number(level)) if self.control.curve is Curve.DALI else level

    def corrections(
        self,
        reading: Reading,
        programme: float,
        override: Override | None,
        written: float | None,  # noqa: ARG002 - as every lamp
    ) -> Sequence[Order]:
        """The one level that it should have, unless it has just been told or sleeps."""
        said = reading.values.get("target_level")
        said = reading.values.get(LEVEL) if said is None else said
        order = Programme(programme) if override is None else Hold(override.level, override.until)
        if said is None or not self.is_listening or self._was_just_told(order):
            return []
        return [] if self.control.number(said) == self.control.number(order.level) else [order]

    def obeyed(self, reading: Reading, programme: float, override: Override | None) -> Reading:
        """It knows one level, whatever set it."""
        level = programme if override is None else override.level
        said = {name: level for name in ("target_level", LEVEL) if name in reading.values}
        return replace(reading, values={**reading.values, **said})

    def _was_just_told(self, order: Order) -> bool:
        told, at = self._told or (None, 0.0)
        return told == order and time.monotonic() - at < self.control.reached_within.total_seconds()

    async def _obey(self, order: Order, priority: Priority) -> None:
        """What somebody waits for has to be acknowledged; the rest shows in the next report."""
        if isinstance(order, Release):
            return  # it is released by the programme's level, which has no end
        self._check()
        told = self._meant(order)
        message = self.control.order(order.level)
        if priority is Priority.URGENT and message.acknowledged is not None:
            await self._tell_and_wait(message, told)
        else:
            await self.line.tell(message, told)
        self._told = order, time.monotonic()

    async def _tell_and_wait(self, message: profiles.Order, told: Told) -> None:
        acknowledged = message.acknowledged
        if acknowledged is None:
            return
        within = self.control.acknowledged_within.total_seconds()
        with self.peer.acknowledgement(
            acknowledged, told, self.line.full_topic(acknowledged.topic, self.member)
        ) as had:
            await self.line.tell(message, told)
            try:
                async with asyncio.timeout(within):
                    await had
            except TimeoutError as error:
                self.peer.is_deaf = True
                raise NoAnswer(f"no acknowledgement within {within:g} s") from error

    def _meant(self, order: Programme | Hold) -> Told:
        end = 0
        if isinstance(order, Hold):
            end = int(min(math.ceil(order.until.timestamp()), QUANTITIES["override_expiry"].high))
        return Told(self.member.topic, self.control.number(order.level), end, next(self._ids))

    def _check(self) -> None:
        if not self.line.connected:
            raise Unreachable(f"no connection to the broker of {self.line.name}")
        if self.peer.online is False:
            raise NoAnswer("it is offline by its last will")

    async def _ask(self) -> None:
        """Raises LinkError."""
        ask = self.control.ask
        if ask is None or not self.is_listening:
            return
        pause = _ASK_PAUSE_S - (time.monotonic() - (self.peer.asked_at or 0.0))
        await asyncio.sleep(max(0.0, pause))
        self.peer.asked_at = time.monotonic()
        await self.line.tell(ask, Told(self.member.topic))

    async def _whole(self, reading: Reading) -> Reading:
        """With what its other messages say of the same moment."""
        if len(self.member.profile.reports) > 1:
            await asyncio.sleep(_REST_S)
        known = self.peer.known_since(reading.at - self.line.seconds(1))
        return Reading(reading.device, reading.kind, reading.at, {**known, **reading.values}, reading.flags)


def lamps(lines: Iterable[MqttLine]) -> dict[str, MqttLamp]:
    """Every device that can be given a level and says which it has, by its id."""
    return {
        peer.member.device: MqttLamp(line, peer, peer.member.profile.control)
        for line in lines
        for peer in line.peers.values()
        if peer.member.profile.is_driven and peer.member.profile.control is not None
    }
