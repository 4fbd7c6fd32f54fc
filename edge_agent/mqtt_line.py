"""The devices of one broker link: they speak by themselves, each by its profile, and are asked when they are silent.

A message never ends the edge: what cannot be used is counted by the name of its fault, and told once for each device. A
retained message is no news, unless it says itself when it was measured. Messages of one second are one reading.
"""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import NoReturn

from edge_agent.links import LinkError
from edge_agent.links.mqtt import MqttLink
from edge_agent.mqtt_config import MqttBus
from edge_agent.pauses import Pause
from edge_agent.peers import Member, Peer
from protocols import topics
from protocols.clock import DomainClock
from protocols.mqtt import messages
from protocols.mqtt.documents import Unusable
from protocols.mqtt.messages import Heard, Message, Told
from protocols.profiles.mqtt import LEVEL, MqttProfile, Order, Report, library
from protocols.readings import Reading

log = logging.getLogger(__name__)

_TICK_S = 0.5  # wall time, as all below
_COMPLETE_S = 1.0  # after so long no other message of that second is awaited
_UNANSWERED = 3  # questions, before a device that has no last will is out of contact
_TRANSIT_S = 5.0  # how long a message may be on its way
_MOST_PENDING = 20_000  # readings, before they are recorded without waiting for the rest of their second

Hear = Callable[[Sequence[Reading]], None]
Record = Callable[[Sequence[Reading]], Awaitable[None]]


@dataclass(slots=True)
class Counts:
    """What a link has brought since the start."""

    messages: int = 0
    readings: int = 0
    old: int = 0  # older than what the device had said already
    turns: int = 0  # of its loop, while its connection stands or is tried
    retained: int = 0  # kept by the broker, of an unknown time
    asked: int = 0
    faults: Counter[str] = field(default_factory=Counter)


