"""Luminaires in columns: which of them lie in an area, along a street or within corners is asked of all at once."""

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from protocols.inventory import Luminaire
from rules.areas import Area
from rules.fleet_geometry import inside

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
_NOTHING = -1  # the code of what no luminaire has
_COLUMNS: Mapping[str, Callable[[Luminaire], str | None]] = {
    "ward": lambda lamp: lamp.ward,
    "street": lambda lamp: _composed(lamp.street),
    "cabinet": lambda lamp: lamp.cabinet,
    "road_class": lambda lamp: lamp.road_class,
    "use": lambda lamp: lamp.use,
}


class Roll:
    """A place is that of a luminaire in `lamps`; a mask says something of each of them."""

    def __init__(self, lamps: Sequence[Luminaire], site_of_ward: Mapping[str, str]) -> None:
        self.lamps = lamps
        self._site_of_ward = site_of_ward
        self._columns: dict[str, tuple[Mapping[str | None, int], NDArray[np.int64]]] = {}

    def __len__(self) -> int:
        return len(self.lamps)

    def names(self, places: Places) -> list[str]:
        """The ids of luminaires by their places."""
        return [self.lamps[place].id for place in places.tolist()]

    def road_classes(self, places: Places) -> frozenset[str]:
        """Those of the roads that some luminaires stand on, as far as they are known."""
        codes, numbers = self._coded("road_class")
        here = set(np.unique(numbers[places]).tolist())
        return frozenset(name for name, code in codes.items() if name is not None and code in here)

    def places(self, names: Collection[str]) -> Places:
        """The places of luminaires by their ids, in order, as far as the inventory has them."""
        known = self.index
        return np.array(sorted(known[name] for name in set(names) if name in known), dtype=np.int64)

    def listed(self, names: Collection[str]) -> Mask:
        """Those with these ids."""
        found = np.zeros(len(self), dtype=np.bool_)
        found[self.places(names)] = True
        return found

    def within(self, area: Area) -> Mask:
        """Those of an area; an area that there is not has none."""
        wards = [ward for ward, site in self._site_of_ward.items() if area.covers(Area(site, ward))]
        return self._any("ward", wards)

    def on_street(self, name: str) -> Mask:
        """Those of a street, however its marks are typed."""
        return self.of("street", _composed(name))

    def of(self, column: str, wanted: str) -> Mask:
        """Those whose column says this: ward, street, cabinet, road_class or use."""
        return self._any(column, [wanted])

    def inside(self, corners: Sequence[tuple[float, float]], among: Mask | None = None) -> Mask:
        """Those within corners (degrees east, degrees north). Only what stands in the rectangle around the corners is
        held against each of them."""
        east, north = np.array(corners, dtype=np.float64).T
        near = (self._longitudes >= east.min()) & (self._longitudes <= east.max())
        near &= (self._latitudes >= north.min()) & (self._latitudes <= north.max())
        places = np.flatnonzero(near if among is None else near & among)
        found = np.zeros(len(self), dtype=np.bool_)
        found[places] = inside(self._longitudes[places], self._latitudes[places], corners)
        return found

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Places by id."""
        return {lamp.id: place for place, lamp in enumerate(self.lamps)}

    @cached_property
    def _longitudes(self) -> NDArray[np.float64]:
        return np.array([lamp.longitude for lamp in self.lamps], dtype=np.float64)

    @cached_property
    def _latitudes(self) -> NDArray[np.float64]:
        return np.array([lamp.latitude for lamp in self.lamps], dtype=np.float64)

    def _any(self, column: str, wanted: Sequence[str]) -> Mask:
        codes, numbers = self._coded(column)
        return np.isin(numbers, [codes.get(one, _NOTHING) for one in wanted])

    def _coded(self, column: str) -> tuple[Mapping[str | None, int], NDArray[np.int64]]:
        """Words as numbers; `None` is one of them that nobody asks for."""
        if column not in self._columns:
            codes: dict[str | None, int] = {}
            numbers = [codes.setdefault(word, len(codes)) for word in map(_COLUMNS[column], self.lamps)]
            self._columns[column] = codes, np.array(numbers, dtype=np.int64)
        return self._columns[column]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
