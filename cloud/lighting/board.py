"""The map's picture of every lamp: one byte of state and one of level, and the watts behind them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.lamp_state import LampState

UNKNOWN_LEVEL = 255


@dataclass(frozen=True, slots=True)
class Look:
    """How lamps stand at one moment, in columns: LampState, level in half percent, powers in W; NaN is not known."""

    state: NDArray[np.uint8]
    level: NDArray[np.uint8]
    power: NDArray[np.float64]
    planned_power: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Totals:
    """Of some lamps together. Powers in kW."""

    states: Mapping[LampState, int]
    as_planned_percent: float | None
    power_kw: float | None
    planned_power_kw: float | None


class Board:
    """The last look at all lamps, by index."""

    def __init__(self, lamps: int) -> None:
        nothing: NDArray[np.float64] = np.full(lamps, np.nan)
        unknown = np.full(lamps, UNKNOWN_LEVEL, dtype=np.uint8)
        self._look = Look(np.zeros(lamps, dtype=np.uint8), unknown, nothing, nothing)

    @property
    def state(self) -> NDArray[np.uint8]:
        """Of each lamp."""
        return self._look.state

    @property
    def level(self) -> NDArray[np.uint8]:
        """Of each lamp."""
        return self._look.level

    def show(self, look: Look) -> None:
        """All lamps as they stand now."""
        self._look = look

    def totals(self, lamps: NDArray[np.bool_]) -> Totals:
        """Counts and sums over some lamps, given as a mask of all."""
        counts = np.bincount(self._look.state[lamps], minlength=len(LampState))
        states = {state: int(counts[state]) for state in LampState}
        power, planned = (_kilowatts(watts[lamps]) for watts in (self._look.power, self._look.planned_power))
        return Totals(states, _as_planned(states), power, planned)


def _as_planned(states: Mapping[LampState, int]) -> float | None:
    """Of the lamps of which anything is known, how many show no deviation."""
    known = sum(states.values()) - states[LampState.UNKNOWN]
    good = _count(states, (LampState.OFF, LampState.ON, LampState.DIMMED))
    return round(100 * good / known, 2) if known else None


def _count(states: Mapping[LampState, int], wanted: Iterable[LampState]) -> int:
    return sum(states[state] for state in wanted)


def _kilowatts(watts: NDArray[np.float64]) -> float | None:
    """The sum of what is known; `None` when nothing is."""
    if not np.any(~np.isnan(watts)):
        return None
    return round(float(np.nansum(watts)) / 1000, 3)
