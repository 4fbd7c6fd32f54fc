"""Watches every lamp for the rule `lamp_out` and says what has changed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import numpy as np

from cloud.alarms.episode import Words
from cloud.fleet.fleet import Fleet
from cloud.latest.values import Ints, LatestOfKind, known
from cloud.texts import Bilingual, Text
from protocols.inventory import Luminaire
from rules import fleet_lamp_out, lamp_out
from rules.alarms import Event
from rules.fleet_expected_power import Curves
from rules.fleet_lamp_out import NO_CHANGE, RAISED, Observations, States
from rules.lamp_out import LampOut, Observation

RULE = "lamp_out"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule has something to say about a source."""

    rule: str
    source: str
    priority: int
    event: Event
    at: datetime
    words: Words
    longitude: float
    latitude: float


class LampOutWatch:
    """One state per lamp; it is saved and loaded beside the lamp's latest values. A lamp's place is its index."""

    def __init__(self, fleet: Fleet, rule: LampOut | None = None) -> None:
        self._fleet = fleet
        self._rule = rule or lamp_out.library()[RULE]
        self._states = fleet_lamp_out.new(len(fleet.lamps))
        self._curves = Curves([kind.expected_power for kind in fleet.types.values()])
        self._warm_up_s = np.array([kind.warm_up_s for kind in fleet.types.values()], dtype=np.float64)

    def look(self, lamps: LatestOfKind, places: Ints) -> list[Finding]:
        """Take the newest values of some lamps into account. What is no newer than before changes nothing."""
        seen = self._observations(lamps, places)
        states, changes = fleet_lamp_out.step(self._states.of(places), seen, self._rule)
        self._states.put(places, states)
        return [
            self._finding(int(places[row]), Event.RAISED if changes[row] == RAISED else Event.RETURNED, _one(seen, row))
            for row in np.flatnonzero(changes != NO_CHANGE).tolist()
        ]

    def remembered(self, places: Ints) -> Mapping[str, Any]:
        """The states of some lamps as columns."""
        states = self._states.of(places)
        return {column.name: getattr(states, column.name) for column in fields(states)}

    def remember(self, places: Ints, columns: Mapping[str, Any]) -> None:
        """Take up states after a start."""
        self._states.put(places, States(**columns))

    def _observations(self, lamps: LatestOfKind, places: Ints) -> Observations:
        actual, target = lamps.trusted("actual_level", places), lamps.trusted("target_level", places)
        level = np.where(np.isnan(actual), target, actual)
        types = self._fleet.type_numbers[places]
        return Observations(
            lamps.at[places],
            level,
            lamps.trusted("active_power", places),
            lamps.trusted("voltage", places),
            self._curves.expected(types, level),
            self._warm_up_s[types],
        )

    def _finding(self, place: int, event: Event, seen: Observation) -> Finding:
        lamp, reason = self._fleet.lamps[place], lamp_out.reason(self._rule, seen)
        return Finding(
            rule=RULE,
            source=lamp.id,
            priority=self._rule.priority,
            event=event,
            at=datetime.fromtimestamp(seen.at, UTC),
            words=self._words(lamp, reason),
            longitude=lamp.longitude,
            latitude=lamp.latitude,
        )

    def _words(self, lamp: Luminaire, reason: Bilingual) -> Words:
        rule = self._rule
        return Words(Text.of(rule.title), place_of(self._fleet, lamp), Text.of(reason), Text.of(rule.advice))


def place_of(fleet: Fleet, lamp: Luminaire) -> Text:
    """Where a technician finds a lamp, in both languages."""
    ward = fleet.wards[lamp.ward].name
    pole = lamp.pole if lamp.street in lamp.pole else f"{lamp.pole}, {lamp.street}"
    return Text(
        vi=f"Cột {pole}, {ward.vi}; tủ {lamp.cabinet}",
        en=f"Pole {pole}, {ward.en}; cabinet {lamp.cabinet}",
    )


def _one(seen: Observations, row: int) -> Observation:
    """One row in the plain rule's form."""
    at, warm_up_s = int(seen.at[row]), float(seen.warm_up_s[row])
    columns = (seen.level, seen.active_power, seen.voltage, seen.expected_power)
    level, power, voltage, expected = (known(float(column[row])) for column in columns)
    return Observation(at, level, power, voltage, expected, warm_up_s)
