"""The steps of programmes over hundreds of nights, in columns: one entry a night. Times are Unix seconds.

What `rules/nights.py` says of one night, said at once of all; a test holds the two against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from protocols.inventory import Place
from protocols.light import Step, SunEvent
from rules.nights import Window, darkness_of, local_moment, window_of

Column = list[int]
_HALF_A_DAY = 12 * 3600


@dataclass(frozen=True, slots=True)
class Nights:
    """Nights with darkness, in order. Where the sun does not rise, sunset and sunrise are `begin` and `end`."""

    dates: list[date]
    windows: list[Window]
    timezone: tzinfo
    begin: Column
    end: Column
    sunset: Column
    civil_dusk: Column
    civil_dawn: Column
    sunrise: Column

    def column(self, event: SunEvent | None) -> Column:
        """When the sun does something."""
        if event is SunEvent.SUNSET:
            return self.sunset
        if event is SunEvent.CIVIL_DUSK:
            return self.civil_dusk
        return self.civil_dawn if event is SunEvent.CIVIL_DAWN else self.sunrise

    def clock(self, at: int) -> str:
        """A moment as local clocks show it."""
        return datetime.fromtimestamp(at, self.timezone).strftime("%H:%M")


def nights_of(dates: Sequence[date], place: Place, timezone: tzinfo) -> Nights:
    """Without the nights in which the sun does not set: every programme is off in them."""
    found = [(night, sun) for night in dates if (sun := darkness_of(night, place, timezone)) is not None]
    windows = [window_of(night, timezone) for night, _ in found]
    return Nights(
        dates=[night for night, _ in found],
        windows=windows,
        timezone=timezone,
        begin=[int(window.begin.timestamp()) for window in windows],
        end=[int(window.end.timestamp()) for window in windows],
        sunset=[int(sun.sunset.timestamp()) for _, sun in found],
        civil_dusk=[int(sun.civil_dusk.timestamp()) for _, sun in found],
        civil_dawn=[int(sun.civil_dawn.timestamp()) for _, sun in found],
        sunrise=[int(sun.sunrise.timestamp()) for _, sun in found],
    )


def own_moments(step: Step, nights: Nights) -> Column:
    """When a step comes by itself, as in nights.step_moment."""
    if step.at is not None:
        return local_moments(step.at, nights)
    late = step.offset_min * 60
    found = [at + late for at in nights.column(step.sun)]
    if step.not_before is not None:
        found = list(map(max, found, local_moments(step.not_before, nights)))
    if step.not_after is not None:
        found = list(map(min, found, local_moments(step.not_after, nights)))
    return list(map(min, map(max, found, nights.begin), nights.end))


def moments(steps: Sequence[Step], nights: Nights) -> list[Column]:
    """When each step comes: never before the one above it."""
    found: list[Column] = []
    for step in steps:
        own = own_moments(step, nights)
        found.append(list(map(max, own, found[-1])) if found else own)
    return found


def local_moments(at: time, nights: Nights) -> Column:
    """When local clocks show a time."""
    late = minutes_after_noon(at) * 60
    return [
        begin + late if window.steady else int(local_moment(at, night, nights.timezone).timestamp())
        for begin, window, night in zip(nights.begin, nights.windows, nights.dates, strict=True)
    ]


def minutes_after_noon(at: time) -> int:
    """Where in the night a local time stands."""
    return (at.hour * 60 + at.minute - 720) % 1440


def brightest(nights: Nights) -> list[tuple[int, ...]]:
    """Moments of each night at which it is bright day: begin, end and the sun's highest, where the sun is up."""
    return [
        tuple(at for at, sunny in _noons(*sun) if sunny)
        for sun in zip(nights.begin, nights.sunset, nights.sunrise, nights.end, strict=True)
    ]


def _noons(begin: int, sunset: int, sunrise: int, end: int) -> tuple[tuple[int, bool], ...]:
    midnight = (sunset + sunrise) // 2
    before, after = midnight - _HALF_A_DAY, midnight + _HALF_A_DAY
    return (
        (begin, sunset > begin),
        (before, begin <= before < sunset),
        (after, sunrise <= after < end),
        (end - 1, sunrise < end),
    )
