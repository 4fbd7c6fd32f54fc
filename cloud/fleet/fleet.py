"""All cities of the service in memory: who is who, by id and by index."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from cloud.fleet.roll import Roll
from protocols.inventory import Cabinet, Camera, City, Group, Luminaire, LuminaireType, Station, Ward

LUMINAIRE = "luminaire"  # the kind of a lamp
_NOWHERE: frozenset[str] = frozenset()
NO_WARD = 255  # in the map's byte for the ward
_DEGREE = 10_000_000  # the map's integers are degrees x 1e7: a centimetre


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Device:
    """Anything that sends readings or takes commands."""

    id: str
    kind: str
    edge: str


class Fleet:
    """The inventories in force, one for each site, city after city. No id stands in two of them (see imports.py).

    A lamp's index is its place in all the cities' `luminaires`, one after the other.
    """

    def __init__(self, cities: Sequence[City], version: int) -> None:
        self.sites: Mapping[str, City] = {city.site: city for city in cities}
        self.version = version
        self.lamps: Sequence[Luminaire] = _all(city.luminaires for city in cities)
        self.roll = Roll(self.lamps, self.site_of_ward)
        self.index: Mapping[str, int] = self.roll.index
        self.types: Mapping[str, LuminaireType] = {kind.id: kind for city in cities for kind in city.luminaire_types}
        self.wards: Mapping[str, Ward] = {ward.id: ward for city in cities for ward in city.wards}
        self.cabinets: Mapping[str, Cabinet] = {cabinet.id: cabinet for city in cities for cabinet in city.cabinets}
        self.stations: Sequence[Station] = _all(city.stations for city in cities)
        self.cameras: Sequence[Camera] = _all(city.cameras for city in cities)
        self.groups: Sequence[Group] = _all(city.groups for city in cities)
        self.edges: Mapping[str, str] = {edge: city.site for city in cities for edge in city.edges}
        self.meters: Mapping[str, Sequence[str]] = {name: ids for city in cities for name, ids in _meters(city).items()}
        self._rolls: dict[str, Roll] = {}
        self.devices: Mapping[str, Device] = {device.id: device for city in cities for device in devices(city)}

    def lamp(self, lamp_id: str) -> Luminaire | None:
        """The luminaire with an id."""
        index = self.index.get(lamp_id)
        return None if index is None else self.lamps[index]

    def owner_of(self, device_id: str) -> str | None:
        """The edge that speaks for a device."""
        device = self.devices.get(device_id)
        return device.edge if device else None

    def site_of(self, name: str) -> str | None:
        """The city that an edge, a cabinet or a device belongs to."""
        cabinet = self.cabinets.get(name)
        edge = cabinet.edge if cabinet else self.owner_of(name)
        return None if edge is None else self.edges[edge]

    def zone_of(self, name: str) -> ZoneInfo:
        """The local time where something stands; of what has gone from the inventory, that of the first city."""
        site = self.site_of(name)
        city = next(iter(self.sites.values())) if site is None else self.sites[site]
        return ZoneInfo(city.timezone)

    def wards_of(self, name: str) -> frozenset[str]:
        """Where a device, a cabinet or an edge with all that hangs on it stands; nowhere when it is not in the city."""
        lamp = self.lamp(name)
        return self._of_ward[lamp.ward] if lamp else self._wards.get(name, _NOWHERE)

    def type_of(self, lamp: Luminaire) -> LuminaireType:
        """What kind of luminaire it is."""
        return self.types[lamp.type]

    def search(self, words: str) -> Sequence[int]:
        """The indexes of the lamps in whose id, pole, street, ward or cabinet every word stands, marks or not."""
        wanted = _plain(words).split()
        return [n for n, text in enumerate(self._texts) if all(word in text for word in wanted)]

    @cached_property
    def everyone(self) -> NDArray[np.int64]:
        """The indexes of all lamps."""
        return np.arange(len(self.lamps))

    @cached_property
    def longitudes(self) -> NDArray[np.int32]:
        """Degrees x 1e7, by index."""
        return _whole([lamp.longitude for lamp in self.lamps])

    @cached_property
    def latitudes(self) -> NDArray[np.int32]:
        """Degrees x 1e7, by index."""
        return _whole([lamp.latitude for lamp in self.lamps])

    @cached_property
    def ward_numbers(self) -> NDArray[np.uint8]:
        """Places in `wards`, by index."""
        numbers = {ward: min(n, NO_WARD) for n, ward in enumerate(self.wards)}
        return np.array([numbers.get(lamp.ward, NO_WARD) for lamp in self.lamps], dtype=np.uint8)

    @cached_property
    def lamps_of_ward(self) -> Mapping[str, int]:
        """How many stand in each ward that has any."""
        return Counter(lamp.ward for lamp in self.lamps)

    @cached_property
    def type_numbers(self) -> NDArray[np.int64]:
        """Places in `types`, by index."""
        numbers = {name: n for n, name in enumerate(self.types)}
        return np.array([numbers[lamp.type] for lamp in self.lamps], dtype=np.int64)

    @cached_property
    def site_numbers(self) -> NDArray[np.int64]:
        """Places in `sites`, by index."""
        lamps = [len(city.luminaires) for city in self.sites.values()]
        return np.repeat(np.arange(len(lamps)), lamps)

    def roll_of(self, site: str) -> Roll:
        """The lamps of one city in columns, by their place in its inventory."""
        if site not in self._rolls:
            self._rolls[site] = Roll(self.sites[site].luminaires, self.site_of_ward)
        return self._rolls[site]

    @cached_property
    def site_of_ward(self) -> Mapping[str, str]:
        """In which city each ward lies."""
        return {ward.id: city.site for city in self.sites.values() for ward in city.wards}

    @cached_property
    def _of_ward(self) -> Mapping[str, frozenset[str]]:
        return {ward: frozenset({ward}) for ward in self.wards}

    @cached_property
    def _wards(self) -> Mapping[str, frozenset[str]]:
        found = defaultdict[str, set[str]](set)
        standing: list[Cabinet | Station | Camera] = [*self.cabinets.values(), *self.stations, *self.cameras]
        for thing in standing:
            found[thing.id].add(thing.ward)
            found[thing.edge].add(thing.ward)
        for lamp in self.lamps:
            found[self.cabinets[lamp.cabinet].edge].add(lamp.ward)
        for cabinet, meters in self.meters.items():
            for meter in meters:
                found[meter].add(self.cabinets[cabinet].ward)
        return {name: frozenset(wards) for name, wards in found.items()}

    @cached_property
    def _texts(self) -> Sequence[str]:
        return [_plain(" ".join(self._words(lamp))) for lamp in self.lamps]

    def _words(self, lamp: Luminaire) -> Iterator[str]:
        yield from (lamp.id, lamp.pole, lamp.street, lamp.cabinet, lamp.ward)
        ward = self.wards.get(lamp.ward)
        if ward:
            yield from (ward.name.vi, ward.name.en)


def devices(city: City) -> Iterator[Device]:
    """Everything in an inventory that has readings; an edge tells how it is."""
    yield from (Device(edge, "edge", edge) for edge in city.edges)
    edges = {cabinet.id: cabinet.edge for cabinet in city.cabinets}
    yield from (Device(lamp.id, LUMINAIRE, edges[lamp.cabinet]) for lamp in city.luminaires)
    yield from (Device(meter.id, "meter", edges[meter.cabinet]) for meter in city.meters)
    yield from (Device(station.id, station.kind, station.edge) for station in city.stations)
    yield from (Device(camera.id, "camera", camera.edge) for camera in city.cameras)


def _meters(city: City) -> Mapping[str, Sequence[str]]:
    """The meters of every cabinet, in the inventory's order."""
    meters: dict[str, list[str]] = {cabinet.id: [] for cabinet in city.cabinets}
    for meter in city.meters:
        meters[meter.cabinet].append(meter.id)
    return meters


def _all(parts: Iterable[Sequence[T]]) -> tuple[T, ...]:
    return tuple(chain.from_iterable(parts))


def _whole(degrees: Sequence[float]) -> NDArray[np.int32]:
    return np.round(np.array(degrees, dtype=np.float64) * _DEGREE).astype(np.int32)


def _plain(text: str) -> str:
    """Without capitals and marks, so that `tran phu` finds `Trần Phú`."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
