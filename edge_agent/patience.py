"""How long a unit is waited for within a round. A whole time-out for every unit that has gone would cost the others
their polls, so in a round each is given what the experience of the bus says is plenty; who did not answer in that time
is asked again at the end of the round, in peace. Pure: seconds in, seconds out."""

from collections.abc import Mapping

_PLENTY = 4.0  # times the longest that it took
_LEAST = 1 / 8  # of the time-out
_FORGETS = 0.95  # of the longest, with every answer


class Patience:
    """With the units of one bus. `timeout` is the longest that it lasts, `timeouts` that with certain units."""

    def __init__(self, timeout: float, timeouts: Mapping[int, float]) -> None:
        self._timeout = timeout
        self._timeouts = timeouts
        self._took: dict[int, float] = {}
        self._slowest = 0.0

    def longest(self, unit: int) -> float:
        """What is waited for a unit at most."""
        return self._timeouts.get(unit, self._timeout)

    def at_first(self, unit: int) -> float:
        """What a unit is given within a round; a stranger as much as the slowest of the others."""
        longest = self.longest(unit)
        return min(longest, max(_LEAST * longest, _PLENTY * self._took.get(unit, self._slowest)))

    def answered(self, unit: int, took: float) -> None:
        """A unit answered after so many seconds."""
        self._took[unit] = took = max(took, _FORGETS * self._took.get(unit, 0.0))
        self._slowest = max(took, _FORGETS * self._slowest)
