"""Slows down who guesses passwords: so many failures in a window for one account, and for one address."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from cloud.errors import TooManyTries

WINDOW_S = 300.0
PER_ACCOUNT = 10
PER_ADDRESS = 50
_MOST_KEYS = 10_000  # an attacker who invents names must not fill the memory

Key = tuple[str, str]


@dataclass(slots=True)
class Limiter:
    """Counts tries. `now` returns seconds of a clock that never goes back."""

    now: Callable[[], float]
    _tries: OrderedDict[Key, deque[float]] = field(default_factory=OrderedDict)

    def count(self, username: str, address: str) -> None:
        """Count a try before it is made. Raises TooManyTries."""
        keys = {("account", username): PER_ACCOUNT, ("address", address): PER_ADDRESS}
        if any(len(self._recent(key)) >= most for key, most in keys.items()):
            raise TooManyTries
        for key in keys:
            self._recent(key).append(self.now())

    def forgive(self, username: str, address: str) -> None:
        """The try was a good one: the account starts anew, the address gets it back."""
        self._tries.pop(("account", username), None)
        recent = self._recent(("address", address))
        if recent:
            recent.pop()

    def _recent(self, key: Key) -> deque[float]:
        tries = self._tries.setdefault(key, deque())
        self._tries.move_to_end(key)
        while tries and tries[0] <= self.now() - WINDOW_S:
            tries.popleft()
        if len(self._tries) > _MOST_KEYS:
            self._tries.popitem(last=False)
        return tries
