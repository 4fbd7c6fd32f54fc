"""Who is listening, and a bounded queue for each: a slow listener is let go, nobody waits for it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cloud.fleet.view import View, Views
from cloud.people.rights import Right
from cloud.people.store import Session

MOST_WAITING = 512  # messages: some minutes of the map, or two ticks that move all devices of a listener
SLOW = 1013  # RFC 6455 registry, "Try Again Later"
SIGNED_OUT = 1008  # RFC 6455, "Policy Violation"


@dataclass(frozen=True, slots=True)
class Closing:
    """The last thing in a queue."""

    code: int
    reason: str


Item = str | bytes | Closing


@dataclass(eq=False, slots=True)
class Listener:
    """One open socket. It has asked for the readings of `devices`, and to hear of one `site` alone."""

    session: Session
    views: Views
    site: str | None = None
    devices: frozenset[str] = frozenset()
    _messages: int = 0
    _spoke: bool = False
    _waiting: asyncio.Queue[Item] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    _let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, message: str | bytes) -> None:
        """Put a message at the end of the queue; who has not kept up is closed instead."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.close(SLOW, "too slow")

    def heard(self) -> None:
        """It has said something. The first word is what a console says by itself when it connects; what comes later
        somebody has asked for."""
        self._spoke = self._messages > 0
        self._messages += 1

    def has_spoken(self) -> bool:
        """True when somebody has asked for something since the last time that this was asked."""
        spoke, self._spoke = self._spoke, False
        return spoke

    def close(self, code: int, reason: str) -> None:
        """Close the socket; what was still waiting is dropped."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(Closing(code, reason))
        self._let_go.set()

    async def let_go(self) -> None:
        """Returns once the socket is to be closed."""
        await self._let_go.wait()

    async def next(self) -> Item:
        """The next thing to send."""
        return await self._waiting.get()

    def view(self, right: Right) -> View:
        """What of the city may be said here, of what needs a right."""
        return self.views.of(self.session.grants, right, self.site)


class Hub:
    """The listeners of one kind of feed."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._listeners: set[Listener] = set()

    def __iter__(self) -> Iterator[Listener]:
        return iter(list(self._listeners))

    def __len__(self) -> int:
        return len(self._listeners)

    def join(self, session: Session, site: str | None = None) -> Listener:
        """Somebody begins to listen."""
        listener = Listener(session, self._views, site)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Somebody has gone."""
        self._listeners.discard(listener)

    def views(self, right: Right) -> set[View]:
        """What those see who listen and see anything."""
        return {view for listener in self if not (view := listener.view(right)).is_empty}

    def say(self, write: Callable[[View], str | bytes | None], right: Right) -> None:
        """Tell everybody what they may know: `write` says it for one view, or nothing."""
        written = {view: write(view) for view in self.views(right)}
        for listener in self:
            if (message := written.get(listener.view(right))) is not None:
                listener.offer(message)
