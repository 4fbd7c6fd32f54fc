"""What a programme means in one night: each step gets its moment, and each moment a level.

A night runs from noon to noon, local time (23 or 25 hours when the clocks are changed), and is named by the date on
which it begins. What a planner may rely on:

- The sun's moments belong to the night. With no sunset in it the night has no darkness, and the whole programme stays
  off: a light that is due at 22:00 does not burn beside the midnight sun. Where the sun does not rise, sunset is the
  night's begin and sunrise its end. Where civil twilight lasts all night, dusk and dawn are the darkest moment.
- A local time that exists twice, because the clocks are set back, is the first of the two. One that does not exist,
  because they are set forward, is the moment at which they are: so that times that follow each other always do.
- A step whose moment would lie before that of the step above it comes at that moment. Plans with such steps are
  refused (`rules/light_checks.py`); here there is an answer for everything.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property, lru_cache
from math import ceil, floor
from typing import NamedTuple

from protocols.inventory import Place
from protocols.light import Programme, Step, SunEvent
from rules.sun import Darkness, darkness

NOON = time(12)
OFF = 0.0
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_REMEMBERED = 4096  # nights of all cities together; each costs about a millisecond to find


def night_of(at: datetime, timezone: tzinfo) -> date:
    """The night that a moment belongs to, by the date on which it begins."""
    local = at.astimezone(timezone)
    return local.date() if local.time() >= NOON else local.date() - _DAY


@dataclass(frozen=True, slots=True)
class Window:
    """From noon to noon, UTC. `steady` is true when no clock is changed in between."""

    begin: datetime
    end: datetime
    steady: bool


@lru_cache(_REMEMBERED)
def window_of(night: date, timezone: tzinfo) -> Window:
    """When a night begins and ends."""
    begin, end = (_utc(datetime.combine(day, NOON), timezone) for day in (night, night + _DAY))
    return Window(begin, end, begin.astimezone(timezone).utcoffset() == end.astimezone(timezone).utcoffset())


@lru_cache(_REMEMBERED)
def darkness_of(night: date, place: Place, timezone: tzinfo) -> Darkness | None:
    """What the sun does in a night; `None` when it does not set."""
    window = window_of(night, timezone)
    return darkness(place, window.begin, window.end)


def local_moment(at: time, night: date, timezone: tzinfo) -> datetime:
    """A local time of a night, UTC."""
    window = window_of(night, timezone)
    if window.steady:
        return window.begin + timedelta(minutes=(at.hour * 60 + at.minute - 720) % 1440)
    day = night if at >= NOON else night + _DAY
    return min(max(_utc(datetime.combine(day, at), timezone), window.begin), window.end)


def _utc(local: datetime, timezone: tzinfo) -> datetime:
    """The first moment at which clocks show a time, or at which they pass over it (PEP 495 tells the two apart)."""
    first = local.replace(tzinfo=timezone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=timezone, fold=1).astimezone(UTC)
    return first if first <= second else _changed_between(second, first, timezone)


def _changed_between(before: datetime, after: datetime, timezone: tzinfo) -> datetime:
    offset = after.astimezone(timezone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        same = middle.astimezone(timezone).utcoffset() == offset
        before, after = (before, middle) if same else (middle, after)
    return after


def step_moment(step: Step, night: date, sun: Darkness, timezone: tzinfo) -> datetime:
    """When a step comes, by itself: what stands above it in its programme is not asked."""
    if step.at is not None:
        return local_moment(step.at, night, timezone)
    at = _sun_moment(step.sun, sun) + timedelta(minutes=step.offset_min)
    if step.not_before is not None:
        at = max(at, local_moment(step.not_before, night, timezone))
    if step.not_after is not None:
        at = min(at, local_moment(step.not_after, night, timezone))
    window = window_of(night, timezone)
    return min(max(at, window.begin), window.end)


def _sun_moment(event: SunEvent | None, sun: Darkness) -> datetime:
    if event is SunEvent.SUNSET:
        return sun.sunset
    if event is SunEvent.CIVIL_DUSK:
        return sun.civil_dusk
    return sun.civil_dawn if event is SunEvent.CIVIL_DAWN else sun.sunrise


class Point(NamedTuple):
    """From a moment (UTC) on, another level (%), reached over so many seconds."""

    at: datetime
    level: float
    ramp_s: int


class Jump(NamedTuple):
    """From a moment (UTC) on, this level (%)."""

    at: datetime
    level: float


@dataclass(frozen=True)
class Curve:
    """The level of one night, from `begin` to just before `end` (UTC). It is off before the first point, and outside
    the night."""

    begin: datetime
    end: datetime
    points: tuple[Point, ...]

    def level(self, at: datetime) -> float:
        """% of full light at a moment."""
        jump = self._jump(at)
        return OFF if jump is None else jump.level

    def changed_at(self, at: datetime) -> datetime | None:
        """When the level last changed; `None` when it has not since the night began."""
        jump = self._jump(at)
        return None if jump is None else jump.at

    def _jump(self, at: datetime) -> Jump | None:
        if not self.begin <= at < self.end:
            return None
        passed = bisect_right(self.jumps, at, key=lambda jump: jump.at)
        return self.jumps[passed - 1] if passed else None

    @cached_property
    def jumps(self) -> tuple[Jump, ...]:
        """All changes of the level, in order; what `level` says is made of them.

        A ramp goes in whole percents, at most one a second. A line that moved with every look would be
        written to every luminaire of a bus again and again, for steps that nobody can see.
        """
        return tuple(_jumps(self.points, self.end))


def curve(programme: Programme, night: date, place: Place, timezone: tzinfo) -> Curve:
    """A programme in a night."""
    sun = darkness_of(night, place, timezone)
    return curve_of(night, timezone, () if sun is None else tuple(_points(programme.steps, night, sun, timezone)))


def curve_of(night: date, timezone: tzinfo, points: tuple[Point, ...]) -> Curve:
    """Points in the order of time, in a night."""
    window = window_of(night, timezone)
    return Curve(window.begin, window.end, points)


def _points(steps: Sequence[Step], night: date, sun: Darkness, timezone: tzinfo) -> Iterator[Point]:
    at = step_moment(steps[0], night, sun, timezone)
    for step in steps:
        at = max(at, step_moment(step, night, sun, timezone))
        yield Point(at, step.level, step.ramp_s)


def _jumps(points: Sequence[Point], end: datetime) -> Iterator[Jump]:
    level, ends = OFF, [*(point.at for point in points), end]
    for point, until in zip(points, ends[1:], strict=True):
        for jump in _ramp(point, level):
            if jump.at >= until:
                break
            yield jump
            level = jump.level


def _ramp(point: Point, level: float) -> Iterator[Jump]:
    """From a level to that of a point, one jump a second at most."""
    if level == point.level:
        return
    found = [(point.at + timedelta(seconds=late), reached) for late, reached in _stairs(level, point)]
    last = dict(found)  # of those in one second the last
    yield from (Jump(at, reached) for at, reached in last.items())


def _stairs(level: float, point: Point) -> Iterator[tuple[int, float]]:
    """Seconds after a point, and the whole percent that its line passes then; at last the point's own level."""
    rises, span = point.level > level, point.level - level
    if point.ramp_s:
        between = (
            range(floor(level) + 1, ceil(point.level)) if rises else range(ceil(level) - 1, floor(point.level), -1)
        )
        yield from ((ceil(point.ramp_s * (whole - level) / span), float(whole)) for whole in between)
    yield point.ramp_s, point.level
