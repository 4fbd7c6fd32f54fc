"""Where the sun stands, and when it sets and rises.

Dark is one rule for everybody: the sun's centre stands below HORIZON. Sunset and sunrise are the moments at which that
changes, found on the same elevation, so that they can never contradict it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from astral import Observer
from astral.sun import elevation as _elevation

from protocols.inventory import Place

HORIZON = -0.833  # degrees: 34' of refraction and 16' of radius; USNO, "Rise, Set, and Twilight Definitions"

_FASTEST = 15.1  # degrees an hour: the earth's 15.04 and a little for the change of declination
_SHORTEST_STEP = timedelta(minutes=1)
_SEARCH = timedelta(days=2)


def elevation(place: Place, at: datetime) -> float:
    """Degrees of the sun's centre above the horizon, as geometry has it: without refraction."""
    observer = Observer(place.latitude, place.longitude)
    return _elevation(observer, at.astimezone(UTC), with_refraction=False)


def is_dark(place: Place, at: datetime) -> bool:
    """True from sunset to sunrise."""
    return elevation(place, at) < HORIZON


def next_sunset(place: Place, after: datetime) -> datetime | None:
    """The next moment (UTC, whole seconds) at which it becomes dark; `None` when there is none within two days."""
    return next((at for at, dark in _changes(place, after) if dark), None)


def next_sunrise(place: Place, after: datetime) -> datetime | None:
    """The next moment (UTC, whole seconds) at which it is no longer dark; `None` when there is none within two days."""
    return next((at for at, dark in _changes(place, after) if not dark), None)


def _changes(place: Place, after: datetime) -> Iterator[tuple[datetime, bool]]:
    """Each moment at which it becomes dark (True) or light (False)."""
    at = after.astimezone(UTC).replace(microsecond=0)
    end = at + _SEARCH
    dark = is_dark(place, at)
    while at < end:
        later = at + _safe_step(place, at)
        if is_dark(place, later) is not dark:
            dark = not dark
            yield _moment(place, at, later), dark
        at = later


def _safe_step(place: Place, at: datetime) -> timedelta:
    """A step in which the horizon cannot be crossed twice unseen: the sun moves no faster than FASTEST."""
    hours = abs(elevation(place, at) - HORIZON) / _FASTEST
    return max(timedelta(seconds=int(hours * 3600)), _SHORTEST_STEP)


def _moment(place: Place, before: datetime, after: datetime) -> datetime:
    """The first second of the new state, between two moments that differ."""
    dark = is_dark(place, after)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        before, after = (before, middle) if is_dark(place, middle) is dark else (middle, after)
    return after
