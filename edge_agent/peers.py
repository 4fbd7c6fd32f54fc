"""One device that speaks MQTT, as the edge knows it: when it spoke, what it said, and who waits for its word."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from protocols.mqtt import messages
from protocols.mqtt.messages import Told
from protocols.profiles.mqtt import LEVEL, Acknowledged, MqttProfile
from protocols.readings import Reading

Takes = Callable[[str, bytes], bool]  # topic, payload


@dataclass(frozen=True, slots=True)
class Member:
    """A device and its place: `topic` stands for {device} in the topics of its profile."""

    device: str
    topic: str
    profile: MqttProfile


@dataclass(slots=True)
class Peer:
    """`spoke_at`, `asked_at` and `gone_since` are steady seconds; `online` is what its last will says."""

    member: Member
    spoke_at: float | None = None
    asked_at: float | None = None
    gone_since: float | None = None
    online: bool | None = None
    last_at: int | None = None  # of its newest reading, domain seconds
    is_deaf: bool = False  # what it was told last was not acknowledged: it sleeps already
    _known: dict[str, tuple[int, float | None]] = field(default_factory=dict)
    _spoken: asyncio.Event = field(default_factory=asyncio.Event)
    _levels: set[asyncio.Future[Reading]] = field(default_factory=set)
    _answers: dict[asyncio.Future[None], Takes] = field(default_factory=dict)

    def spoke(self, now: float) -> None:
        """It is there, and for a while it listens."""
        self.spoke_at, self.is_deaf = now, False
        self._spoken.set()

    def listens(self, now: float) -> bool:
        """False of a device that sleeps."""
        control = self.member.profile.control
        if control is None or control.listens_for is None:
            return True
        return (
            self.spoke_at is not None and not self.is_deaf and now < self.spoke_at + control.listens_for.total_seconds()
        )

    async def speaks(self) -> None:
        """Wait for its next word."""
        self._spoken.clear()
        await self._spoken.wait()

    def learn(self, reading: Reading) -> None:
        """Its values one by one, as messages may each bring a part."""
        self.last_at = reading.at
        self._known.update({quantity: (reading.at, value) for quantity, value in reading.values.items()})

    def known_since(self, at: int) -> Mapping[str, float | None]:
        """What it has said from a moment on."""
        return {quantity: value for quantity, (said_at, value) in self._known.items() if said_at >= at}

    @contextmanager
    def next_level(self) -> Iterator[asyncio.Future[Reading]]:
        """Its next fresh reading that has a level."""
        future: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        self._levels.add(future)
        try:
            yield future
        finally:
            self._levels.discard(future)

    @contextmanager
    def acknowledgement(self, acknowledged: Acknowledged, told: Told, topic: str) -> Iterator[asyncio.Future[None]]:
        """Its word that it has what it is about to be told."""

        def takes(said_on: str, payload: bytes) -> bool:
            return said_on == topic and messages.is_acknowledged(acknowledged, payload, told)

        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers[future] = takes
        try:
            yield future
        finally:
            del self._answers[future]

    def tell_level(self, reading: Reading) -> None:
        """Whoever waits for a level has one."""
        for future in self._levels if LEVEL in reading.values else ():
            if not future.done():
                future.set_result(reading)

    def tell_answer(self, topic: str, payload: bytes) -> None:
        """Whoever waits for an acknowledgement may have it."""
        for future, takes in self._answers.items():
            if not future.done() and takes(topic, payload):
                future.set_result(None)