class MqttLine:
    """Give it to a task with `run`. `hear` learns at once what a device says of itself, `record` keeps it."""

    def __init__(
        self,
        settings: MqttBus,
        prefix: str,
        identifier: str,
        clock: DomainClock,
        local: tzinfo,
        hear: Hear,
        record: Record,
        pause: Pause | None = None,
    ) -> None:
        self.name = settings.id
        self._prefix, self._clock, self._local = prefix, clock, local
        self._hear, self._record = hear, record
        self._ask_every = settings.ask_every.total_seconds()
        self._slack_s = _TRANSIT_S * clock.settings.speed
        known = library()
        self.peers = {d.id: Peer(Member(d.id, d.topic, known[d.profile])) for d in settings.devices}
        self._by_topic = dict(self._listened())
        self._pending: dict[tuple[str, int], tuple[float, Reading]] = {}
        self._complained: set[tuple[str, str]] = set()
        self._link = MqttLink(self.name, settings.broker, identifier, list(self._by_topic), self._take, pause)
        self.counts = Counts()

    @property
    def connected(self) -> bool:
        """True while devices can be heard and told."""
        return self._link.connected

    @property
    def silent(self) -> int:
        """How many devices are out of contact."""
        return sum(peer.gone_since is not None for peer in self.peers.values())

    async def run(self) -> NoReturn:
        """Listen until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._link.run())
                group.create_task(self._ask())
                while True:
                    await asyncio.sleep(_TICK_S)
                    self._watch(time.monotonic())
                    await self._flush(time.monotonic())
                    self.counts.turns += self._link.works(time.monotonic())
        finally:
            await self._flush(math.inf)  # the broker has let go of it: nobody else has it

    async def tell(self, order: Order, told: Told) -> None:
        """Returns when the broker has it. Raises LinkError."""
        await self._link.publish(self._addressed(messages.written(order, told)))

    def full_topic(self, pattern: str, member: Member) -> str:
        """A topic of a profile as it stands on the broker."""
        return topics.under(self._prefix, messages.topic(pattern, member.topic))

    def seconds(self, wall: float) -> int:
        """A span of the wall in the city's time."""
        return int(wall * self._clock.settings.speed)

    def _addressed(self, message: Message) -> Message:
        return Message(topics.under(self._prefix, message.topic), message.payload)

    def _listened(self) -> Iterator[tuple[str, tuple[Peer, str]]]:
        """Every topic with the device that it is of, and its name in the device's profile."""
        for peer in self.peers.values():
            for pattern in peer.member.profile.heard:
                yield self.full_topic(pattern, peer.member), (peer, pattern)

    # What comes

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:
        """One message of a topic that was subscribed to."""
        self.counts.messages += 1
        peer, pattern = self._by_topic[topic]
        profile = peer.member.profile
        if not retained:
            peer.tell_answer(topic, payload)
        if pattern == profile.availability.topic:
            self._available(peer, payload, retained)
        elif not retained:
            self._spoke(peer)
        for report in profile.reports:
            if report.topic == pattern:
                self._report(peer, report, payload, retained)

    def _available(self, peer: Peer, payload: bytes, retained: bool) -> None:
        online = messages.is_online(peer.member.profile.availability, payload)
        if online is None:
            return
        peer.online = online
        if online and not retained:
            self._spoke(peer)

    def _spoke(self, peer: Peer) -> None:
        now = time.monotonic()
        peer.online = None if peer.online is False else peer.online
        peer.spoke(now)
        if peer.gone_since is not None:
            log.info("%s: %s is in contact again after %.0f s", self.name, peer.member.device, now - peer.gone_since)
            peer.gone_since = None

    def _report(self, peer: Peer, report: Report, payload: bytes, retained: bool) -> None:
        arrived = self._clock.now().timestamp()
        try:
            heard = messages.decode(report, payload, arrived, self._local, self._slack_s)
        except Unusable as error:
            self._complain(peer, error)
            return
        for fault in heard.faults:
            self._complain(peer, fault)
        if retained and not heard.timed:
            self.counts.retained += 1
        elif heard.values:
            self._news(peer, heard, arrived, retained)

    def _news(self, peer: Peer, heard: Heard, arrived: float, retained: bool) -> None:
        if peer.last_at is not None and heard.at < peer.last_at <= arrived:
            self.counts.old += 1
            return
        member = peer.member
        reading = Reading(member.device, member.profile.kind, heard.at, heard.values, heard.flags)
        peer.learn(reading)
        self._keep(reading)
        if heard.fresh and _tells_a_level(reading):
            self._hear([reading])
        if heard.fresh and not retained:
            peer.tell_level(reading)

    def _keep(self, reading: Reading) -> None:
        """Until its second is over, and what else was said of it has come."""
        self.counts.readings += 1
        name = reading.device, reading.at
        since, before = self._pending.get(name, (time.monotonic(), reading))
        values, flags = {**before.values, **reading.values}, {**before.flags, **reading.flags}
        self._pending[name] = since, Reading(reading.device, reading.kind, reading.at, values, flags)

    async def _flush(self, now: float) -> None:
        waits = 0.0 if len(self._pending) > _MOST_PENDING else _COMPLETE_S
        ready = [name for name, (since, _) in self._pending.items() if now - since >= waits]
        if ready:
            found = [self._pending.pop(name)[1] for name in ready]
            await self._record(sorted(found, key=lambda reading: reading.at))

    def _complain(self, peer: Peer, fault: Unusable) -> None:
        """Once for each device and fault; the rest is counted."""
        self.counts.faults[fault.fault] += 1
        name = peer.member.device, str(fault.fault)
        if name not in self._complained:
            self._complained.add(name)
            log.warning("%s: what %s says cannot be used (%s): %s", self.name, peer.member.device, fault.fault, fault)

    # Who is there

    def _watch(self, now: float) -> None:
        if self._link.connected_since is None:
            return
        for peer in self.peers.values():
            reason = self._why_gone(peer, now, self._link.connected_since)
            if reason and peer.gone_since is None:
                self._lose(peer, now, reason)

    def _why_gone(self, peer: Peer, now: float, connected_since: float) -> str | None:
        if peer.online is False:
            return "its last will"
        longest = self._longest_silence(peer.member.profile)
        silence = now - max(peer.spoke_at or connected_since, connected_since)
        return f"nothing was heard for {silence:.0f} s" if longest is not None and silence > longest else None

    def _longest_silence(self, profile: MqttProfile) -> float | None:
        if profile.availability.expire_after is not None:
            return profile.availability.expire_after.total_seconds()
        can_be_asked = profile.control is not None and profile.control.ask is not None
        return _UNANSWERED * self._ask_every if can_be_asked else None

    def _lose(self, peer: Peer, now: float, reason: str) -> None:
        """Nothing is known of it since its last word, and that is what is recorded: what it has measured meanwhile, and
        sends when it is back, is later than that. Of a device that has said nothing since our start nobody knows since
        when, so nothing is recorded, and its silence tells."""
        member, seen = peer.member, self._clock.seconds()
        peer.gone_since = now
        log.warning("%s: %s is out of contact: %s", self.name, member.device, reason)
        if peer.last_at is None:
            return
        nothing: Mapping[str, float | None] = {point.quantity: None for point in member.profile.points}
        at = seen if peer.last_at > seen else peer.last_at + 1
        reading = Reading(member.device, member.profile.kind, at, nothing)
        peer.learn(reading)
        self._keep(reading)
        self._hear([reading])

    async def _ask(self) -> NoReturn:
        """Devices that speak only when something changes are asked from time to time."""
        while True:
            await asyncio.sleep(_TICK_S)
            for peer, order in self._to_be_asked(time.monotonic()):
                peer.asked_at = time.monotonic()
                with suppress(LinkError):  # the link says it
                    await self.tell(order, Told(peer.member.topic))
                    self.counts.asked += 1

    def _to_be_asked(self, now: float) -> list[tuple[Peer, Order]]:
        if not self._link.connected:
            return []
        due: list[tuple[Peer, Order]] = []
        for peer in self.peers.values():
            control = peer.member.profile.control
            quiet = now - max(peer.spoke_at or 0.0, peer.asked_at or 0.0)
            if control is not None and control.ask is not None and control.listens_for is None:
                due += [(peer, control.ask)] if quiet >= self._ask_every else []
        return due


def _tells_a_level(reading: Reading) -> bool:
    return LEVEL in reading.values or "target_level" in reading.values
