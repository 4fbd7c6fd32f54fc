"""Where the sun stands, and when it sets and rises.

Dark is one rule for everybody: the sun's centre stands below HORIZON. Sunset and sunrise are the moments at which that
changes, found on the same elevation, so that they can never contradict it; civil dusk and dawn are found in the same
way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from astral import Observer
from astral.sun import elevation as _elevation

from protocols.inventory import Place

HORIZON = -0.833  # degrees: 34' of refraction and 16' of radius; USNO, "Rise, Set, and Twilight Definitions"
CIVIL = -6.0  # degrees: the end and the begin of civil twilight; USNO, the same page

_FASTEST = 15.1  # degrees an hour: the earth's 15.04 and a little for the change of declination
_SHORTEST_STEP = timedelta(minutes=1)
_SEARCH = timedelta(days=2)
_SECOND = timedelta(seconds=1)


def elevation(place: Place, at: datetime) -> float:
    """Degrees of the sun's centre above the horizon, as geometry has it: without refraction."""
    return _elevation(_observer(place.latitude, place.longitude), at.astimezone(UTC), with_refraction=False)


@lru_cache(256)
def _observer(latitude: float, longitude: float) -> Observer:
    return Observer(latitude, longitude)


def is_dark(place: Place, at: datetime) -> bool:
    """True from sunset to sunrise."""
    return elevation(place, at) < HORIZON


def next_sunset(place: Place, after: datetime) -> datetime | None:
    """The next moment (UTC, whole seconds) at which it becomes dark; `None` when there is none within two days."""
    return next((at for at, dark in _next_changes(place, after) if dark), None)


def next_sunrise(place: Place, after: datetime) -> datetime | None:
    """The next moment (UTC, whole seconds) at which it is no longer dark; `None` when there is none within two days."""
    return next((at for at, dark in _next_changes(place, after) if not dark), None)


def _next_changes(place: Place, after: datetime) -> Iterator[tuple[datetime, bool]]:
    begin = after.astimezone(UTC).replace(microsecond=0)
    return _changes(place, begin, begin + _SEARCH, HORIZON)


@dataclass(frozen=True, slots=True)
class Darkness:
    """One night's sun, UTC, whole seconds, in this order. Where civil twilight lasts all night, dusk and dawn are both
    the darkest moment."""

    sunset: datetime
    civil_dusk: datetime
    civil_dawn: datetime
    sunrise: datetime


def darkness(place: Place, begin: datetime, end: datetime) -> Darkness | None:
    """The longest time without sun in a window; `None` when the sun is up throughout.

    Where the sun is down already at the window's begin, that is the sunset; likewise its end and the sunrise.
    """
    night = _longest(_spans(place, begin, end, HORIZON))
    if night is None:
        return None
    sunset, sunrise = night
    deepest = _longest(_spans(place, sunset, sunrise, CIVIL)) or (_darkest(place, sunset, sunrise),) * 2
    return Darkness(sunset, *deepest, sunrise)


def _longest(spans: Iterator[tuple[datetime, datetime]]) -> tuple[datetime, datetime] | None:
    return max(spans, key=lambda span: span[1] - span[0], default=None)


def _spans(place: Place, begin: datetime, end: datetime, line: float) -> Iterator[tuple[datetime, datetime]]:
    """From when to when the sun stands below a line."""
    since = begin if elevation(place, begin) < line else None
    for at, below in _changes(place, begin, end, line):
        if since is not None:
            yield since, at
        since = at if below else None
    if since is not None:
        yield since, end


def _darkest(place: Place, begin: datetime, end: datetime) -> datetime:
    """When the sun stands lowest, to the second, where it sinks and then rises."""
    while end - begin > _SECOND:
        left = begin + ((end - begin) // 2 - _SECOND / 2) // _SECOND * _SECOND
        falls = elevation(place, left + _SECOND) < elevation(place, left)
        begin, end = (left + _SECOND, end) if falls else (begin, left)
    return begin


def _changes(place: Place, begin: datetime, end: datetime, line: float) -> Iterator[tuple[datetime, bool]]:
    """Each moment at which the sun sinks below a line (True) or is no longer below it (False)."""
    at, height = begin, elevation(place, begin)
    while at < end:
        later = min(at + _safe_step(height - line), end)
        then = elevation(place, later)
        if (then < line) is not (height < line):
            yield _crossing(place, at, later, line), then < line
        at, height = later, then


def _safe_step(degrees: float) -> timedelta:
    """A step in which a line so far away cannot be crossed twice unseen: the sun moves no faster than FASTEST."""
    return max(timedelta(seconds=int(abs(degrees) / _FASTEST * 3600)), _SHORTEST_STEP)


def _crossing(place: Place, before: datetime, after: datetime, line: float) -> datetime:
    """The first second on the other side, between two moments on different sides."""
    below = elevation(place, after) < line
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        before, after = (before, middle) if (elevation(place, middle) < line) is below else (middle, after)
    return after
