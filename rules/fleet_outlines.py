"""The outlines of wards: what lies inside, what lies beside, and the same outline with fewer corners."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from protocols.inventory import Polygon
from rules.fleet_geometry import inside

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Point = tuple[float, float]

NEAR_M = 50.0  # an outline may be that far from where it is: a street that parts two wards has lamps on both sides
COARSE_M = 5.0  # how far a corner may be from the outline without it
SMALLEST_M2 = 300.0  # smaller rocks carry no street; Ha Long Bay has a thousand
_METRES = 111_320.0  # of a degree of latitude
_SHORTEST = 4  # places of a ring, the first of which comes again at the end


def within(outline: Sequence[Polygon], longitudes: Floats, latitudes: Floats, near_m: float = NEAR_M) -> Bools:
    """Which places lie in an outline, or not farther from it than this."""
    rings = [ring for polygon in outline for ring in polygon if _may_hold(ring, longitudes, latitudes, near_m)]
    found = np.zeros(len(longitudes), dtype=np.bool_)
    for ring in rings:
        found ^= inside(longitudes, latitudes, ring)
    beside = np.flatnonzero(~found)
    for ring in rings:
        found[beside] |= _distances(ring, longitudes[beside], latitudes[beside]) <= near_m
    return found


def _may_hold(ring: Sequence[Point], longitudes: Floats, latitudes: Floats, near_m: float) -> bool:
    """Most islands are far from every lamp."""
    if not len(longitudes):
        return False
    east, north = zip(*ring, strict=True)
    edge = near_m / _METRES / max(math.cos(math.radians(max(map(abs, north)))), 0.01)
    apart = longitudes.max() < min(east) - edge or longitudes.min() > max(east) + edge
    return not (apart or latitudes.max() < min(north) - edge or latitudes.min() > max(north) + edge)


def _distances(ring: Sequence[Point], longitudes: Floats, latitudes: Floats) -> Floats:
    """Metres from each place to the nearest edge."""
    across = _METRES * math.cos(math.radians(ring[0][1]))
    nearest = np.full(len(longitudes), np.inf)
    for (x0, y0), (x1, y1) in pairwise(ring):
        run, rise = (x1 - x0) * across, (y1 - y0) * _METRES
        right, up = (longitudes - x0) * across, (latitudes - y0) * _METRES
        length = run * run + rise * rise
        along = np.clip((right * run + up * rise) / length, 0, 1) if length > 0 else 0.0
        nearest = np.minimum(nearest, np.hypot(right - along * run, up - along * rise))
    return nearest


def simplified(outline: Iterable[Polygon]) -> tuple[Polygon, ...]:
    """With no more corners than it takes to be right to a few metres, without rocks, and without holes as small."""
    found = [[_simple(ring) for ring in polygon] for polygon in outline]
    return tuple((rings[0], *filter(_is_land, rings[1:])) for rings in found if _is_land(rings[0]))


def _is_land(ring: Sequence[Point]) -> bool:
    return len(ring) >= _SHORTEST and _area(ring) >= SMALLEST_M2


def _area(ring: Sequence[Point]) -> float:
    """Square metres."""
    (x, y), across = ring[0], _METRES * math.cos(math.radians(ring[0][1]))
    corners = [((east - x) * across, (north - y) * _METRES) for east, north in ring]
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(corners))) / 2


def _simple(ring: Sequence[Point]) -> tuple[Point, ...]:
    """Douglas and Peucker, 1973; the two ends of a ring are one place, so it is cut at its farthest corner.
    Six decimals are 0.1 m."""
    far = max(range(len(ring)), key=lambda n: math.dist(ring[0], ring[n]))
    places = np.array(ring, dtype=np.float64)
    across = math.cos(math.radians(ring[0][1]))
    kept = np.zeros(len(ring), dtype=np.bool_)
    kept[[0, far, len(ring) - 1]] = True
    todo = [(0, far), (far, len(ring) - 1)]
    while todo:
        first, last = todo.pop()
        worst = _worst(places[first : last + 1] * (across * _METRES, _METRES))
        if worst is not None:
            kept[first + worst] = True
            todo += [(first, first + worst), (first + worst, last)]
    return tuple((round(east, 6), round(north, 6)) for (east, north), stays in zip(ring, kept, strict=True) if stays)


def _worst(line: Floats) -> int | None:
    """The place that is farthest from the line between the ends, unless all are near enough."""
    if len(line) <= 2:
        return None
    run, offsets = line[-1] - line[0], line[1:-1] - line[0]
    length = float(run @ run)
    along = np.clip(offsets @ run / length, 0, 1) if length > 0 else np.zeros(len(offsets))
    away = np.hypot(*(offsets - along[:, None] * run).T)
    return int(away.argmax()) + 1 if away.max() > COARSE_M else None
