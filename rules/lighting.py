"""What luminaires that run together go by when nobody holds them: the programmes of their nights, under one sun."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import accumulate
from zoneinfo import ZoneInfo

from protocols.inventory import Place
from protocols.light import Adaptation, LampSet, LightDocument, Programme, Stretch
from rules.nights import Curve, curve, night_of

_MOST_KEPT = 2000  # curves: a city's programmes for a few nights


class Curves:
    """The curves of programmes under one sun. Each is worked out once; a name stands for one programme only."""

    def __init__(self, place: Place, timezone: tzinfo) -> None:
        self.place, self.timezone = place, timezone
        self._kept: dict[tuple[str, date], Curve] = {}

    def of(self, programme: Programme, night: date) -> Curve:
        """The curve of one night."""
        kept = self._kept.get((programme.id, night))
        if kept is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[programme.id, night] = curve(programme, night, self.place, self.timezone)
        return kept


@dataclass(frozen=True, slots=True)
class Tonight:
    """The programme of one night, and whether an exception of the calendar put it there."""

    programme: Programme
    is_exception: bool
    curve: Curve


@dataclass(frozen=True, slots=True, eq=False)
class Lighting:
    """`begins` has the number of the night, from `first_night`, on which each stretch begins, and that on which the
    last one is over. Without stretches there is only the astronomical default."""

    curves: Curves
    first_night: date = date.min
    begins: tuple[int, ...] = (0,)
    stretches: tuple[Stretch, ...] = ()
    programmes: Mapping[str, Programme] | None = None
    adaptations: tuple[Adaptation, ...] = ()
    floor: float = 0.0

    @property
    def last_night(self) -> date | None:
        """The last one that has a programme."""
        return self.first_night + timedelta(days=self.begins[-1] - 1) if self.stretches else None

    def tonight(self, at: datetime) -> Tonight | None:
        """The night that a moment belongs to; `None` when it has no programme."""
        if self.programmes is None:
            return None
        night = night_of(at, self.curves.timezone)
        number = (night - self.first_night).days
        if not 0 <= number < self.begins[-1]:
            return None
        stretch = self.stretches[bisect_right(self.begins, number) - 1]
        programme = self.programmes[stretch.programme]
        return Tonight(programme, stretch.is_exception, self.curves.of(programme, night))


def lightings(document: LightDocument) -> dict[str, Lighting]:
    """Of each set of a document, by the set's id. They share their curves."""
    curves = Curves(document.place, ZoneInfo(document.timezone))
    programmes = {programme.id: programme for programme in document.programmes}
    return {some.id: _of_set(some, document.first_night, curves, programmes) for some in document.sets}


def _of_set(some: LampSet, first_night: date, curves: Curves, programmes: Mapping[str, Programme]) -> Lighting:
    return Lighting(
        curves=curves,
        first_night=first_night,
        begins=tuple(accumulate((stretch.nights for stretch in some.stretches), initial=0)),
        stretches=some.stretches,
        programmes=programmes,
        adaptations=some.adaptations,
        floor=some.floor,
    )
