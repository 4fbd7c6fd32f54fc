"""The city in memory: who is who, by id and by index."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from protocols.inventory import Cabinet, Camera, City, Luminaire, LuminaireType, Station, Ward

LUMINAIRE = "luminaire"  # the kind of a lamp
_NOWHERE: frozenset[str] = frozenset()
NO_WARD = 255  # in the map's byte for the ward
_DEGREE = 10_000_000  # the map's integers are degrees x 1e7: a centimetre


@dataclass(frozen=True, slots=True)
class Device:
    """Anything that sends readings or takes commands."""

    id: str
    kind: str
    edge: str


class Fleet:
    """One version of the inventory. A lamp's index is its place in `city.luminaires`."""

    def __init__(self, city: City, version: int) -> None:
        self.city, self.version = city, version
        self.lamps: Sequence[Luminaire] = city.luminaires
        self.index: Mapping[str, int] = {lamp.id: n for n, lamp in enumerate(city.luminaires)}
        self.types: Mapping[str, LuminaireType] = {kind.id: kind for kind in city.luminaire_types}
        self.wards: Mapping[str, Ward] = {ward.id: ward for ward in city.wards}
        self.cabinets: Mapping[str, Cabinet] = {cabinet.id: cabinet for cabinet in city.cabinets}
        self.meters: Mapping[str, Sequence[str]] = _meters(city)
        self.devices: Mapping[str, Device] = {device.id: device for device in devices(city)}

    def lamp(self, lamp_id: str) -> Luminaire | None:
        """The luminaire with an id."""
        index = self.index.get(lamp_id)
        return None if index is None else self.lamps[index]

    def owner_of(self, device_id: str) -> str | None:
        """The edge that speaks for a device."""
        device = self.devices.get(device_id)
        return device.edge if device else None

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
    def longitudes(self) -> NDArray[np.int32]:
        """Degrees x 1e7, by index."""
        return _whole([lamp.longitude for lamp in self.lamps])

    @cached_property
    def latitudes(self) -> NDArray[np.int32]:
        """Degrees x 1e7, by index."""
        return _whole([lamp.latitude for lamp in self.lamps])

    @cached_property
    def ward_numbers(self) -> NDArray[np.uint8]:
        """Places in `city.wards`, by index."""
        numbers = {ward.id: min(n, NO_WARD) for n, ward in enumerate(self.city.wards)}
        return np.array([numbers.get(lamp.ward, NO_WARD) for lamp in self.lamps], dtype=np.uint8)

    @cached_property
    def type_numbers(self) -> NDArray[np.int64]:
        """Places in `types`, by index."""
        numbers = {name: n for n, name in enumerate(self.types)}
        return np.array([numbers[lamp.type] for lamp in self.lamps], dtype=np.int64)

    @cached_property
    def _of_ward(self) -> Mapping[str, frozenset[str]]:
        return {ward: frozenset({ward}) for ward in self.wards}

    @cached_property
    def _wards(self) -> Mapping[str, frozenset[str]]:
        city, found = self.city, defaultdict[str, set[str]](set)
        standing: list[Cabinet | Station | Camera] = [*city.cabinets, *city.stations, *city.cameras]
        for thing in standing:
            found[thing.id].add(thing.ward)
            found[thing.edge].add(thing.ward)
        for lamp in city.luminaires:
            found[self.cabinets[lamp.cabinet].edge].add(lamp.ward)
        for meter in city.meters:
            found[meter.id].add(self.cabinets[meter.cabinet].ward)
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


def _whole(degrees: Sequence[float]) -> NDArray[np.int32]:
    return np.round(np.array(degrees, dtype=np.float64) * _DEGREE).astype(np.int32)


def _plain(text: str) -> str:
    """Without capitals and marks, so that `tran phu` finds `Trần Phú`."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
