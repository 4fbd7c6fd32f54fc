"""`rules.lamp_out` for many lamps at once, in columns; a property test proves that it decides as one lamp after the
other would.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from rules.lamp_out import LampOut

NEVER = -1  # stands for the `None` of a moment; times are seconds since 1970
NO_CHANGE, RAISED, RETURNED = 0, 1, 2

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Observations:
    """Columns of `rules.lamp_out.Observation`; NaN is not known, or not to be trusted."""

    at: Ints
    level: Floats
    active_power: Floats
    voltage: Floats
    expected_power: Floats
    warm_up_s: Floats


@dataclass(frozen=True, slots=True)
class States:
    """Columns of `rules.lamp_out.State`."""

    at: Ints
    raised: Bools
    lit_since: Ints
    samples: Ints
    held_s: Ints
    counted_at: Ints

    def of(self, lamps: Ints) -> "States":
        """The states of some lamps."""
        return States(*(getattr(self, column.name)[lamps] for column in fields(self)))

    def put(self, lamps: Ints, states: "States") -> None:
        """Take up the states of some lamps."""
        for column in fields(self):
            getattr(self, column.name)[lamps] = getattr(states, column.name)


def new(lamps: int) -> States:
    """Lamps of which nothing has been seen."""
    never = np.full(lamps, NEVER, dtype=np.int64)
    zero = np.zeros(lamps, dtype=np.int64)
    return States(never, np.zeros(lamps, dtype=np.bool_), never.copy(), zero, zero.copy(), never.copy())


@np.errstate(over="ignore")  # a power that no lamp has is not ours to complain of
def step(states: States, seen: Observations, rule: LampOut) -> tuple[States, NDArray[np.uint8]]:
    """The next states, and for each lamp NO_CHANGE, RAISED or RETURNED at the time of its observation."""
    newer = seen.at > states.at
    lit_since = np.where(newer, _lit_since(states, seen, rule), states.lit_since)
    known, dead = _verdicts(seen, lit_since, rule)
    counts = newer & known & (dead != states.raised)  # speaks against what stands
    agrees = newer & known & (dead == states.raised)
    samples, held_s = _counted(states, seen, counts, rule)
    needed = np.where(states.raised, rule.clear_after.total_seconds(), rule.hold.total_seconds())
    changes = counts & (samples >= rule.min_samples) & (held_s >= needed)
    begins_anew = agrees | changes
    after = States(
        np.where(newer, seen.at, states.at),
        states.raised ^ changes,
        lit_since,
        np.where(begins_anew, 0, samples),
        np.where(begins_anew, 0, held_s),
        np.where(newer, np.where(counts & ~changes, seen.at, NEVER), states.counted_at),
    )
    return after, np.where(changes, np.where(states.raised, RETURNED, RAISED), NO_CHANGE).astype(np.uint8)


def _lit_since(states: States, seen: Observations, rule: LampOut) -> Ints:
    """Since when the lamps should be giving light; an unknown level changes nothing, a lost supply starts anew."""
    dark = (seen.voltage < rule.dead_feeder_below_v) | (seen.level < rule.min_level)
    lit = seen.level >= rule.min_level
    began = np.where(lit & (states.lit_since == NEVER), seen.at, states.lit_since)
    return np.where(dark, NEVER, began)


def _verdicts(seen: Observations, lit_since: Ints, rule: LampOut) -> tuple[Bools, Bools]:
    """Of which lamps anything can be said, and which of them are dead."""
    supplied = seen.voltage >= rule.dead_feeder_below_v
    measured = ~np.isnan(seen.active_power) & ~np.isnan(seen.level) & (np.nan_to_num(seen.expected_power) != 0)
    warm = (lit_since != NEVER) & (seen.at - lit_since >= seen.warm_up_s)
    return supplied & measured & warm, seen.active_power < rule.below_share * seen.expected_power


def _counted(states: States, seen: Observations, counts: Bools, rule: LampOut) -> tuple[Ints, Ints]:
    """One more sample against the present state; the time since the one before counts when it is no gap."""
    since = np.where(states.counted_at == NEVER, 0, seen.at - states.counted_at)
    gap = np.where(since <= rule.longest_gap.total_seconds(), since, 0)
    return states.samples + counts, states.held_s + np.where(counts, gap, 0)
