"""What the light of each lamp should be, and since when: what its edge runs by, and what stands above that."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from cloud.commands.standing import Overrides
from cloud.fleet.fleet import Fleet
from cloud.latest.values import Floats, Ints, LatestValues
from cloud.lighting.sets import RunningSets
from protocols.commands import Emergency, Held, Override
from protocols.inventory import Luminaire
from protocols.light import LampSet, LightDocument
from rules import fleet_resolve
from rules.fleet_relay import carried_out_by
from rules.fleet_resolve import Decisions, HeldColumns, Rung
from rules.fleet_resolve import Lamps as LampColumns
from rules.lighting import Curves, Lighting, lightings
from rules.programme import FULL, Decision
from rules.resolve import Light, resolve

_NEVER = float("inf")
_EVER = datetime.min.replace(tzinfo=UTC)  # asked for then, what is over is told, too


class Plan:
    """`run_by` tells which document an edge has taken, `mark` of lamps that are held otherwise than before.

    A lamp whose edge has taken no document, or that its document does not name, goes by the astronomical default.
    """

    def __init__(self, fleet: Fleet, overrides: Overrides, latest: LatestValues, now: datetime) -> None:
        self._fleet, self._overrides = fleet, overrides
        cities = [Lighting(Curves(city.centre, ZoneInfo(city.timezone))) for city in fleet.sites.values()]
        self._sets = RunningSets(cities, latest, now)
        self._set_of: Ints = fleet.site_numbers.copy()
        self._output: Floats = np.full(len(fleet.lamps), FULL)
        self._is_relay = np.array([fleet.type_of(lamp).control == "relay" for lamp in fleet.lamps], dtype=np.bool_)
        self._held = HeldColumns.empty(len(fleet.lamps))
        self._lamps_of = _by_edge(fleet)
        self._whole: Decisions | None = None
        self._good_from = self._good_until = 0.0
        self.mark(overrides.lamps())

    def of(self, lamp: Luminaire, now: datetime) -> Decision:
        """What a lamp's light should be at a moment, and why."""
        index = self._fleet.index[lamp.id]
        number = int(self._set_of[index])
        self._sets.go_on([number], now)
        watched = self._sets[number]
        control = self._fleet.type_of(lamp).control
        light = Light(watched.lighting, float(self._output[index]), watched.adapted, control)
        return resolve(light, self._overrides.held(lamp.id, now), now)

    def programme_levels(self, lamps: Ints, now: datetime) -> Floats:
        """What some lamps would have if nobody held them (%)."""
        self._sets.go_on(np.unique(self._set_of[lamps]).tolist(), now)
        levels = self._sets.columns.level[self._set_of[lamps]] * self._output[lamps] / FULL
        return self.carried_out(lamps, levels)

    def carried_out(self, lamps: Ints, levels: Floats) -> Floats:
        """What some lamps make of levels (%): those that can only be switched know full light and none."""
        return carried_out_by(self._is_relay[lamps], levels)

    def of_lamps(self, lamps: Ints, now: datetime) -> Decisions:
        """What the light of some lamps should be, by their indexes."""
        if lamps is self._fleet.everyone:
            return self._of_everyone(now)
        self._sets.go_on(np.unique(self._set_of[lamps]).tolist(), now)
        return self._resolved(lamps, self._held.of(lamps), now.timestamp())

    def _of_everyone(self, now: datetime) -> Decisions:
        """Worked out anew when something has changed; most ticks change nothing."""
        self._sets.go_on(range(len(self._sets)), now)
        at = now.timestamp()
        if self._whole is None or self._sets.is_changed or not self._good_from <= at < self._good_until:
            self._whole, self._sets.is_changed = self._resolved(self._fleet.everyone, self._held, at), False
            rungs = (self._held.emergency, self._held.override, self._held.test)
            ends = np.concatenate([rung.until[rung.until > at] for rung in rungs])
            self._good_from, self._good_until = at, float(ends.min(initial=_NEVER))
        return self._whole

    def _resolved(self, lamps: Ints, held: HeldColumns, at: float) -> Decisions:
        running = LampColumns(self._set_of[lamps], self._output[lamps], self._is_relay[lamps])
        return fleet_resolve.resolve(self._sets.columns, running, held, at)

    def run_by(self, edge: str, document: LightDocument | None, now: datetime) -> None:
        """An edge has taken another document, or has none any more."""
        lamps = self._lamps_of.get(edge)
        if lamps is None:
            return
        before = self.programme_levels(lamps, now)
        self._set_of[lamps], self._output[lamps] = self._fleet.site_numbers[lamps], FULL
        if document is not None:
            of_set = lightings(document)
            for some in document.sets:
                self._put(edge, some, self._sets.number(document, some, of_set[some.id], now))
        self._set_of = self._sets.keep(self._set_of)
        changed = lamps[self.programme_levels(lamps, now) != before]
        self._held.since[changed] = now.timestamp()
        self._whole = None

    def _put(self, edge: str, some: LampSet, number: int) -> None:
        mine = [(self._fleet.index[lamp], output) for lamp, output in some.lamps.items() if self._is_at(lamp, edge)]
        places = np.array([index for index, _ in mine], dtype=np.int64)
        self._set_of[places], self._output[places] = number, [output for _, output in mine]

    def _is_at(self, lamp: str, edge: str) -> bool:
        return lamp in self._fleet.index and self._fleet.owner_of(lamp) == edge

    def mark(self, lamp_ids: Iterable[str]) -> None:
        """Look again at what holds these; other devices than lamps may be among them."""
        for name in lamp_ids:
            index = self._fleet.index.get(name)
            if index is not None:
                self._hold(index, self._overrides.held(name, _EVER), self._overrides.confirmed_at(name))
                self._whole = None

    def _hold(self, index: int, held: Held, confirmed_at: datetime | None) -> None:
        self._held.locked[index] = held.lock_out is not None
        self._held.since[index] = np.nan if confirmed_at is None else confirmed_at.timestamp()
        _put(self._held.emergency, index, held.emergency)
        _put(self._held.override, index, held.override)
        _put(self._held.test, index, held.test)


def _put(rung: Rung, index: int, action: Emergency | Override | None) -> None:
    rung.level[index] = np.nan if action is None else action.level
    rung.until[index] = np.nan if action is None else action.until.timestamp()


def _by_edge(fleet: Fleet) -> Mapping[str, Ints]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, lamp in enumerate(fleet.lamps):
        found[fleet.cabinets[lamp.cabinet].edge].append(index)
    return {edge: np.array(lamps, dtype=np.int64) for edge, lamps in found.items()}
