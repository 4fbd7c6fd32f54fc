"""When an edge gets its light document anew: another release, luminaires that have moved, or few nights left."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from protocols.inventory import City, Place
from protocols.light import MOST_NIGHTS, LightDocument
from rules.light_documents import Sent, lamps_by_edge, relays_by_edge

_ENOUGH_NIGHTS = 365  # with fewer a document is made anew, at a calm time
_FEW_NIGHTS = 330  # with fewer at once
_CALM_FROM_H, _CALM_MINUTES = 10, 240  # local time: between mornings and evenings nothing is lit


@dataclass(frozen=True, slots=True)
class Hanging:
    """What the inventory says that a document tells its edge."""

    lamps: frozenset[str]
    relays: frozenset[str]
    place: Place
    timezone: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a document was made of."""

    release: str
    first_night: date
    hanging: Hanging


def stamp_of(document: LightDocument) -> Stamp:
    """As a document itself says it."""
    lamps = frozenset(lamp for some in document.sets for lamp in some.lamps)
    hanging = Hanging(lamps, frozenset(document.relays), document.place, document.timezone)
    return Stamp(document.release, document.first_night, hanging)


def hanging_by_edge(sent: Sent, city: City) -> Mapping[str, Hanging]:
    """What the documents of a city should say."""
    relays = relays_by_edge(city)
    lamps = {edge: frozenset().union(*groups.values()) for edge, groups in lamps_by_edge(sent, city).items()}
    return {
        edge: Hanging(some, frozenset(relays.get(edge, ())), city.centre, city.timezone) for edge, some in lamps.items()
    }


def is_due(edge: str, made: Stamp | None, wanted: Stamp, local: datetime) -> bool:
    """True when an edge needs another document than the one that was made. `wanted` begins with tonight."""
    if made is None or made.release != wanted.release or made.hanging != wanted.hanging:
        return True
    left = MOST_NIGHTS - (wanted.first_night - made.first_night).days
    return left < _FEW_NIGHTS or left > MOST_NIGHTS or (left < _ENOUGH_NIGHTS and is_turn(edge, local))


def is_turn(edge: str, local: datetime) -> bool:
    """True in a day's calm hours from an edge's own minute on: they do not all come at once."""
    minute = zlib.crc32(edge.encode()) % _CALM_MINUTES
    begins = local.replace(hour=_CALM_FROM_H, minute=0, second=0, microsecond=0)
    return begins + timedelta(minutes=minute) <= local < begins + timedelta(minutes=_CALM_MINUTES + 60)
