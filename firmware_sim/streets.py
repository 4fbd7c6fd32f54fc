"""The street net of a city: main roads as drawn, and a grid of streets in every district, kept to the land.

Everything is in metres of the city's frame. The same spec always gives the same streets.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from firmware_sim.city import CitySpec, District, StreetClass
from firmware_sim.geometry import Frame, Line, Point, Raster, curve, distance_to_segment

_STEP = 20.0  # between two looks at what is under a street
_SHORTEST = 75.0  # streets shorter than this are not built
_SHORE = 35.0  # no side street closer to the water
_BESIDE = 45.0  # a side street that runs along a main road keeps this far off
_BUCKET = 250.0
_DENSITY = -0.75  # lower builds more of a district up


@dataclass(frozen=True, slots=True)
class Street:
    """A named street of one class, with its middle line."""

    name: str
    kind: StreetClass
    line: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Net:
    """The streets of a whole city on its land; `coasts` are the outlines of the pieces of land, in order."""

    frame: Frame
    coasts: tuple[tuple[Point, ...], ...]
    land: Raster
    streets: tuple[Street, ...]


def lay(spec: CitySpec) -> Net:
    """Main roads first, then the districts in the order of the file."""
    frame = Frame(spec.centre.longitude, spec.centre.latitude)
    coasts = tuple(tuple(curve([frame.metres(p) for p in land.outline], closed=True)) for land in spec.land)
    land = Raster(coasts)
    mains = [Street(a.name, "primary", tuple(curve([frame.metres(p) for p in a.line]))) for a in spec.arterials]
    rng = random.Random(spec.seed)  # noqa: S311 - a repeatable city, no secret
    lines = list(_grid_lines(spec, frame, land, _Mains([m.line for m in mains])))
    return Net(frame, coasts, land, (*mains, *_named(lines, spec.street_names, rng)))


class _Mains:
    """The main roads by cells, to know quickly whether one is near and which way it runs."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._buckets: dict[tuple[int, int], list[tuple[Point, Point]]] = {}
        for a, b in (pair for line in lines for pair in pairwise(line)):
            for bucket in _buckets_of(a, b):
                self._buckets.setdefault(bucket, []).append((a, b))

    def runs_beside(self, point: Point, before: Point, after: Point) -> bool:
        """True when a main road runs close by in about the direction of the way from one point to the other."""
        near = self._buckets.get((int(point[0] // _BUCKET), int(point[1] // _BUCKET)))
        if near is None:
            return False
        size = math.dist(before, after) or 1.0
        heading = (after[0] - before[0]) / size, (after[1] - before[1]) / size
        return any(_alike(heading, a, b) and distance_to_segment(point, a, b) < _BESIDE for a, b in near)


def _buckets_of(a: Point, b: Point) -> Iterator[tuple[int, int]]:
    (west, east), (south, north) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    for column in range(int((west - _BESIDE) // _BUCKET), int((east + _BESIDE) // _BUCKET) + 1):
        for row in range(int((south - _BESIDE) // _BUCKET), int((north + _BESIDE) // _BUCKET) + 1):
            yield column, row


def _alike(heading: Point, a: Point, b: Point) -> bool:
    dx, dy = b[0] - a[0], b[1] - a[1]
    return abs(heading[0] * dx + heading[1] * dy) > 0.75 * math.hypot(dx, dy)


def _grid_lines(spec: CitySpec, frame: Frame, land: Raster, mains: _Mains) -> Iterator[tuple[StreetClass, Line]]:
    centres = [frame.metres(d.at) for d in spec.districts]
    for number, district in enumerate(spec.districts):
        ground = _Ground(number, centres, spec.districts, land, mains)
        for kind, line in _rays(district, centres[number]):
            for run in _runs(line, ground):
                yield kind, run


def _rays(district: District, centre: Point) -> Iterator[tuple[StreetClass, list[Point]]]:
    """The full lines of a district's grid, before anything is cut away."""
    turn = math.radians(district.turn)
    along, across = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
    for heading, side, gap, main_every in (
        (along, across, district.short_side, 4),
        (across, along, district.long_side, 3),
    ):
        most = int(district.reach / gap)
        for n in range(-most, most + 1):
            kind: StreetClass = "residential" if n % main_every else "secondary"
            half = math.sqrt(max(district.reach**2 - (n * gap) ** 2, 0.0))
            start = centre[0] + side[0] * n * gap, centre[1] + side[1] * n * gap
            yield kind, [_bent(_moved(start, heading, way * _STEP)) for way in _steps(half)]


def _steps(half: float) -> range:
    return range(-int(half / _STEP), int(half / _STEP) + 1)


def _moved(point: Point, heading: Point, way: float) -> Point:
    return point[0] + heading[0] * way, point[1] + heading[1] * way


def _bent(point: Point) -> Point:
    """Old streets are not straight: a smooth shift of up to 30 m that leaves every junction a junction."""
    x, y = point
    return x + 22 * math.sin(y / 330 + x / 900) + 8 * math.sin(y / 120), y + 22 * math.sin(x / 370 - y / 800)


def _runs(line: Sequence[Point], ground: "_Ground") -> Iterator[Line]:
    """The stretches of a line where a street may stand."""
    run: list[Point] = []
    for before, point, after in zip([line[0], *line], line, [*line[1:], line[-1]], strict=False):
        if ground.carries(point, before, after):
            run.append(point)
        elif run:
            yield from _long_enough(run)
            run = []
    yield from _long_enough(run)


def _long_enough(run: list[Point]) -> Iterator[Line]:
    if (len(run) - 1) * _STEP >= _SHORTEST:
        yield [*run[:-1:3], run[-1]]


class _Ground:
    """Where a street of one district may stand."""

    def __init__(
        self, number: int, centres: Sequence[Point], districts: Sequence[District], land: Raster, mains: _Mains
    ) -> None:
        self._centre, self._reach = centres[number], districts[number].reach
        others = zip(centres, districts, strict=True)
        self._rivals = [(c, d.reach) for c, d in others if 0 < math.dist(c, self._centre) < d.reach + self._reach]
        self._land = land
        self._mains = mains

    def carries(self, point: Point, before: Point, after: Point) -> bool:
        """True when a street may stand here, on its way from one point to another."""
        share = math.dist(point, self._centre) / self._reach
        return (
            _built_up(point, share)
            and self._land.surrounds(point, _SHORE)
            and self._is_ours(point, share)
            and not self._mains.runs_beside(point, before, after)
        )

    def _is_ours(self, point: Point, share: float) -> bool:
        """True when no other district has more of a claim; a loop, for it is asked a quarter of a million times."""
        for centre, reach in self._rivals:  # noqa: SIM110
            if math.dist(point, centre) < share * reach:
                return False
        return True


def _built_up(point: Point, share_of_reach: float) -> bool:
    """Hills, ponds and yards: holes in the grid that grow more frequent towards a district's rim."""
    x, y = point
    wave = math.sin(x / 310 + 1.3) * math.cos(y / 270 - 0.4) + 0.6 * math.sin(x / 150 - y / 170 + 2)
    return wave > _DENSITY + 2.2 * max(share_of_reach - 0.6, 0.0)


def _named(lines: Sequence[tuple[StreetClass, Line]], names: Sequence[str], rng: random.Random) -> Iterator[Street]:
    """Secondary streets take the given names until they run out; lanes are numbered."""
    left = list(names)
    rng.shuffle(left)
    for number, (kind, line) in enumerate(lines, start=1):
        if kind == "secondary":
            yield Street(left.pop() if left else f"Đường số {number}", kind, tuple(line))
        else:
            yield Street(f"Ngõ {number}", kind, tuple(line))
