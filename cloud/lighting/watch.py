"""Keeps the picture of the lamps up to date: what was heard of at once, everything else in turn.

A lamp changes without being heard of, too: it falls silent, or the sun sets on it. So each is looked at again at
least every SWEEP_S.
"""

import asyncio
import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from cloud.alarms.service import Alarms
from cloud.fleet.fleet import Fleet
from cloud.latest.values import Latest, LatestValues
from cloud.lighting.board import UNKNOWN_LEVEL, Board, Look
from cloud.lighting.plan import Plan, Planned
from protocols.clock import DomainClock
from rules.expected_power import expected_power
from rules.lamp_state import LampState, displayed

SWEEP_S = 20.0
MOST_AT_ONCE = 5_000  # looks in one round: a twentieth of a second
_SILENT = frozenset({LampState.UNKNOWN, LampState.NO_CONTACT})


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
        self._fleet, self._latest, self._alarms, self._plan, self._clock = fleet, latest, alarms, plan, clock
        self._stale_after_s = stale_after_s * max(1.0, clock.settings.speed)
        self._dirty: set[int] = set(range(len(fleet.lamps)))
        self._turn = 0
        self.board = Board(len(fleet.lamps))

    def mark(self, lamp_ids: Iterable[str]) -> None:
        """Something was heard of these; other devices than lamps may be among them."""
        self._dirty.update(self._fleet.index[name] for name in lamp_ids if name in self._fleet.index)

    def look(self, index: int, now: datetime) -> Look:
        """How one lamp stands."""
        lamp = self._fleet.lamps[index]
        latest, planned = self._latest.get(lamp.id), self._plan.of(lamp, now)
        state = self._state(lamp.id, latest, planned, now)
        heard = None if state in _SILENT else latest
        curve = self._fleet.type_of(lamp).expected_power
        return Look(
            state,
            _half_percent(heard.trusted("actual_level") if heard else None),
            heard.trusted("active_power") if heard else None,
            expected_power(curve, planned.decision.level),
        )

    async def refresh(self, rounds_per_s: float = 1.0) -> None:
        """One round: look at what was marked, and at the next part of everything."""
        now = self._clock.now()
        for n, index in enumerate(self._due(rounds_per_s)):
            if n % 500 == 499:
                await asyncio.sleep(0)  # a big city must not make its operators wait
            self.board.put(index, self.look(index, now))

    def _due(self, rounds_per_s: float) -> list[int]:
        marked = list(self._dirty)[:MOST_AT_ONCE]
        self._dirty.difference_update(marked)
        return [*marked, *self._next_part(math.ceil(len(self._fleet.lamps) / (SWEEP_S * rounds_per_s)))]

    def _next_part(self, count: int) -> Iterator[int]:
        total = len(self._fleet.lamps)
        for _ in range(min(count, total, MOST_AT_ONCE)):
            yield self._turn
            self._turn = (self._turn + 1) % total

    def _state(self, lamp_id: str, latest: Latest | None, planned: Planned, now: datetime) -> LampState:
        return displayed(
            latest.values if latest else None,
            now.timestamp() - latest.at if latest else None,
            planned.decision.level,
            self._alarms.is_faulty(lamp_id),
            self._stale_after_s,
            (now - planned.since).total_seconds(),
        )


def _half_percent(level: float | None) -> int:
    return UNKNOWN_LEVEL if level is None else round(max(0.0, min(100.0, level)) * 2)
