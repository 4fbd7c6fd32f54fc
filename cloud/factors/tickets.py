"""Secrets that are good for a short while, and once.

They live in memory: a restart forgets them, and people begin anew.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST_EACH = 5  # of one owner; the oldest goes, so nobody fills the memory


@dataclass(frozen=True, slots=True)
class Ticket(Generic[T]):
    """`owner` is who it was given to. `expires_at` is wall time."""

    secret: str
    owner: str
    what: T
    expires_at: datetime


class Tickets(Generic[T]):
    """The tickets of one kind. `wall` returns Unix seconds."""

    def __init__(self, wall: Callable[[], float], lasts: timedelta) -> None:
        self._wall, self._lasts = wall, lasts
        self._open: dict[str, Ticket[T]] = {}

    def give(self, owner: str, what: T) -> Ticket[T]:
        """A new one, for something."""
        self._forget(owner)
        ticket = Ticket(secrets.token_urlsafe(32), owner, what, self._now() + self._lasts)
        self._open[ticket.secret] = ticket
        return ticket

    def look(self, secret: str) -> Ticket[T] | None:
        """The ticket, if it is still good."""
        ticket = self._open.get(secret)
        return ticket if ticket is not None and self._now() < ticket.expires_at else None

    def take(self, secret: str) -> Ticket[T] | None:
        """The ticket, if it was still good; from now on it is not."""
        ticket = self.look(secret)
        self._open.pop(secret, None)
        return ticket

    def _forget(self, owner: str) -> None:
        """Those that are too old, and the oldest of an owner who has too many."""
        now = self._now()
        self._open = {secret: ticket for secret, ticket in self._open.items() if now < ticket.expires_at}
        mine = [secret for secret, ticket in self._open.items() if ticket.owner == owner]
        for secret in mine[: len(mine) - _MOST_EACH + 1]:
            del self._open[secret]

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)
