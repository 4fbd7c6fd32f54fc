"""Looks at all lamps, round after round: a lamp changes without being heard of, too, when it falls silent or the sun
sets on it.
"""

from collections.abc import Iterable
from datetime import datetime

import numpy as np

from cloud.alarms.service import Alarms
from cloud.fleet.fleet import LUMINAIRE, Fleet
from cloud.latest.values import NEVER, Floats, Ints, LatestOfKind, LatestValues
from cloud.lighting.board import UNKNOWN_LEVEL, Board, Look
from cloud.lighting.plan import Plan
from protocols.clock import DomainClock
from rules.fleet_expected_power import Curves
from rules.fleet_lamp_state import Seen, displayed
from rules.lamp_state import LampState


class PlannedPower:
    """What all lamps should take, in W: looked at every second, and changed a few times a day."""

    def __init__(self, curves: Curves, types: Ints) -> None:
        self._curves, self._types = curves, types
        self._level: Floats = np.empty(0)
        self._power: Floats = np.empty(0)

    def at(self, level: Floats) -> Floats:
        """At these planned levels in %, one for each lamp."""
        if not np.array_equal(level, self._level, equal_nan=True):
            self._level, self._power = level, self._curves.expected(self._types, level)
        return self._power


class LampWatch:
    """`stale_after_s` is wall time: polls keep to the wall's seconds, however fast the city's clock runs."""

    def __init__(
        self,
        fleet: Fleet,
        latest: LatestValues,
        alarms: Alarms,
        plan: Plan,
        clock: DomainClock,
        stale_after_s: float,
    ) -> None:
        self._fleet, self._alarms, self._plan, self._clock = fleet, alarms, plan, clock
        self._lamps = latest.kinds.get(LUMINAIRE) or LatestOfKind(LUMINAIRE, [])
        self._stale_after_s = stale_after_s * max(1.0, clock.settings.speed)
        self._curves = Curves([kind.expected_power for kind in fleet.types.values()])
        self._planned = PlannedPower(self._curves, fleet.type_numbers)
        self.board = Board(len(fleet.lamps))

    def refresh(self) -> None:
        """One round."""
        self.board.show(self.look(self._fleet.everyone, self._clock.now()))

    def look(self, lamps: Ints, now: datetime) -> Look:
        """How some lamps stand, by their indexes."""
        planned = self._plan.of_lamps(lamps, now)
        state = displayed(
            self._seen(lamps, now),
            planned.level,
            self._faulty(self._alarms.faulty())[lamps],
            self._stale_after_s,
            now.timestamp() - planned.since,
        )
        heard = (state != LampState.UNKNOWN) & (state != LampState.NO_CONTACT)
        return Look(
            state,
            _half_percent(np.where(heard, self._lamps.trusted("actual_level", lamps), np.nan)),
            np.where(heard, self._lamps.trusted("active_power", lamps), np.nan),
            self._expected(lamps, planned.level),
        )

    def _expected(self, lamps: Ints, level: Floats) -> Floats:
        if lamps is self._fleet.everyone:
            return self._planned.at(level)
        return self._curves.expected(self._fleet.type_numbers[lamps], level)

    def _seen(self, lamps: Ints, now: datetime) -> Seen:
        at = self._lamps.at[lamps]
        return Seen(
            np.where(at == NEVER, np.nan, now.timestamp() - at),
            self._lamps.values("actual_level", lamps),
            self._lamps.values("status_bits", lamps),
            self._lamps.says_anything(lamps),
        )

    def _faulty(self, sources: Iterable[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        faulty = np.zeros(len(self._fleet.lamps), dtype=np.bool_)
        faulty[[self._fleet.index[name] for name in sources if name in self._fleet.index]] = True
        return faulty


def _half_percent(levels: Floats) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    halves = np.rint(np.clip(levels, 0.0, 100.0) * 2)
    return np.where(np.isnan(halves), UNKNOWN_LEVEL, halves).astype(np.uint8)
