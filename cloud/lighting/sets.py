"""Lamps that run by the same, whatever edge they hang on: what they should have is found once for all of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np

from cloud.latest.values import Ints, LatestValues
from cloud.lighting.watched import Watched
from protocols.light import LampSet, LightDocument
from rules import fleet_resolve
from rules.fleet_resolve import NUMBERS, Sets
from rules.lighting import Lighting


class RunningSets:
    """By number. The first ones are the cities' own, which stay; the others go when no lamp runs by them.

    `columns` has what was found for each at the last look, and `is_changed` is set when it is another than before.
    """

    def __init__(self, cities: Sequence[Lighting], latest: LatestValues, now: datetime) -> None:
        self._latest = latest
        self._cities = len(cities)
        self._numbers: dict[object, int] = {}
        self._all = [Watched(lighting, latest, now) for lighting in cities]
        self.columns: Sets = self._in_columns()
        self.is_changed = True

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, number: int) -> Watched:
        return self._all[number]

    def number(self, document: LightDocument, some: LampSet, lighting: Lighting, now: datetime) -> int:
        """That of lamps which run by a set of a document."""
        name = _essence(document, some)
        if name not in self._numbers:
            self._numbers[name] = len(self._all)
            self._all.append(Watched(lighting, self._latest, now))
            self._rebuild()
        return self._numbers[name]

    def keep(self, set_of: Ints) -> Ints:
        """Forget those that no lamp has; the new numbers of the lamps' sets."""
        used = np.union1d(np.unique(set_of), np.arange(self._cities))
        if len(used) == len(self._all):
            return set_of
        places = {int(old): new for new, old in enumerate(used)}
        self._numbers = {name: places[old] for name, old in self._numbers.items() if old in places}
        self._all = [self._all[old] for old in used.tolist()]
        self._rebuild()
        return np.searchsorted(used, set_of)

    def go_on(self, numbers: Iterable[int], now: datetime) -> None:
        """To a later moment."""
        for number in numbers:
            watched = self._all[number]
            if watched.go_on(now) and self._differs(number, watched):
                self._put(number, watched)

    def _differs(self, number: int, watched: Watched) -> bool:
        level, reason = self.columns.level[number], self.columns.reason[number]
        return bool(level != watched.planned.level or reason != NUMBERS[watched.planned.reason])

    def _put(self, number: int, watched: Watched) -> None:
        self.columns.level[number] = watched.planned.level
        self.columns.reason[number] = NUMBERS[watched.planned.reason]
        self.columns.since[number] = watched.since.timestamp()
        self.is_changed = True

    def _rebuild(self) -> None:
        self.columns, self.is_changed = self._in_columns(), True

    def _in_columns(self) -> Sets:
        planned = [watched.planned for watched in self._all]
        return fleet_resolve.sets(planned, [watched.since.timestamp() for watched in self._all])


def _essence(document: LightDocument, some: LampSet) -> object:
    """Sets with the same one shine alike: all that decides the light of their lamps but each one's output."""
    used = {stretch.programme for stretch in some.stretches}
    programmes = tuple(programme for programme in document.programmes if programme.id in used)
    when = (document.timezone, document.place, document.first_night, some.stretches)
    return (*when, programmes, some.adaptations, some.floor)
