"""From the spec of a city to everything that stands in it: lamps along the streets, cabinets, edges and their buses.

The same spec and number always give the same city.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from firmware_sim.city import CitySpec, GroupSpec, WardSpec
from firmware_sim.geometry import Point
from firmware_sim.poles import Spot, chosen, shown, wired
from firmware_sim.streets import Net, Street, lay
from protocols import inventory
from protocols.inventory import City, Luminaire, Place

METER_UNIT = 1
FIRST_SEGMENT_UNIT = 11  # phase A; B and C follow
LAMPS_OF_ONE_EDGE = 150
EDGES_OF_A_SMALL_CITY = 4
LAMPS_OF_ONE_MORE_EDGE = 2500
MOST_EDGES = 8

Phase = Literal["A", "B", "C"]
PHASES: tuple[Phase, ...] = ("A", "B", "C")
_ROADS = frozenset({"road", "crossing", "tunnel", "bridge"})  # what has a road class


@dataclass(frozen=True, slots=True)
class Device:
    """One device on a bus: where it is addressed and what make it is."""

    id: str
    profile: str
    unit: int
    block: int | None = None


@dataclass(frozen=True, slots=True)
class Bus:
    """What answers on one port: the base port and `port_offset`."""

    id: str
    edge: str
    port_offset: int
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class MqttDevice:
    """One device that speaks MQTT; behind a gateway, if that has a name."""

    id: str
    profile: str
    gateway: str | None = None


@dataclass(frozen=True, slots=True)
class MqttBus:
    """The devices that speak to one edge through a broker."""

    id: str
    edge: str
    devices: tuple[MqttDevice, ...]


@dataclass(frozen=True, slots=True)
class Expanded:
    """A city with all its lamps, the buses that its edges poll or hear, and the streets that its map shows."""

    spec: CitySpec
    city: City
    buses: tuple[Bus, ...]
    net: Net
    streets: tuple[Street, ...]
    mqtt: tuple[MqttBus, ...] = ()

    @property
    def alone(self) -> frozenset[str]:
        """The lamps that hang on no controller: they speak for themselves."""
        return frozenset(device.id for bus in self.mqtt for device in bus.devices)


def expand(spec: CitySpec, lamps: int | None = None) -> Expanded:
    """The whole city. Raises TooManyLamps."""
    net = lay(spec)
    cabinets = wired(chosen(spec, net, spec.lamps if lamps is None else lamps), spec.cabinet_lamps)
    edges = [f"{spec.prefix}-E{n:02d}" for n in range(1, edge_count(sum(map(len, cabinets)), len(cabinets)) + 1)]
    served_by = [edges[n * len(edges) // len(cabinets)] for n in range(len(cabinets))]
    writer = _Writer(spec, net, cabinets, served_by)
    city = writer.city(edges)
    mqtt = tuple(_mqtt(spec, city, net))
    alone = frozenset(device.id for bus in mqtt for device in bus.devices)
    return Expanded(spec, city, tuple(_buses(spec, city, alone)), net, shown(net, cabinets), mqtt)


def edge_count(lamps: int, cabinets: int) -> int:
    """Four edges for a small city already, so that losing one is seen; eight for a large one."""
    few = min(EDGES_OF_A_SMALL_CITY, math.ceil(lamps / LAMPS_OF_ONE_EDGE))
    more = max(lamps - EDGES_OF_A_SMALL_CITY * LAMPS_OF_ONE_EDGE, 0) // LAMPS_OF_ONE_MORE_EDGE
    return max(1, min(few + more, MOST_EDGES, cabinets))


def unaccented(text: str) -> str:
    """`Lê Thánh Tông` as `Le Thanh Tong`."""
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


# What the inventory says


class _Writer:
    """Writes the inventory of a city whose lamps have been chosen and wired."""

    def __init__(self, spec: CitySpec, net: Net, cabinets: Sequence[Sequence[Spot]], served_by: Sequence[str]) -> None:
        self._spec = spec
        self._net = net
        self._cabinets = cabinets
        self._served_by = served_by
        self._wards = _ward_points(spec.wards, net)

    def city(self, edges: Sequence[str]) -> City:
        spec, luminaires = self._spec, tuple(map(self._in_use, self._luminaires()))
        return City(
            site=spec.site,
            name=spec.name,
            timezone=spec.timezone,
            centre=spec.centre,
            survey=spec.survey,
            wards=tuple(inventory.Ward(id=w.id, name=w.name, label_at=_place(w.label_at)) for w in spec.wards),
            luminaire_types=spec.luminaire_types,
            edges=tuple(edges),
            cabinets=tuple(self._cabinet(n) for n in range(len(self._cabinets))),
            luminaires=luminaires,
            meters=tuple(
                inventory.Meter(id=f"{self._cabinet_id(n)}-M", cabinet=self._cabinet_id(n))
                for n in range(len(self._cabinets))
            ),
            stations=tuple(self._stations(edges[0])),
            cameras=tuple(self._cameras(edges[0])),
            groups=tuple(self._groups(luminaires)),
        )

    def _cabinet_id(self, number: int) -> str:
        return f"{self._spec.prefix}-TC{number + 1:03d}"

    def _cabinet(self, number: int) -> inventory.Cabinet:
        spots = self._cabinets[number]
        middle = sum(s.at[0] for s in spots) / len(spots), sum(s.at[1] for s in spots) / len(spots)
        home = min(spots, key=lambda s: math.dist(s.at, middle))
        at = home.at[0] + 2.5, home.at[1] - 2.5
        return inventory.Cabinet(
            id=self._cabinet_id(number),
            edge=self._served_by[number],
            ward=self._ward(home.at),
            street=self._net.streets[home.street].name,
            **self._position(at),
        )

    def _luminaires(self) -> Iterator[Luminaire]:
        poles: Counter[int] = Counter()
        number = 0
        for cabinet, spots in enumerate(self._cabinets):
            for n, spot in enumerate(spots):
                number += 1
                poles[spot.street] += 1
                yield self._luminaire(number, cabinet, PHASES[3 * n // len(spots)], spot, poles[spot.street])

    def _luminaire(self, number: int, cabinet: int, phase: Phase, spot: Spot, pole: int) -> Luminaire:
        street = self._net.streets[spot.street]
        cabinet_id = self._cabinet_id(cabinet)
        return Luminaire(
            id=f"{self._spec.prefix}-{number:06d}",
            cabinet=cabinet_id,
            phase=phase,
            segment=f"{cabinet_id}-{phase}",
            pole=f"{street.name[:32]} {pole:03d}",
            type=self._type_of(spot.street),
            ward=self._ward(spot.at),
            street=street.name,
            road_class=self._spec.lighting[street.kind].road_class,
            **self._position(spot.at),
        )

    def _type_of(self, street: int) -> str:
        """One street has one type of luminaire."""
        types = self._spec.lighting[self._net.streets[street].kind].types
        return types[street % len(types)]

    def _stations(self, edge: str) -> Iterator[inventory.Station]:
        for s in self._spec.stations:
            ward = self._ward(self._net.frame.metres(s.at))
            yield inventory.Station(
                id=s.id, edge=edge, ward=ward, kind=s.kind, name=s.name, longitude=s.at[0], latitude=s.at[1]
            )

    def _cameras(self, edge: str) -> Iterator[inventory.Camera]:
        for c in self._spec.cameras:
            ward = self._ward(self._net.frame.metres(c.at))
            url = f"http://127.0.0.1:{self._spec.camera_port}/{c.id}.mjpg"
            yield inventory.Camera(
                id=c.id, edge=edge, ward=ward, name=c.name, url=url, longitude=c.at[0], latitude=c.at[1]
            )

    def _in_use(self, lamp: Luminaire) -> Luminaire:
        """With what it lights, where a group says so: a bridge is a road, a park or a monument is none."""
        uses = [group.use for group in self._spec.groups if group.use and self._belongs(lamp, group)]
        if not uses:
            return lamp
        road_class = lamp.road_class if uses[-1] in _ROADS else None
        return lamp.model_copy(update={"use": uses[-1], "road_class": road_class})

    def _groups(self, luminaires: Sequence[Luminaire]) -> Iterator[inventory.Group]:
        """A group of which no lamp stands in a city of this size is left out."""
        for group in self._spec.groups:
            members = tuple(lamp.id for lamp in luminaires if self._belongs(lamp, group))
            if members:
                yield inventory.Group(id=group.id, name=group.name, members=members)

    def _belongs(self, lamp: Luminaire, group: GroupSpec) -> bool:
        if lamp.street in group.streets:
            return True
        metres = self._net.frame.metres
        return group.at is not None and (
            math.dist(metres((lamp.longitude, lamp.latitude)), metres(group.at)) <= group.reach
        )

    def _ward(self, at: Point) -> str:
        return min(self._wards, key=lambda label: math.dist(label[0], at))[1]

    def _position(self, at: Point) -> Mapping[str, float]:
        longitude, latitude = self._net.frame.degrees(at)
        return {"longitude": round(longitude, 7), "latitude": round(latitude, 7)}


def _ward_points(wards: Iterable[WardSpec], net: Net) -> list[tuple[Point, str]]:
    return [(net.frame.metres(point), ward.id) for ward in wards for point in (ward.label_at, *ward.near)]


def _place(degrees: Point) -> Place:
    return Place(longitude=degrees[0], latitude=degrees[1])


# What the edges poll


def _buses(spec: CitySpec, city: City, alone: Set[str]) -> Iterator[Bus]:
    blocks: Counter[str] = Counter()
    members: dict[str, list[Device]] = {m.cabinet: [Device(m.id, spec.meter_profile, METER_UNIT)] for m in city.meters}
    for lamp in (lamp for lamp in city.luminaires if lamp.id not in alone):
        unit = FIRST_SEGMENT_UNIT + PHASES.index(lamp.phase)
        members[lamp.cabinet].append(Device(lamp.id, spec.luminaire_profile, unit, blocks[lamp.segment]))
        blocks[lamp.segment] += 1
    for n, cabinet in enumerate(city.cabinets):
        yield Bus(cabinet.id, cabinet.edge, n, tuple(members[cabinet.id]))
    if spec.stations:
        stations = tuple(Device(s.id, s.profile, unit) for unit, s in enumerate(spec.stations, start=1))
        yield Bus(f"{spec.prefix}-STATIONS", city.edges[0], len(city.cabinets), stations)


def _mqtt(spec: CitySpec, city: City, net: Net) -> Iterator[MqttBus]:
    """The lamps nearest to the point, all of one cabinet, so that one edge hears them."""
    if spec.mqtt is None or len(city.luminaires) < spec.mqtt.from_lamps:
        return
    at = net.frame.metres(spec.mqtt.at)
    near = sorted(city.luminaires, key=lambda lamp: math.dist(at, net.frame.metres((lamp.longitude, lamp.latitude))))
    cabinet = next(cabinet for cabinet in city.cabinets if cabinet.id == near[0].cabinet)
    makes = [make for make in spec.mqtt.makes for _ in range(make.lamps)]
    lamps = sorted([lamp.id for lamp in near if lamp.cabinet == cabinet.id][: len(makes)])
    devices = (MqttDevice(lamp, make.profile, make.gateway) for lamp, make in zip(lamps, makes, strict=False))
    yield MqttBus(f"{cabinet.edge}-MQTT", cabinet.edge, tuple(devices))
