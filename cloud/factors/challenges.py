"""Tickets for whoever has not said yet who he is: they carry their own end and seal, so that nobody fills the memory.

Only those that opened something are remembered, until their end, so that none does it twice.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta

_BYTES = 16


class Challenges:
    """`wall` returns Unix seconds."""

    def __init__(self, wall: Callable[[], float], lasts: timedelta) -> None:
        self._wall, self._lasts_s = wall, lasts.total_seconds()
        self._key = secrets.token_bytes(32)
        self._used: dict[str, float] = {}

    def give(self) -> str:
        """A new one."""
        what = f"{secrets.token_hex(_BYTES)}.{int(self._wall() + self._lasts_s)}"
        return f"{what}.{self._seal(what)}"

    def is_good(self, ticket: str) -> bool:
        """True for one that was given here, is not too old, and has opened nothing yet."""
        what, _, seal = ticket.rpartition(".")
        if not hmac.compare_digest(self._seal(what).encode(), seal.encode()):
            return False
        return self._wall() < _end(what) and ticket not in self._used

    def use(self, ticket: str) -> bool:
        """True for a good one; from now on it is not."""
        if not self.is_good(ticket):
            return False
        now = self._wall()
        self._used = {one: end for one, end in self._used.items() if now < end}
        self._used[ticket] = _end(ticket.rpartition(".")[0])
        return True

    def _seal(self, what: str) -> str:
        return hmac.new(self._key, what.encode(), hashlib.sha256).hexdigest()


def _end(what: str) -> float:
    return float(what.rpartition(".")[2])
