"""Which units are left out of the rounds because they are silent, and which of them is worth asking again.

A silent unit costs a whole time-out, so it is asked again after growing pauses, one unit a round, in the idle time at
the end. Pure: the time is an argument, in seconds of any steady clock.
"""

from collections.abc import Container
from dataclasses import dataclass


@dataclass(slots=True)
class _Silence:
    since: float
    failures: int
    ask_at: float


class Quarantine:
    """The silent units of a bus, and those that may be. The first pause is none, then from `shortest` it doubles to
    `longest` seconds."""

    def __init__(self, shortest: float, longest: float) -> None:
        self._shortest = shortest
        self._longest = max(shortest, longest)
        self._silences: dict[int, _Silence] = {}

    def __contains__(self, unit: int) -> bool:
        return unit in self._silences

    def __len__(self) -> int:
        return sum(1 for silence in self._silences.values() if silence.failures)

    def suspect(self, unit: int, now: float) -> None:
        """A unit did not answer as quickly as was hoped for: it is asked again in peace before it counts as silent."""
        self._silences.setdefault(unit, _Silence(now, 0, now))

    def silent(self, unit: int, now: float) -> bool:
        """A unit did not answer. True when that is news."""
        known = self._silences.setdefault(unit, _Silence(now, 0, now))
        if known.failures:
            known.ask_at = now + min(self._longest, self._shortest * 2.0 ** min(known.failures - 1, 32))
        known.failures += 1
        return known.failures == 1

    def answered(self, unit: int, now: float) -> float | None:
        """A unit answered. When that is news, for how long it was silent."""
        known = self._silences.pop(unit, None)
        return now - known.since if known and known.failures else None

    def due(self, now: float, units: Container[int]) -> int | None:
        """Of some units the one that has waited longest past its pause."""
        waiting = [(s.ask_at, unit) for unit, s in self._silences.items() if unit in units and s.ask_at <= now]
        return min(waiting)[1] if waiting else None
