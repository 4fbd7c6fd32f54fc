"""From the spec of a city to everything that stands in it: lamps along the streets, cabinets, edges and their buses.

A city of N lamps is the N lamps nearest to the centre and to the main roads, so that a small city is one coherent
area. The same spec and number always give the same city.
"""

import heapq
import math
import random
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from firmware_sim.city import CitySpec, WardSpec
from firmware_sim.geometry import Point, Ruler, distance_to_segment
from firmware_sim.streets import Net, Street, lay
from protocols import inventory
from protocols.config import ConfigError, Problem
from protocols.inventory import City, Luminaire, Place

METER_UNIT = 1
FIRST_SEGMENT_UNIT = 11  # phase A; B and C follow
LAMPS_OF_ONE_EDGE = 150
EDGES_OF_A_SMALL_CITY = 4
LAMPS_OF_ONE_MORE_EDGE = 2500
MOST_EDGES = 8

Phase = Literal["A", "B", "C"]
PHASES: tuple[Phase, ...] = ("A", "B", "C")
_STRETCH = 180.0  # streets are taken into the city in stretches of about a block
_SIDE_STREET_PENALTY = 6.0  # a metre away from a main road counts as this many metres away from the centre
_AROUND = 500.0  # the map shows the streets so far around the lamps
_JUNCTION = 14.0  # no lamp of a side street so close to a main road: that one lights the junction


class TooManyLamps(ConfigError):
    """The city has no street for so many lamps."""

    def __init__(self, spec: CitySpec, lamps: int, most: int) -> None:
        advice = f"{lamps} are too many for the streets of {spec.name.en}; give {most} or fewer"
        super().__init__([Problem(spec.site, 1, "lamps", advice)])


@dataclass(frozen=True, slots=True)
class Device:
    """One device on a bus: where it is addressed and what make it is."""

    id: str
    profile: str
    unit: int
    block: int | None = None


