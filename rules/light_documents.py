"""From a plan that was sent to the documents that edges run by. Pure: the plan, the members and the moment go in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from protocols.inventory import City
from protocols.light import MOST_NIGHTS, LampGroup, LampSet, LightDocument, LightPlan
from rules.calendars import stretches
from rules.light_output import held_down
from rules.road_class import CLASSES, lowest_level

_LEAST = 0.01  # %: an output is more than nothing


@dataclass(frozen=True, slots=True)
class Sent:
    """A plan that is in force, with the luminaires that each group had when it was sent."""

    number: int
    plan: LightPlan
    members: Mapping[str, Sequence[str]]
    by: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """When documents are made, for the nights from `first_night` on. `burnt_h` are the hours that luminaires have been
    lit, as far as that is known."""

    made_at: datetime
    first_night: date
    burnt_h: Mapping[str, float]


def lamps_by_edge(sent: Sent, city: City) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The luminaires of every group at each edge of a city, as far as the inventory still has them."""
    edge_of = _edge_of_lamp(city)
    found: dict[str, dict[str, list[str]]] = {edge: {} for edge in city.edges}
    for group, lamps in sent.members.items():
        for lamp in lamps:
            if lamp in edge_of:
                found[edge_of[lamp]].setdefault(group, []).append(lamp)
    return found


def _edge_of_lamp(city: City) -> Mapping[str, str]:
    edge_of_cabinet = {cabinet.id: cabinet.edge for cabinet in city.cabinets}
    return {lamp.id: edge_of_cabinet[lamp.cabinet] for lamp in city.luminaires}


def documents(sent: Sent, city: City, edges: Iterable[str], occasion: Occasion) -> Iterator[tuple[str, LightDocument]]:
    """The document of each of these edges."""
    lamps, relays = lamps_by_edge(sent, city), relays_by_edge(city)
    nights = {one.id: stretches(one, occasion.first_night, MOST_NIGHTS) for one in sent.plan.calendars}
    for edge in edges:
        sets = tuple(
            LampSet(
                id=group.id,
                stretches=nights[group.calendar],
                adaptations=group.adaptations,
                floor=_floor(group),
                lamps={lamp: _output(group, occasion.burnt_h.get(lamp)) for lamp in lamps[edge][group.id]},
            )
            for group in sent.plan.groups
            if group.id in lamps[edge]
        )
        yield edge, _document(sent, city, sets, occasion, relays.get(edge, ()))


def _document(
    sent: Sent, city: City, sets: Sequence[LampSet], occasion: Occasion, relays: Sequence[str]
) -> LightDocument:
    used = {stretch.programme for some in sets for stretch in some.stretches}
    return LightDocument(
        release=str(sent.number),
        made_at=occasion.made_at,
        timezone=city.timezone,
        place=city.centre,
        first_night=occasion.first_night,
        programmes=tuple(programme for programme in sent.plan.programmes if programme.id in used),
        sets=tuple(sets),
        relays=tuple(sorted(relays)),
    )


def _relays(city: City) -> frozenset[str]:
    """The luminaires that can only be switched."""
    switched = {kind.id for kind in city.luminaire_types if kind.control == "relay"}
    return frozenset(lamp.id for lamp in city.luminaires if lamp.type in switched)


def relays_by_edge(city: City) -> Mapping[str, Sequence[str]]:
    """The luminaires that can only be switched; those in no group, too, for they go by the sun, which dims."""
    edge_of, found = _edge_of_lamp(city), defaultdict[str, list[str]](list)
    for lamp in _relays(city):
        found[edge_of[lamp]].append(lamp)
    return found


def _floor(group: LampGroup) -> float:
    """The lowest level that an adaptation may leave a lit luminaire at."""
    designed = group.road_class
    return lowest_level(designed, group.lowest_class) if designed is not None and designed in CLASSES else 0.0


def _output(group: LampGroup, burnt_h: float | None) -> float:
    """% of full light that counts as a luminaire's 100."""
    return max(_LEAST, round(group.virtual_output * (held_down(burnt_h) if group.constant_output else 1.0), 2))
