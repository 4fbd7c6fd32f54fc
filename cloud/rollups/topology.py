"""The devices of all cities by kind, each under a number, what each can take at most, and what the lamps belong to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cloud.fleet.fleet import LUMINAIRE, Fleet
from rules.fleet_energy import Ints
from rules.fleet_sums import Members

METER = "meter"
COUNTING = frozenset({LUMINAIRE, METER})  # kinds that have a register of energy, or a power
_SILENT = frozenset({"camera"})  # kinds that measure nothing
_LAMP_MARGIN = 1.5  # drivers, high voltage and meters that round
_CABINET_ITSELF_W = 5_000  # heater, camera, festoon lights: what hangs on a meter beside its lamps
_ANYTHING_MW = 100_000_000  # the most that our dictionary believes of any power


@dataclass(frozen=True, slots=True)
class Kind:
    """Devices of one kind; a device's number is its place in `ids`."""

    name: str
    ids: Sequence[str]
    numbers: Mapping[str, int]
    most_mw: Sequence[int]


@dataclass(frozen=True, slots=True)
class Level:
    """One way to put lamps together: `ids` are those of the wards, say."""

    name: str
    ids: Sequence[str]
    members: Members


class Topology:
    """One version of the inventories. Lamps have the numbers that the live map gives them."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        ids: dict[str, list[str]] = {LUMINAIRE: []}
        for device in fleet.devices.values():
            if device.kind not in _SILENT:
                ids.setdefault(device.kind, []).append(device.id)
        self.kinds: Mapping[str, Kind] = {name: self._kind(name, of_kind) for name, of_kind in ids.items()}

    @cached_property
    def levels(self) -> Sequence[Level]:
        """Segment, cabinet, ward, group and city."""
        lamps = self.fleet.lamps
        sites = list(self.fleet.sites)
        groups = [(group.id, lamp) for group in self.fleet.groups for lamp in group.members]
        return [
            _level("segment", ((lamp.segment, n) for n, lamp in enumerate(lamps))),
            _level("cabinet", ((lamp.cabinet, n) for n, lamp in enumerate(lamps))),
            _level("ward", ((lamp.ward, n) for n, lamp in enumerate(lamps))),
            _level("group", ((group, self.fleet.index[lamp]) for group, lamp in groups)),
            _level("city", ((sites[number], n) for n, number in enumerate(self.fleet.site_numbers.tolist()))),
        ]

    def level(self, name: str) -> Level:
        """The level with a name."""
        return next(level for level in self.levels if level.name == name)

    def _kind(self, name: str, ids: Sequence[str]) -> Kind:
        return Kind(name, ids, {device: n for n, device in enumerate(ids)}, [self._most_mw(name, one) for one in ids])

    def _most_mw(self, kind: str, device: str) -> int:
        """More than a healthy device can take: a register that rises faster is another one."""
        if kind == LUMINAIRE:
            lamp = self.fleet.lamp(device)
            return round(self._rated_w(lamp.type) * _LAMP_MARGIN * 1000) if lamp else _ANYTHING_MW
        return self._behind.get(device, _ANYTHING_MW)

    @cached_property
    def _behind(self) -> Mapping[str, int]:
        """For each meter what its cabinet can take."""
        loads = dict.fromkeys(self.fleet.cabinets, 0.0)
        for lamp in self.fleet.lamps:
            loads[lamp.cabinet] += self._rated_w(lamp.type)
        return {
            meter: round((loads[cabinet] + _CABINET_ITSELF_W) * _LAMP_MARGIN * 1000)
            for cabinet, meters in self.fleet.meters.items()
            for meter in meters
        }

    def _rated_w(self, luminaire_type: str) -> float:
        return self.fleet.types[luminaire_type].rated_power_w


def _level(name: str, pairs: Iterable[tuple[str, int]]) -> Level:
    """From pairs of what it belongs to and the lamp's number."""
    owners: dict[str, int] = {}
    found = [(owners.setdefault(owner, len(owners)), lamp) for owner, lamp in pairs]
    table: Ints = np.array(found, np.int64).reshape(-1, 2)
    return Level(name, list(owners), Members(table[:, 1], table[:, 0], len(owners)))
