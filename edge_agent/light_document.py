"""Is a document `light` one that this edge can run by? It is judged whole, and every reason against it is told."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from edge_agent import driving
from edge_agent.config import EdgeConfig
from protocols import profiles
from protocols.config import ConfigError, Found, Path, Problem, dotted
from protocols.inventory import Place
from protocols.light import LARGEST, LIGHT, LightDocument
from protocols.profiles import mqtt
from protocols.quantities import QUANTITIES

log = logging.getLogger(__name__)

_MOST_AWAY = 1.0  # degrees; a degree of longitude is four minutes of the sun
_MOST_TOLD = 20  # problems, or lamps


def judged(own: EdgeConfig, body: bytes) -> LightDocument:
    """What comes from the cloud. Raises ConfigError with the reasons against it."""
    document = _parsed(body)
    if found := [*_elsewhere(own, document), *_strange_lamps(own, document), *_strange_sources(own, document)]:
        raise _told(found)
    return document


def kept(own: EdgeConfig, body: bytes) -> LightDocument:
    """What was in force before a restart. What a technician has taken out of edge.yaml since is told, and is no reason
    against the rest of it: without the document every other lamp would lose its plan until the cloud speaks. It stays
    whole, as its hash says: nobody asks for the part of a lamp that is not there, and a source that does not speak
    changes nothing. Raises ConfigError with the reasons against it."""
    document = _parsed(body)
    if found := list(_elsewhere(own, document)):
        raise _told(found)
    if gone := [str(path[-1]) for path, _ in _strange_lamps(own, document)]:
        log.warning(
            "document light stays in force without %s: no luminaires of edge.yaml any more, but in the plan",
            _listed(gone),
        )
    if deaf := [advice for _, advice in _strange_sources(own, document)]:
        log.warning("document light stays in force, but does not adapt: %s", _listed(list(dict.fromkeys(deaf))))
    return document


def _parsed(body: bytes) -> LightDocument:
    if len(body) > LARGEST:
        raise _told([((), f"has {len(body)} bytes; {LARGEST} at most")])
    try:
        return LightDocument.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        raise _told([(details["loc"], details["msg"]) for details in found]) from error


def _told(found: list[tuple[Path, str]]) -> ConfigError:
    shown = [Problem(LIGHT, 1, dotted(path), advice) for path, advice in found[:_MOST_TOLD]]
    rest = len(found) - len(shown)
    return ConfigError([*shown, Problem(LIGHT, 1, "", f"and {rest} more like these")] if rest else shown)


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_TOLD
    return ", ".join(names[:_MOST_TOLD]) + (f" and {rest} more" if rest > 0 else "")


def _elsewhere(own: EdgeConfig, document: LightDocument) -> Found:
    if document.timezone != own.timezone:
        yield ("timezone",), f"{document.timezone} is not this edge's; edge.yaml has {own.timezone}"
    if _is_far(own.position, document.place):
        yield ("place",), "is more than a degree from this edge: another sun sets there"


def _is_far(here: Place, there: Place) -> bool:
    east = abs(here.longitude - there.longitude)
    return max(min(east, 360 - east), abs(here.latitude - there.latitude)) > _MOST_AWAY


def _strange_lamps(own: EdgeConfig, document: LightDocument) -> Found:
    driven = luminaires(own)
    for n, some in enumerate(document.sets):
        for lamp in sorted(some.lamps.keys() - driven):
            yield ("sets", n, "lamps", lamp), "is no luminaire of this edge"


def _strange_sources(own: EdgeConfig, document: LightDocument) -> Found:
    """A source that is another edge's is never heard here: it stays unknown, and changes nothing."""
    measured = dict(_measured(own))
    for n, some in enumerate(document.sets):
        for m, one in enumerate(some.adaptations):
            place = ("sets", n, "adaptations", m)
            if one.quantity not in QUANTITIES:
                yield (*place, "quantity"), f"there is no quantity {one.quantity}"
            elif one.source in measured and one.quantity not in measured[one.source]:
                yield (*place, "source"), f"{one.source} does not measure {one.quantity}"


def luminaires(own: EdgeConfig) -> frozenset[str]:
    """The devices of an edge that are luminaires which can be driven."""
    known, speaking = profiles.library(), mqtt.library()
    polled = [one.id for bus in own.modbus for one in bus.devices if driving.is_driven(known[one.profile])]
    return frozenset(polled + [one.id for bus in own.mqtt for one in bus.devices if speaking[one.profile].is_driven])


def _measured(own: EdgeConfig) -> Iterator[tuple[str, frozenset[str]]]:
    known: Mapping[str, profiles.Profile] = profiles.library()
    for bus in own.modbus:
        for device in bus.devices:
            yield device.id, frozenset(point.quantity for point in known[device.profile].polled)
    speaking = mqtt.library()
    for line in own.mqtt:
        for one in line.devices:
            yield one.id, frozenset(point.quantity for point in speaking[one.profile].points)
