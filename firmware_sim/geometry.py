"""Plane geometry in metres: enough to lay streets on land, without a library."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
Line = Sequence[Point]

_METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km


@dataclass(frozen=True, slots=True)
class Frame:
    """Flat metres (x east, y north) around a point; good to a few metres over one city."""

    longitude: float
    latitude: float

    @property
    def _east(self) -> float:
        return _METRES_PER_DEGREE * math.cos(math.radians(self.latitude))

    def metres(self, degrees: Point) -> Point:
        """Longitude and latitude to metres."""
        return (degrees[0] - self.longitude) * self._east, (degrees[1] - self.latitude) * _METRES_PER_DEGREE

    def degrees(self, metres: Point) -> Point:
        """Metres to longitude and latitude."""
        return self.longitude + metres[0] / self._east, self.latitude + metres[1] / _METRES_PER_DEGREE


def curve(points: Line, *, closed: bool = False, steps: int = 4) -> list[Point]:
    """A smooth line through all points (Catmull-Rom), so that a few hand-drawn points do not look like a saw."""
    count = len(points)
    drawn: list[Point] = []
    for n in range(count if closed else count - 1):
        around = [points[_neighbour(n + shift, count, closed)] for shift in (-1, 0, 1, 2)]
        drawn.extend(_spline(around, step / steps) for step in range(steps))
    return drawn if closed else [*drawn, points[-1]]


def _neighbour(n: int, count: int, closed: bool) -> int:
    return n % count if closed else min(max(n, 0), count - 1)


def _spline(around: Sequence[Point], t: float) -> Point:
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = around
    return _catmull_rom(x0, x1, x2, x3, t), _catmull_rom(y0, y1, y2, y3, t)


def _catmull_rom(a: float, b: float, c: float, d: float, t: float) -> float:
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


class Ruler:
    """A line with the way along it, for walking."""

    def __init__(self, points: Line) -> None:
        self.points = points
        self.way = [0.0]
        for (ax, ay), (bx, by) in pairwise(points):
            self.way.append(self.way[-1] + math.hypot(bx - ax, by - ay))

    @property
    def length(self) -> float:
        """The whole way, in metres."""
        return self.way[-1]

    def at(self, along: float) -> tuple[Point, Point]:
        """The point `along` the line, and the direction there as a unit vector."""
        n = min(max(bisect_left(self.way, along), 1), len(self.points) - 1)
        (ax, ay), (bx, by) = self.points[n - 1], self.points[n]
        step = self.way[n] - self.way[n - 1] or 1.0
        share = (along - self.way[n - 1]) / step
        return (ax + share * (bx - ax), ay + share * (by - ay)), ((bx - ax) / step, (by - ay) / step)

    def beside(self, along: float, offset: float) -> Point:
        """A point `offset` metres to the left of the line (negative: to the right)."""
        (x, y), (dx, dy) = self.at(along)
        return x - dy * offset, y + dx * offset


def distance_to_segment(point: Point, a: Point, b: Point) -> float:
    """From a point to the nearest point of a straight piece."""
    (px, py), (ax, ay), (bx, by) = point, a, b
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    share = ((px - ax) * dx + (py - ay) * dy) / square if square else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(px - ax - share * dx, py - ay - share * dy)


class Raster:
    """Which of several areas a point is in, by cells of a few metres: one look-up instead of a walk round a coast."""

    def __init__(self, areas: Sequence[Line], cell: float = 20.0) -> None:
        xs = [x for area in areas for x, _ in area]
        ys = [y for area in areas for _, y in area]
        self._cell = cell
        self._x, self._y = min(xs), min(ys)
        self._columns = int((max(xs) - self._x) / cell) + 2
        self._rows = int((max(ys) - self._y) / cell) + 2
        self._cells = bytearray(self._columns * self._rows)
        for number, area in enumerate(areas, start=1):
            self._fill(area, number)

    def area(self, x: float, y: float) -> int:
        """The number of the area from 1, in the order in which they were given; 0 is none."""
        column, row = int((x - self._x) // self._cell), int((y - self._y) // self._cell)
        inside = 0 <= column < self._columns and 0 <= row < self._rows
        return self._cells[row * self._columns + column] if inside else 0

    def surrounds(self, at: Point, margin: float) -> bool:
        """True when a point, and those `margin` metres to its four sides, are each in some area."""
        (x, y), cell, wide, cells = at, self._cell, self._columns, self._cells
        x, y = x - self._x, y - self._y
        west, east = int((x - margin) // cell), int((x + margin) // cell)
        south, north = int((y - margin) // cell), int((y + margin) // cell)
        if west < 0 or south < 0 or east >= wide or north >= self._rows:
            return False
        column, row = int(x // cell), int(y // cell) * wide
        return bool(
            cells[row + column]
            and cells[row + west]
            and cells[row + east]
            and cells[south * wide + column]
            and cells[north * wide + column]
        )

    def _fill(self, area: Line, number: int) -> None:
        for row, crossings in _crossings(area, self._y + self._cell / 2, self._cell):
            for west, east in zip(crossings[::2], crossings[1::2], strict=True):
                first, last = int((west - self._x) / self._cell), int((east - self._x) / self._cell)
                start = row * self._columns
                self._cells[start + first : start + last] = bytes([number]) * (last - first)


def _crossings(area: Line, first_y: float, cell: float) -> Iterator[tuple[int, list[float]]]:
    """For every row of cells, where its middle crosses the outline, from west to east."""
    rows: dict[int, list[float]] = {}
    for (ax, ay), (bx, by) in zip(area, [*area[1:], area[0]], strict=True):
        low, high = sorted(((ay - first_y) / cell, (by - first_y) / cell))
        for row in range(math.ceil(low), math.ceil(high)):
            y = first_y + row * cell
            rows.setdefault(row, []).append(ax + (y - ay) * (bx - ax) / (by - ay))
    for row, crossings in rows.items():
        yield row, sorted(crossings)