@dataclass(frozen=True, slots=True)
class Bus:
    """What answers on one port: the base port and `port_offset`."""

    id: str
    edge: str
    port_offset: int
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Expanded:
    """A city with all its lamps, the buses that its edges poll, and the streets that its map shows."""

    spec: CitySpec
    city: City
    buses: tuple[Bus, ...]
    net: Net
    streets: tuple[Street, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place for a pole; `street` is an index into the net, `bank` the piece of land its cable comes from."""

    at: Point
    street: int
    along: float
    bank: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    street: int
    first: float
    last: float
    middle: Point
    bank: int


def expand(spec: CitySpec, lamps: int | None = None) -> Expanded:
    """The whole city. Raises TooManyLamps."""
    net = lay(spec)
    cabinets = _wired(_chosen(spec, net, spec.lamps if lamps is None else lamps), spec.cabinet_lamps)
    edges = [f"{spec.prefix}-E{n:02d}" for n in range(1, edge_count(sum(map(len, cabinets)), len(cabinets)) + 1)]
    served_by = [edges[n * len(edges) // len(cabinets)] for n in range(len(cabinets))]
    writer = _Writer(spec, net, cabinets, served_by)
    city = writer.city(edges)
    return Expanded(spec, city, tuple(_buses(spec, city)), net, _shown(net, cabinets))


def edge_count(lamps: int, cabinets: int) -> int:
    """Four edges for a small city already, so that losing one is seen; eight for a large one."""
    few = min(EDGES_OF_A_SMALL_CITY, math.ceil(lamps / LAMPS_OF_ONE_EDGE))
    more = max(lamps - EDGES_OF_A_SMALL_CITY * LAMPS_OF_ONE_EDGE, 0) // LAMPS_OF_ONE_MORE_EDGE
    return max(1, min(few + more, MOST_EDGES, cabinets))


def unaccented(text: str) -> str:
    """`Lê Thánh Tông` as `Le Thanh Tong`."""
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


# Which lamps


def _chosen(spec: CitySpec, net: Net, lamps: int) -> list[_Spot]:
    """The best stretches first, until there are enough lamps."""
    mains = [pair for s in net.streets if s.kind == "primary" for pair in pairwise(s.line)]
    rulers = [Ruler(street.line) for street in net.streets]
    chosen: list[_Spot] = []
    for stretch in _best_first(net, rulers, _Roughly(spec, net)):
        if len(chosen) >= lamps:
            break
        chosen.extend(_spots(spec, net.streets[stretch.street], rulers[stretch.street], stretch, mains))
    if len(chosen) < lamps:
        raise TooManyLamps(spec, lamps, len(chosen))
    return chosen[:lamps]


class _Roughly:
    """How far a place is from the main roads: along their drawn way points, which are fewer than their curves."""

    def __init__(self, spec: CitySpec, net: Net) -> None:
        lines = ([net.frame.metres(p) for p in arterial.line] for arterial in spec.arterials)
        self._pieces = [piece for line in lines for piece in pairwise(line)]

    def away(self, at: Point) -> float:
        return min(distance_to_segment(at, a, b) for a, b in self._pieces)


def _best_first(net: Net, rulers: Sequence[Ruler], mains: _Roughly) -> Iterator[_Stretch]:
    """By rank. A small city never asks for the rank of what is far away: the way to the centre is at most the rank."""
    heap = [(math.hypot(*s.middle), s.street, s.first, False, s) for s in _stretches(net, rulers)]
    heapq.heapify(heap)
    while heap:
        rank, street, first, ranked, stretch = heapq.heappop(heap)
        if ranked:
            yield stretch
        else:
            side = 0.0 if net.streets[street].kind == "primary" else mains.away(stretch.middle)
            heapq.heappush(heap, (rank + _SIDE_STREET_PENALTY * side, street, first, True, stretch))


def _stretches(net: Net, rulers: Sequence[Ruler]) -> Iterator[_Stretch]:
    for number, ruler in enumerate(rulers):
        count = max(1, round(ruler.length / _STRETCH))
        bank = _bank(net, ruler, 0.0) or _bank(net, ruler, ruler.length)
        for n in range(count):
            first, last = ruler.length * n / count, ruler.length * (n + 1) / count
            middle = ruler.at((first + last) / 2)[0]
            bank = net.land.area(*middle) or bank  # a bridge is fed from the bank that it was entered from
            yield _Stretch(number, first, last, middle, bank)


def _bank(net: Net, ruler: Ruler, along: float) -> int:
    return net.land.area(*ruler.at(along)[0])


def _spots(
    spec: CitySpec, street: Street, ruler: Ruler, stretch: _Stretch, mains: Sequence[tuple[Point, Point]]
) -> Iterator[_Spot]:
    lighting = spec.lighting[street.kind]
    first = math.ceil(stretch.first / lighting.lamp_every)
    for n in range(first, math.ceil(stretch.last / lighting.lamp_every)):
        along = n * lighting.lamp_every + lighting.lamp_every / 2
        if along >= ruler.length:
            return
        side = -1 if lighting.both_sides and n % 2 else 1
        at = ruler.beside(along, side * lighting.offset)
        if street.kind == "primary" or _clear_of(mains, at):
            yield _Spot(at, stretch.street, along, stretch.bank)


def _clear_of(mains: Sequence[tuple[Point, Point]], at: Point) -> bool:
    x, y = at
    return not any(
        abs(a[0] - x) < 500 and abs(a[1] - y) < 500 and distance_to_segment(at, a, b) < _JUNCTION for a, b in mains
    )


def _shown(net: Net, cabinets: Sequence[Sequence[_Spot]]) -> tuple[Street, ...]:
    """All main roads, and the side streets in and around the area that has lamps."""
    at = [spot.at for cabinet in cabinets for spot in cabinet]
    west, east = min(x for x, _ in at) - _AROUND, max(x for x, _ in at) + _AROUND
    south, north = min(y for _, y in at) - _AROUND, max(y for _, y in at) + _AROUND
    return tuple(
        street
        for street in net.streets
        if street.kind == "primary" or any(west < x < east and south < y < north for x, y in street.line)
    )


# Which cabinet


def _wired(spots: Sequence[_Spot], most: int) -> list[list[_Spot]]:
    """Lamps by cabinet: compact areas of at most `most` lamps that do not reach across the water."""
    banks: dict[int, list[_Spot]] = {}
    for spot in spots:
        banks.setdefault(spot.bank, []).append(spot)
    areas = (area for _, bank in sorted(banks.items()) for area in _halved(bank, math.ceil(len(bank) / most)))
    return [_in_street_order(area) for area in areas]


def _halved(spots: list[_Spot], parts: int) -> Iterator[list[_Spot]]:
    if parts == 1:
        yield spots
        return
    axis = max((0, 1), key=lambda n: _extent(spots, n))
    ordered = sorted(spots, key=lambda s: (s.at[axis], s.street, s.along))
    cut = round(len(spots) * (parts // 2) / parts)
    yield from _halved(ordered[:cut], parts // 2)
    yield from _halved(ordered[cut:], parts - parts // 2)


def _extent(spots: Sequence[_Spot], axis: int) -> float:
    return max(s.at[axis] for s in spots) - min(s.at[axis] for s in spots)


def _in_street_order(spots: Sequence[_Spot]) -> list[_Spot]:
    """Street after street, from one end of the area to the other."""
    axis = max((0, 1), key=lambda n: _extent(spots, n))
    streets: dict[int, list[_Spot]] = {}
    for spot in spots:
        streets.setdefault(spot.street, []).append(spot)
    middle = {n: sum(s.at[axis] for s in found) / len(found) for n, found in streets.items()}
    return sorted(spots, key=lambda s: (middle[s.street], s.street, s.along))


# What the inventory says


class _Writer:
    """Writes the inventory of a city whose lamps have been chosen and wired."""

    def __init__(self, spec: CitySpec, net: Net, cabinets: Sequence[Sequence[_Spot]], served_by: Sequence[str]) -> None:
        self._spec = spec
        self._net = net
        self._cabinets = cabinets
        self._served_by = served_by
        self._wards = _ward_points(spec.wards, net)
        self._rng = random.Random(spec.seed)  # noqa: S311 - a repeatable city, no secret

    def city(self, edges: Sequence[str]) -> City:
        spec = self._spec
        return City(
            site=spec.site,
            name=spec.name,
            timezone=spec.timezone,
            centre=spec.centre,
            survey=spec.survey,
            wards=tuple(inventory.Ward(id=w.id, name=w.name, label_at=_place(w.label_at)) for w in spec.wards),
            luminaire_types=spec.luminaire_types,
            edges=tuple(edges),
            cabinets=tuple(self._cabinet(n) for n in range(len(self._cabinets))),
            luminaires=tuple(self._luminaires()),
            meters=tuple(
                inventory.Meter(id=f"{self._cabinet_id(n)}-M", cabinet=self._cabinet_id(n))
                for n in range(len(self._cabinets))
            ),
            stations=tuple(self._stations(edges[0])),
            cameras=tuple(self._cameras(edges[0])),
        )

    def _cabinet_id(self, number: int) -> str:
        return f"{self._spec.prefix}-TC{number + 1:03d}"

    def _cabinet(self, number: int) -> inventory.Cabinet:
        spots = self._cabinets[number]
        middle = sum(s.at[0] for s in spots) / len(spots), sum(s.at[1] for s in spots) / len(spots)
        home = min(spots, key=lambda s: math.dist(s.at, middle))
        at = home.at[0] + 2.5, home.at[1] - 2.5
        return inventory.Cabinet(
            id=self._cabinet_id(number),
            edge=self._served_by[number],
            ward=self._ward(home.at),
            street=self._net.streets[home.street].name,
            **self._position(at),
        )

    def _luminaires(self) -> Iterator[Luminaire]:
        poles: Counter[int] = Counter()
        number = 0
        for cabinet, spots in enumerate(self._cabinets):
            for n, spot in enumerate(spots):
                number += 1
                poles[spot.street] += 1
                yield self._luminaire(number, cabinet, PHASES[3 * n // len(spots)], spot, poles[spot.street])

    def _luminaire(self, number: int, cabinet: int, phase: Phase, spot: _Spot, pole: int) -> Luminaire:
        street = self._net.streets[spot.street]
        cabinet_id = self._cabinet_id(cabinet)
        return Luminaire(
            id=f"{self._spec.prefix}-{number:06d}",
            cabinet=cabinet_id,
            phase=phase,
            segment=f"{cabinet_id}-{phase}",
            pole=f"{street.name[:32]} {pole:03d}",
            type=self._type_of(spot.street),
            ward=self._ward(spot.at),
            street=street.name,
            **self._position(spot.at),
        )

    def _type_of(self, street: int) -> str:
        """One street has one type of luminaire."""
        types = self._spec.lighting[self._net.streets[street].kind].types
        return types[street % len(types)]

    def _stations(self, edge: str) -> Iterator[inventory.Station]:
        for s in self._spec.stations:
            ward = self._ward(self._net.frame.metres(s.at))
            yield inventory.Station(
                id=s.id, edge=edge, ward=ward, kind=s.kind, name=s.name, longitude=s.at[0], latitude=s.at[1]
            )

    def _cameras(self, edge: str) -> Iterator[inventory.Camera]:
        for c in self._spec.cameras:
            ward = self._ward(self._net.frame.metres(c.at))
            url = f"http://127.0.0.1:{self._spec.camera_port}/{c.id}.mjpg"
            yield inventory.Camera(
                id=c.id, edge=edge, ward=ward, name=c.name, url=url, longitude=c.at[0], latitude=c.at[1]
            )

    def _ward(self, at: Point) -> str:
        return min(self._wards, key=lambda label: math.dist(label[0], at))[1]

    def _position(self, at: Point) -> Mapping[str, float]:
        longitude, latitude = self._net.frame.degrees(at)
        return {"longitude": round(longitude, 7), "latitude": round(latitude, 7)}


def _ward_points(wards: Iterable[WardSpec], net: Net) -> list[tuple[Point, str]]:
    return [(net.frame.metres(point), ward.id) for ward in wards for point in (ward.label_at, *ward.near)]


def _place(degrees: Point) -> Place:
    return Place(longitude=degrees[0], latitude=degrees[1])


# What the edges poll


def _buses(spec: CitySpec, city: City) -> Iterator[Bus]:
    blocks: Counter[str] = Counter()
    members: dict[str, list[Device]] = {m.cabinet: [Device(m.id, spec.meter_profile, METER_UNIT)] for m in city.meters}
    for lamp in city.luminaires:
        unit = FIRST_SEGMENT_UNIT + PHASES.index(lamp.phase)
        members[lamp.cabinet].append(Device(lamp.id, spec.luminaire_profile, unit, blocks[lamp.segment]))
        blocks[lamp.segment] += 1
    for n, cabinet in enumerate(city.cabinets):
        yield Bus(cabinet.id, cabinet.edge, n, tuple(members[cabinet.id]))
    if spec.stations:
        stations = tuple(Device(s.id, s.profile, unit) for unit, s in enumerate(spec.stations, start=1))
        yield Bus(f"{spec.prefix}-STATIONS", city.edges[0], len(city.cabinets), stations)
