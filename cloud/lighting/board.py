"""The map's picture of every lamp: one byte of state and one of level, and the watts behind them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.lamp_state import LampState

UNKNOWN_LEVEL = 255


@dataclass(frozen=True, slots=True)
class Look:
    """How one lamp stands at one moment. `level` in half percent, powers in W; `None` is not known."""

    state: LampState
    level: int
    power: float | None
    planned_power: float


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole city. Powers in kW."""

    states: Mapping[LampState, int]
    as_planned_percent: float | None
    power_kw: float | None
    planned_power_kw: float | None


class Board:
    """Arrays by index."""

    def __init__(self, lamps: int) -> None:
        self.state: NDArray[np.uint8] = np.zeros(lamps, dtype=np.uint8)
        self.level: NDArray[np.uint8] = np.full(lamps, UNKNOWN_LEVEL, dtype=np.uint8)
        self._power: NDArray[np.float64] = np.full(lamps, np.nan, dtype=np.float64)
        self._planned: NDArray[np.float64] = np.full(lamps, np.nan, dtype=np.float64)

    def put(self, index: int, look: Look) -> None:
        """A lamp as it stands now."""
        self.state[index] = look.state
        self.level[index] = look.level
        self._power[index] = np.nan if look.power is None else look.power
        self._planned[index] = look.planned_power

    def totals(self) -> Totals:
        """Counts and sums over all lamps."""
        counts = np.bincount(self.state, minlength=len(LampState))
        states = {state: int(counts[state]) for state in LampState}
        return Totals(states, _as_planned(states), _kilowatts(self._power), _kilowatts(self._planned))


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
