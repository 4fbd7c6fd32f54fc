"""Who decides the light of each lamp of a city, in columns: what `rules/resolve.py` says of one, for all at once.

What lamps that run together have is found for each set alone (`resolve.planned`); here it meets what stands above the
programme of each lamp, and since when it has held.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.fleet_relay import carried_out_by
from rules.programme import FULL, OFF, Reason
from rules.resolve import Planned

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

REASONS = tuple(Reason)  # a reason's number is its place
NUMBERS = {reason: number for number, reason in enumerate(REASONS)}


@dataclass(frozen=True, slots=True)
class Sets:
    """A row for each set of lamps: its level (% of each one's output), the number of its reason, since when it has that
    (Unix s)."""

    level: Floats
    reason: Ints
    since: Floats


@dataclass(frozen=True, slots=True)
class Lamps:
    """A row for each lamp: the row of its set, the % of full light that counts as its 100, and whether it can only be
    switched."""

    set_of: Ints
    output: Floats
    is_relay: Bools

    def of(self, lamps: Ints) -> "Lamps":
        """Only these rows."""
        return Lamps(self.set_of[lamps], self.output[lamps], self.is_relay[lamps])


@dataclass(frozen=True, slots=True)
class Rung:
    """What ends by itself, a row a lamp: a level (%) and its end (Unix s); NaN where there is none."""

    level: Floats
    until: Floats

    @classmethod
    def empty(cls, lamps: int) -> "Rung":
        """For lamps that nobody holds."""
        return cls(np.full(lamps, np.nan), np.full(lamps, np.nan))

    def of(self, lamps: Ints) -> "Rung":
        """Only these rows."""
        return Rung(self.level[lamps], self.until[lamps])


@dataclass(frozen=True, slots=True)
class HeldColumns:
    """What stands above the programmes, a row a lamp. `since` is when that last changed (Unix s), NaN for never; an end
    that passes needs no row to be changed."""

    locked: Bools
    emergency: Rung
    override: Rung
    test: Rung
    since: Floats

    @classmethod
    def empty(cls, lamps: int) -> "HeldColumns":
        """For lamps that nobody holds."""
        emergency, override, test = (Rung.empty(lamps) for _ in range(3))
        return cls(np.zeros(lamps, np.bool_), emergency, override, test, np.full(lamps, np.nan))

    def of(self, lamps: Ints) -> "HeldColumns":
        """Only these rows."""
        emergency, override, test = (rung.of(lamps) for rung in (self.emergency, self.override, self.test))
        return HeldColumns(self.locked[lamps], emergency, override, test, self.since[lamps])


@dataclass(frozen=True, slots=True)
class Decisions:
    """A row a lamp: its level (% of full light), the number of the reason, and since when it has held (Unix s)."""

    level: Floats
    reason: Ints
    since: Floats


def sets(planned: Sequence[Planned], since: Sequence[float]) -> Sets:
    """What was found for each set, in columns; `since` in Unix seconds."""
    return Sets(
        np.array([one.level for one in planned], np.float64),
        np.array([NUMBERS[one.reason] for one in planned], np.int64),
        np.array(since, np.float64),
    )


def resolve(sets: Sets, lamps: Lamps, held: HeldColumns, at: float) -> Decisions:
    """What the light of each lamp should be at a moment (Unix s).

    What held a lamp and has ended since changed its light at its end, unless something stronger went on.
    """
    row = lamps.set_of
    found = Decisions(sets.level[row] * lamps.output / FULL, sets.reason[row], np.fmax(sets.since[row], held.since))
    rungs = (Reason.SELF_TEST, held.test), (Reason.OVERRIDE, held.override), (Reason.EMERGENCY, held.emergency)
    for reason, rung in rungs:
        found = _above(found, rung, reason, held.since, at)
    level = carried_out_by(lamps.is_relay, found.level)
    return Decisions(
        np.where(held.locked, OFF, level),
        np.where(held.locked, NUMBERS[Reason.SAFETY], found.reason),
        np.where(held.locked, held.since, found.since),
    )


def _above(found: Decisions, rung: Rung, reason: Reason, changed_at: Floats, at: float) -> Decisions:
    is_on = rung.until > at  # NaN is not
    ended = np.where(rung.until <= at, rung.until, np.nan)
    return Decisions(
        np.where(is_on, rung.level, found.level),
        np.where(is_on, NUMBERS[reason], found.reason),
        np.where(is_on, changed_at, np.fmax(found.since, ended)),
    )
