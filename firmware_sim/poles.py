"""Which places of a street net get a pole, and which cabinet feeds it.

A city of N lamps is the N lamps nearest to the centre and to the main roads, so that a small city is one coherent
area.
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from firmware_sim.city import CitySpec
from firmware_sim.geometry import Point, Ruler, distance_to_segment
from firmware_sim.streets import Net, Street
from protocols.config import ConfigError

_STRETCH = 180.0  # streets are taken into the city in stretches of about a block
_SIDE_STREET_PENALTY = 6.0  # a metre away from a main road counts as this many metres away from the centre
_AROUND = 500.0  # the map shows the streets so far around the lamps
_JUNCTION = 14.0  # no lamp of a side street so close to a main road: that one lights the junction


class TooManyLamps(ConfigError):
    """The city has no street for so many lamps. It has no place in a file: the command line may have asked for them."""

    def __init__(self, spec: CitySpec, lamps: int, most: int) -> None:
        super().__init__([])
        self.args = (f"{lamps} lamps are too many for the streets of {spec.name.en}; give {most} or fewer",)


@dataclass(frozen=True, slots=True)
class Spot:
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


def chosen(spec: CitySpec, net: Net, lamps: int) -> list[Spot]:
    """The best stretches first, until there are enough lamps."""
    mains = [pair for s in net.streets if s.kind == "primary" for pair in pairwise(s.line)]
    rulers = [Ruler(street.line) for street in net.streets]
    found: list[Spot] = []
    for stretch in _best_first(net, rulers, _Roughly(spec, net)):
        if len(found) >= lamps:
            break
        found.extend(_spots(spec, net.streets[stretch.street], rulers[stretch.street], stretch, mains))
    if len(found) < lamps:
        raise TooManyLamps(spec, lamps, len(found))
    return found[:lamps]


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
) -> Iterator[Spot]:
    lighting = spec.lighting[street.kind]
    first = math.ceil(stretch.first / lighting.lamp_every)
    for n in range(first, math.ceil(stretch.last / lighting.lamp_every)):
        along = n * lighting.lamp_every + lighting.lamp_every / 2
        if along >= ruler.length:
            return
        side = -1 if lighting.both_sides and n % 2 else 1
        at = ruler.beside(along, side * lighting.offset)
        if street.kind == "primary" or _clear_of(mains, at):
            yield Spot(at, stretch.street, along, stretch.bank)


def _clear_of(mains: Sequence[tuple[Point, Point]], at: Point) -> bool:
    x, y = at
    return not any(
        abs(a[0] - x) < 500 and abs(a[1] - y) < 500 and distance_to_segment(at, a, b) < _JUNCTION for a, b in mains
    )


def shown(net: Net, cabinets: Sequence[Sequence[Spot]]) -> tuple[Street, ...]:
    """All main roads, and the side streets in and around the area that has lamps."""
    at = [spot.at for cabinet in cabinets for spot in cabinet]
    west, east = min(x for x, _ in at) - _AROUND, max(x for x, _ in at) + _AROUND
    south, north = min(y for _, y in at) - _AROUND, max(y for _, y in at) + _AROUND
    return tuple(
        street
        for street in net.streets
        if street.kind == "primary" or any(west < x < east and south < y < north for x, y in street.line)
    )


def wired(spots: Sequence[Spot], most: int) -> list[list[Spot]]:
    """Lamps by cabinet: compact areas of at most `most` lamps that do not reach across the water."""
    banks: dict[int, list[Spot]] = {}
    for spot in spots:
        banks.setdefault(spot.bank, []).append(spot)
    areas = (area for _, bank in sorted(banks.items()) for area in _halved(bank, math.ceil(len(bank) / most)))
    return [_in_street_order(area) for area in areas]


def _halved(spots: list[Spot], parts: int) -> Iterator[list[Spot]]:
    if parts == 1:
        yield spots
        return
    axis = max((0, 1), key=lambda n: _extent(spots, n))
    ordered = sorted(spots, key=lambda s: (s.at[axis], s.street, s.along))
    cut = round(len(spots) * (parts // 2) / parts)
    yield from _halved(ordered[:cut], parts // 2)
    yield from _halved(ordered[cut:], parts - parts // 2)


def _extent(spots: Sequence[Spot], axis: int) -> float:
    return max(s.at[axis] for s in spots) - min(s.at[axis] for s in spots)


def _in_street_order(spots: Sequence[Spot]) -> list[Spot]:
    """Street after street, from one end of the area to the other."""
    axis = max((0, 1), key=lambda n: _extent(spots, n))
    streets: dict[int, list[Spot]] = {}
    for spot in spots:
        streets.setdefault(spot.street, []).append(spot)
    middle = {n: sum(s.at[axis] for s in found) / len(found) for n, found in streets.items()}
    return sorted(spots, key=lambda s: (middle[s.street], s.street, s.along))
