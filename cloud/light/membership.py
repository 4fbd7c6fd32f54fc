"""Which luminaires each group of a plan has: by its rule, and of several groups that fit the first."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloud.fleet.view import Places
from protocols.inventory import City, Luminaire
from protocols.light import LampGroup, LampRule
from rules.areas import Area
from rules.fleet_geometry import inside

Mask = NDArray[np.bool_]
_NOTHING = -1  # the code of what no luminaire has
_COLUMNS: Mapping[str, Callable[[Luminaire], str | None]] = {
    "id": lambda lamp: lamp.id,
    "ward": lambda lamp: lamp.ward,
    "street": lambda lamp: unicodedata.normalize("NFC", lamp.street),
    "road_class": lambda lamp: lamp.road_class,
    "use": lambda lamp: lamp.use,
}


@dataclass(frozen=True, slots=True)
class Members:
    """The luminaires of a group, by their place in the city's inventory, and how many more its rule fits that groups
    further up have."""

    lamps: Places
    claimed_earlier: int


class Roll:
    """A city's luminaires in columns: a rule is asked of all of them at once."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._codes = {name: _coded(map(take, city.luminaires)) for name, take in _COLUMNS.items()}
        self._longitudes = np.array([lamp.longitude for lamp in city.luminaires], dtype=np.float64)
        self._latitudes = np.array([lamp.latitude for lamp in city.luminaires], dtype=np.float64)

    def __len__(self) -> int:
        return len(self.city.luminaires)

    def names(self, places: Places) -> list[str]:
        """The ids of luminaires by their places."""
        return [self.city.luminaires[place].id for place in places.tolist()]

    def places(self, names: Sequence[str]) -> Places:
        """The places of luminaires by their ids, as far as the inventory still has them."""
        places, _ = self._codes["id"]
        return np.array(sorted(places[name] for name in names if name in places), dtype=np.int64)

    def members(self, groups: Sequence[LampGroup]) -> Mapping[str, Members]:
        """Of every group, in their order."""
        free = np.ones(len(self), dtype=np.bool_)
        found = {}
        for group in groups:
            fits = self.fits(group.rule)
            found[group.id] = Members(np.flatnonzero(fits & free), int((fits & ~free).sum()))
            free &= ~fits
        return found

    def fits(self, rule: LampRule) -> Mask:
        """Whether each luminaire is one of those that a rule means; a rule that says nothing means all."""
        fits = np.ones(len(self), dtype=np.bool_)
        if rule.lamps is not None:
            fits &= self._any("id", rule.lamps)
        if rule.area is not None:
            fits &= self._within(rule.area)
        if rule.street is not None:
            fits &= self._any("street", [unicodedata.normalize("NFC", rule.street)])
        for name, wanted in (("road_class", rule.road_class), ("use", rule.use)):
            fits &= self._any(name, [wanted]) if wanted is not None else True
        return fits & self._inside(fits, rule.polygon) if rule.polygon is not None else fits

    def _any(self, column: str, wanted: Sequence[str]) -> Mask:
        codes, numbers = self._codes[column]
        return np.isin(numbers, [codes.get(one, _NOTHING) for one in wanted])

    def _within(self, path: str) -> Mask:
        """An area that there is not has no luminaires."""
        try:
            area = Area.parse(path)
        except ValueError:
            return np.zeros(len(self), dtype=np.bool_)
        wards = {lamp.ward for lamp in self.city.luminaires}
        return self._any("ward", [ward for ward in wards if area.covers(Area(self.city.site, ward))])

    def _inside(self, asked: Mask, corners: Sequence[tuple[float, float]]) -> Mask:
        """Only what stands in the rectangle around the corners is held against each of them."""
        east, north = np.array(corners, dtype=np.float64).T
        near = asked & (self._longitudes >= east.min()) & (self._longitudes <= east.max())
        places = np.flatnonzero(near & (self._latitudes >= north.min()) & (self._latitudes <= north.max()))
        found = np.zeros(len(self), dtype=np.bool_)
        found[places] = inside(self._longitudes[places], self._latitudes[places], corners)
        return found


def _coded(words: "map[str | None]") -> tuple[dict[str | None, int], NDArray[np.int64]]:
    """Words as numbers; `None` is one of them that no rule asks for."""
    codes: dict[str | None, int] = {}
    numbers = [codes.setdefault(word, len(codes)) for word in words]
    return codes, np.array(numbers, dtype=np.int64)
