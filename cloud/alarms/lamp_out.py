"""Watches every lamp for the rule `lamp_out` and says what has changed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from cloud.alarms.episode import Words
from cloud.fleet.fleet import Fleet
from cloud.texts import Bilingual, Text
from protocols.inventory import Luminaire
from protocols.readings import Reading
from rules import lamp_out
from rules.alarms import Event
from rules.lamp_out import LampOut, State

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
    """One state per lamp; it is saved and loaded beside the lamp's latest values."""

    def __init__(self, fleet: Fleet, rule: LampOut | None = None) -> None:
        self._fleet = fleet
        self._rule = rule or lamp_out.library()[RULE]
        self._states: dict[str, State] = {}

    def look(self, reading: Reading) -> Finding | None:
        """Take one reading into account. An older one than the last changes nothing."""
        lamp = self._fleet.lamp(reading.device)
        if lamp is None:
            return None
        observation = lamp_out.observe(reading, self._fleet.type_of(lamp))
        state, change = lamp_out.step(self._states.get(lamp.id, State()), observation, self._rule)
        self._states[lamp.id] = state
        if change is None:
            return None
        return self._finding(lamp, change, lamp_out.reason(self._rule, observation))

    def remembered(self, lamp_id: str) -> Mapping[str, Any] | None:
        """A lamp's state as plain data."""
        state = self._states.get(lamp_id)
        return None if state is None else asdict(state)

    def remember(self, lamp_id: str, state: Mapping[str, Any]) -> None:
        """Take up a state after a start."""
        self._states[lamp_id] = State(**state)

    def _finding(self, lamp: Luminaire, change: lamp_out.Change, reason: Bilingual) -> Finding:
        return Finding(
            rule=RULE,
            source=lamp.id,
            priority=self._rule.priority,
            event=change.event,
            at=datetime.fromtimestamp(change.at, UTC),
            words=Words(
                Text.of(self._rule.title), place_of(self._fleet, lamp), Text.of(reason), Text.of(self._rule.advice)
            ),
            longitude=lamp.longitude,
            latitude=lamp.latitude,
        )


def place_of(fleet: Fleet, lamp: Luminaire) -> Text:
    """Where a technician finds a lamp, in both languages."""
    ward = fleet.wards[lamp.ward].name
    pole = lamp.pole if lamp.street in lamp.pole else f"{lamp.pole}, {lamp.street}"
    return Text(
        vi=f"Cột {pole}, {ward.vi}; tủ {lamp.cabinet}",
        en=f"Pole {pole}, {ward.en}; cabinet {lamp.cabinet}",
    )
