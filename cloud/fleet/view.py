"""What somebody sees: everything, or what stands in some wards or in whole cities."""

from collections.abc import Sequence
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from cloud.errors import NotAllowed, NotThere
from cloud.fleet.fleet import NO_WARD, Fleet
from cloud.fleet.roll import Places
from protocols.inventory import City
from rules.areas import Grant, wards

_KEPT = 64  # views in memory: a city has fewer different sets of wards that people look at


class View:
    """Without wards everything, also what has gone from the inventories and is in no ward any more.

    `cities` are those of which all is seen, also an edge on which nothing hangs yet; their wards are among `wards`.
    Lamps are numbered anew, in the fleet's order: gaps would say how many there are elsewhere.
    """

    def __init__(self, fleet: Fleet, wards: frozenset[str] | None = None, cities: frozenset[str] = frozenset()) -> None:
        self.fleet, self.wards, self._cities = fleet, wards, cities

    @property
    def is_whole(self) -> bool:
        """True for who sees everything."""
        return self.wards is None

    @property
    def is_empty(self) -> bool:
        """True for who sees nothing."""
        return self.wards is not None and not self.wards and not self._cities

    @cached_property
    def sites(self) -> Sequence[City]:
        """The cities of which anything is seen."""
        of_ward, wards = self.fleet.site_of_ward, self.wards
        seen = self._cities | {of_ward[ward] for ward in wards if ward in of_ward} if wards is not None else None
        return [city for site, city in self.fleet.sites.items() if seen is None or site in seen]

    @property
    def first(self) -> City:
        """The first of them, for what has to be told of one; who sees nothing is told of the service's first."""
        return next(iter(self.sites or self.fleet.sites.values()))

    @property
    def name(self) -> str:
        """Tells it from other views of the lamps."""
        return "" if self.wards is None else "-" + ".".join(sorted(self.wards))

    def sees(self, name: str) -> bool:
        """True for a device, a cabinet or an edge of which any part stands here."""
        if self.wards is None or not self.wards.isdisjoint(self.fleet.wards_of(name)):
            return True
        return self.fleet.site_of(name) in self._cities

    def holds(self, name: str) -> bool:
        """True for a device, a cabinet or an edge that stands here with all its parts."""
        standing = self.fleet.wards_of(name)
        if self.wards is None or (standing and standing <= self.wards):
            return True
        return self.fleet.site_of(name) in self._cities

    def find(self, name: str, what: str) -> str:
        """The name, when it is seen. Raises NotThere."""
        if not self.sees(name):
            raise NotThere(f"there is no {what}")
        return name

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """Whether each lamp of the fleet is seen."""
        if self.wards is None:
            return np.ones(len(self.fleet.lamps), dtype=np.bool_)
        return np.array([lamp.ward in self.wards for lamp in self.fleet.lamps], dtype=np.bool_)

    @cached_property
    def lamps(self) -> Places:
        """The indexes in the fleet of the lamps that are seen, in order."""
        return np.flatnonzero(self.mask)

    @cached_property
    def numbers(self) -> Places:
        """By index in the fleet the number here, -1 for a lamp that is not seen."""
        return np.where(self.mask, np.cumsum(self.mask) - 1, -1)

    @cached_property
    def ward_numbers(self) -> NDArray[np.uint8]:
        """Places in the wards that are seen, by number."""
        seen = [n for n, ward in enumerate(self.fleet.wards) if self.wards is None or ward in self.wards]
        places = np.full(NO_WARD + 1, NO_WARD, dtype=np.uint8)
        known = np.array([n for n in seen if n < NO_WARD], dtype=np.uint8)
        places[known] = np.arange(len(known))
        return places[self.fleet.ward_numbers[self.lamps]]

    def number(self, lamp_id: str) -> int | None:
        """The number of a lamp that is seen."""
        index = self.fleet.index.get(lamp_id)
        return int(self.numbers[index]) if index is not None and self.mask[index] else None


class Views:
    """The views of one service; who may see the same gets the same."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._of = lru_cache(_KEPT)(partial(View, fleet))
        self.whole = View(fleet)

    def of(self, grants: Sequence[Grant], right: str, site: str | None = None) -> View:
        """What somebody has a right over; of one site alone, if it is given. Of one that there is not, nothing."""
        asked = [city for city in self._fleet.sites.values() if site in (None, city.site)]
        seen = {city.site: wards(grants, right, city.site) for city in asked}
        cities = frozenset(name for name, some in seen.items() if some is None)
        if len(cities) == len(self._fleet.sites):
            return self.whole
        of_cities = {ward.id for name in cities for ward in self._fleet.sites[name].wards}
        return self._of(frozenset(of_cities.union(*(some for some in seen.values() if some))), cities)


def check_act(name: str, what: str, acts: View, sees: View) -> None:
    """Raises NotThere for what is not seen, and NotAllowed for what is seen and not to be touched."""
    if not acts.holds(name):
        sees.find(name, what)
        raise NotAllowed(f"your role does not have this right over {name}")
