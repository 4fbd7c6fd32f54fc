"""The pause between tries of one thing: it grows, and is random, so that many who wait do not come back together."""

import random


class Pause:
    """Doubles from `first_s` up to `longest_s`; each is between a half and the whole of that."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._next_s = first_s

    def next(self) -> float:
        """Seconds until the next try."""
        pause_s, self._next_s = self._next_s, min(self._next_s * 2, self._longest_s)
        return pause_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    def reset(self) -> None:
        """It worked."""
        self._next_s = self._first_s
