"""What a command to many lamps would do, before anybody gives it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from cloud.commands.group_schemas import EdgePreviewOut
from cloud.commands.targets import by_edge
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import Fleet
from cloud.fleet.roll import Places
from cloud.latest.values import Floats
from cloud.lighting.board import UNKNOWN_LEVEL
from cloud.lighting.plan import Plan
from cloud.lighting.watch import LampWatch
from cloud.link import Link
from protocols.clock import DomainClock
from protocols.commands import Action, Emergency, LockOut, Override
from rules.fleet_expected_power import Curves
from rules.lamp_state import LampState

_OUT_OF_REACH = (LampState.UNKNOWN, LampState.NO_CONTACT)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Powers in kW, of the lamps that can be reached."""

    edges: Sequence[EdgePreviewOut]
    power_kw_now: float
    power_kw_after: float

    @property
    def unreachable(self) -> int:
        return sum(edge.unreachable for edge in self.edges)


class Foresight:
    """Looks at the lamps as they are now, and at the curves of their types."""

    def __init__(
        self, fleet: Fleet, edges: Edges, link: Link, watch: LampWatch, plan: Plan, clock: DomainClock
    ) -> None:
        self._fleet, self._edges, self._link = fleet, edges, link
        self._watch, self._plan, self._clock = watch, plan, clock
        self._curves = Curves([kind.expected_power for kind in fleet.types.values()])

    def look(self, lamps: Places, action: Action) -> Foreseen:
        """Of these lamps, by their indexes in the city."""
        now = self._clock.now()
        look, planned = self._watch.look(lamps, now), self._plan.of_lamps(lamps, now).level
        reachable = self._online(lamps) & ~np.isin(look.state, _OUT_OF_REACH)
        level = np.where(look.level == UNKNOWN_LEVEL, planned, look.level / 2)
        after = self._levels_after(lamps, action, now)
        return Foreseen(
            self._by_edge(lamps, dict(zip(lamps.tolist(), reachable.tolist(), strict=True))),
            self._kilowatts(lamps[reachable], level[reachable]),
            self._kilowatts(lamps[reachable], after[reachable]),
        )

    def _levels_after(self, lamps: Places, action: Action, now: datetime) -> Floats:
        """%; after an unlocking and after a self-test by the programme, as if nothing else held a lamp."""
        if isinstance(action, Override | Emergency):
            return self._plan.carried_out(lamps, np.full(len(lamps), action.level, dtype=np.float64))
        if isinstance(action, LockOut):
            return np.zeros(len(lamps), dtype=np.float64)
        return self._plan.programme_levels(lamps, now)

    def _online(self, lamps: Places) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Without a broker nobody can be reached."""
        reached = np.zeros(len(self._fleet.lamps), dtype=np.bool_)
        for name, indexes in by_edge(lamps, self._fleet).items():
            edge = self._edges.find(name)
            reached[indexes] = self._link.connected and edge is not None and edge.state == "online"
        found: np.ndarray[tuple[int], np.dtype[np.bool_]] = reached[lamps]
        return found

    def _by_edge(self, lamps: Places, reachable: Mapping[int, bool]) -> Sequence[EdgePreviewOut]:
        return [
            EdgePreviewOut(edge=edge, lamps=len(some), unreachable=sum(not reachable[index] for index in some))
            for edge, some in by_edge(lamps, self._fleet).items()
        ]

    def _kilowatts(self, lamps: Places, levels: Floats) -> float:
        watts = self._curves.expected(self._fleet.type_numbers[lamps], levels)
        return round(float(np.nansum(watts)) / 1000, 3)
