"""What somebody sees of the city: all of it, or what stands in some of its wards."""

from collections.abc import Sequence
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from cloud.errors import NotAllowed, NotThere
from cloud.fleet.fleet import NO_WARD, Fleet
from rules.areas import Grant, wards

_KEPT = 64  # views in memory: a city has fewer different sets of wards that people look at

Places = NDArray[np.int64]


class View:
    """Without wards everything, also what has gone from the inventory and is in no ward any more.

    Lamps are numbered anew, in the city's order: gaps would say how many there are elsewhere.
    """

    def __init__(self, fleet: Fleet, wards: frozenset[str] | None = None) -> None:
        self.fleet, self.wards = fleet, wards

    @property
    def is_whole(self) -> bool:
        """True for who sees everything."""
        return self.wards is None

    @property
    def is_empty(self) -> bool:
        """True for who sees nothing."""
        return self.wards is not None and not self.wards

    @property
    def name(self) -> str:
        """Tells it from other views of the city."""
        return "" if self.wards is None else "-" + ".".join(sorted(self.wards))

    def sees(self, name: str) -> bool:
        """True for a device, a cabinet or an edge of which any part stands here."""
        return self.wards is None or not self.wards.isdisjoint(self.fleet.wards_of(name))

    def holds(self, name: str) -> bool:
        """True for a device, a cabinet or an edge that stands here with all its parts."""
        standing = self.fleet.wards_of(name)
        return self.wards is None or (bool(standing) and standing <= self.wards)

    def find(self, name: str, what: str) -> str:
        """The name, when it is seen. Raises NotThere."""
        if not self.sees(name):
            raise NotThere(f"there is no {what}")
        return name

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """Whether each lamp of the city is seen."""
        if self.wards is None:
            return np.ones(len(self.fleet.lamps), dtype=np.bool_)
        return np.array([lamp.ward in self.wards for lamp in self.fleet.lamps], dtype=np.bool_)

    @cached_property
    def lamps(self) -> Places:
        """The indexes in the city of the lamps that are seen, in order."""
        return np.flatnonzero(self.mask)

    @cached_property
    def numbers(self) -> Places:
        """By index in the city the number here, -1 for a lamp that is not seen."""
        return np.where(self.mask, np.cumsum(self.mask) - 1, -1)

    @cached_property
    def ward_numbers(self) -> NDArray[np.uint8]:
        """Places in the wards that are seen, by number."""
        seen = [n for n, ward in enumerate(self.fleet.city.wards) if self.wards is None or ward.id in self.wards]
        places = np.full(NO_WARD + 1, NO_WARD, dtype=np.uint8)
        known = np.array([n for n in seen if n < NO_WARD], dtype=np.uint8)
        places[known] = np.arange(len(known))
        return places[self.fleet.ward_numbers[self.lamps]]

    def number(self, lamp_id: str) -> int | None:
        """The number of a lamp that is seen."""
        index = self.fleet.index.get(lamp_id)
        return int(self.numbers[index]) if index is not None and self.mask[index] else None


class Views:
    """The views of one city; who may see the same gets the same."""

    def __init__(self, fleet: Fleet) -> None:
        self._site = fleet.city.site
        self._of = lru_cache(_KEPT)(partial(View, fleet))
        self.whole = View(fleet)

    def of(self, grants: Sequence[Grant], right: str) -> View:
        """What somebody has a right over."""
        seen = wards(grants, right, self._site)
        return self.whole if seen is None else self._of(seen)


def check_act(name: str, what: str, acts: View, sees: View) -> None:
    """Raises NotThere for what is not seen, and NotAllowed for what is seen and not to be touched."""
    if not acts.holds(name):
        sees.find(name, what)
        raise NotAllowed(f"your role does not have this right over {name}")
