"""Proof given once more by who is signed in, before something weighty: many lamps, another second factor."""

from datetime import timedelta

from cloud.factors.tickets import Ticket, Tickets
from cloud.people.store import Session
from protocols.clock import DomainClock

LASTS = timedelta(minutes=2)  # of wall time


class Confirmations:
    """Confirmations of sessions; each is good for one act of the session that it was given to."""

    def __init__(self, clock: DomainClock) -> None:
        self._tickets = Tickets[str](clock.wall, LASTS)

    def give(self, session: Session, how: str) -> Ticket[str]:
        """A confirmation for who has proved himself; `how` is what with."""
        return self._tickets.give(session.token_hash, how)

    def use(self, session: Session, confirmation: str) -> bool:
        """True when this session was confirmed, a moment ago and for no other act yet."""
        return self.used(session, confirmation) is not None

    def used(self, session: Session, confirmation: str) -> str | None:
        """What with, when this session was confirmed, a moment ago and for no other act yet."""
        ticket = self._tickets.look(confirmation)
        if ticket is None or ticket.owner != session.token_hash:
            return None
        self._tickets.take(confirmation)
        return ticket.what
