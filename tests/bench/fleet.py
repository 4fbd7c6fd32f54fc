"""A city that measures, for benches: the same numbers at every run, rounded as meters round.

Lamps report six quantities once a minute, a whole segment in the same second and the segments spread over the minute;
stations report twelve quantities every ten seconds. Two segments and a share of the stations hang on each edge.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from protocols.inventory import Cabinet, City, Luminaire, LuminaireType, Name, Place, Station, Ward

SITE = "halong"
START = 1_795_251_600  # 2026-11-21 09:00 UTC, 16:00 in Hạ Long: minute 0
STATION_EVERY_S = 10
RESOLUTION = {  # the last digit that the device tells
    "actual_level": 1.0,
    "active_power": 0.1,
    "voltage": 0.1,
    "active_energy": 0.001,
    "gear_temperature": 0.1,
    "fault_bits": 1.0,
}
LAMP_QUANTITIES = tuple(RESOLUTION)
_RATED_W = (40, 60, 90, 120, 150)
_LAMPS_PER_FEEDER = 100
_STATION = {  # quantity: from, to, usual step in ten seconds, resolution
    "air_temperature": (15, 35, 0.05, 0.1),
    "relative_humidity": (40, 90, 0.2, 0.1),
    "pressure": (100.5, 102, 0.005, 0.01),
    "wind_speed": (0.5, 8, 0.3, 0.1),
    "wind_direction": (0, 360, 5, 1),
    "noise": (45, 70, 1, 0.1),
    "pm2_5": (8, 25, 0.3, 0.1),
    "pm10": (15, 50, 0.6, 0.1),
    "illuminance": (0, 50, 0.5, 1),
    "rain": (0, 1000, 0.002, 0.1),
    "voltage": (12, 14, 0.01, 0.1),
    "current": (0.1, 0.4, 0.005, 0.01),
}
STATION_QUANTITIES = tuple(_STATION)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of equal length in order of time: `index` is the place of a lamp or a station in its list."""

    index: Ints
    at: Ints
    values: Mapping[str, Floats]


class Fleet:
    """`lamps` and `stations` walk on from call to call: ask for minutes in order."""

    def __init__(self, lamps: int = 20_000, stations: int = 200, edges: int = 300, wards: int = 50, seed: int = 7):
        self.count, self.edges, self.wards = lamps, edges, wards
        self._random = random = np.random.default_rng(seed)
        self.lamp_ids = [f"HL-{n:06d}" for n in range(1, lamps + 1)]
        self.station_ids = [f"HL-AIR-{n:04d}" for n in range(1, stations + 1)]
        self.edge_ids = [f"HL-E{n:04d}" for n in range(1, edges + 1)]
        self.segment: Ints = np.arange(lamps) * 2 * edges // lamps
        self.station_edge: Ints = np.arange(stations) % edges
        self.rated: Floats = random.choice(_RATED_W, lamps).astype(np.float64)
        self._feeder_voltage = 230 + random.normal(0, 2, lamps // _LAMPS_PER_FEEDER + 1)
        self._energy = np.round(random.uniform(100, 3000, lamps), 3)
        self._faults: Ints = np.zeros(lamps, dtype=np.int64)
        self._usual = random.uniform(_column(0), _column(1), (stations, len(_STATION)))
        self._now = self._usual.copy()

    @property
    def samples_per_minute(self) -> int:
        return self.count * len(LAMP_QUANTITIES) + len(self.station_ids) * len(_STATION) * (60 // STATION_EVERY_S)

    @cached_property
    def _order(self) -> Ints:
        return np.argsort(self.segment % 60, kind="stable")

    def lamps(self, minute: int) -> Rows:
        """What every lamp reports in a minute."""
        level = level_at(minute)
        power = self._powers(level)
        self._energy = self._energy + power / 60_000
        values = {
            "actual_level": np.full(self.count, level),
            "active_power": power,
            "voltage": self._voltages(),
            "active_energy": np.round(self._energy, 3),
            "gear_temperature": self._temperatures(minute, power),
            "fault_bits": self._faults.astype(np.float64),
        }
        at = START + minute * 60 + self.segment % 60
        order = self._order
        return Rows(order, at[order], {name: column[order] for name, column in values.items()})

    def stations(self, minute: int) -> Iterator[Rows]:
        """Six rounds of all stations."""
        everyone = np.arange(len(self.station_ids))
        for tick in range(60 // STATION_EVERY_S):
            steps = self._random.normal(0, 1, self._now.shape) * _column(2)
            self._now = np.abs(self._now + steps - (self._now - self._usual) * 0.01)
            told = np.round(self._now / _column(3)) * _column(3)
            at = START + minute * 60 + tick * STATION_EVERY_S + self.station_edge % STATION_EVERY_S
            order = np.argsort(at, kind="stable")
            columns = {name: np.round(told[order, n], 3) for n, name in enumerate(_STATION)}
            yield Rows(everyone[order], at[order], columns)

    def city(self) -> City:
        """The inventory: a cabinet for each edge, its lamps in a row along a made-up street."""
        edge_of = (self.segment // 2).tolist()
        ward_of = [edge * self.wards // self.edges + 1 for edge in range(self.edges)]
        return City(
            site=SITE,
            name=Name(vi="Hạ Long", en="Ha Long"),
            timezone="Asia/Ho_Chi_Minh",
            centre=Place(longitude=107.08, latitude=20.951),
            survey=Name(vi="tạo ra để đo tốc độ", en="made up for benchmarks"),
            wards=tuple(_ward(n) for n in range(1, self.wards + 1)),
            luminaire_types=tuple(_type(watts) for watts in _RATED_W),
            edges=tuple(self.edge_ids),
            cabinets=tuple(_cabinet(n, edge, ward_of[n]) for n, edge in enumerate(self.edge_ids)),
            luminaires=tuple(
                _luminaire(n, lamp, edge_of[n], int(self.segment[n]), ward_of[edge_of[n]], int(self.rated[n]))
                for n, lamp in enumerate(self.lamp_ids)
            ),
            stations=tuple(
                _station(name, self.edge_ids[self.station_edge[n]], ward_of[self.station_edge[n]])
                for n, name in enumerate(self.station_ids)
            ),
        )

    def _powers(self, level: float) -> Floats:
        changed = self._random.random(self.count) < 2e-5
        self._faults[changed] = np.where(self._faults[changed] == 0, 1 << self._random.integers(0, 5), 0)
        power = self._lit(level) * (1 + self._random.normal(0, 0.006, self.count))
        power[self._faults == 1] = 0.4
        return power.round(1)

    def _lit(self, level: float) -> Floats:
        """Power at a level; a lamp that is off keeps its driver's standby."""
        return self.rated * float((level / 100) ** 1.05) if level else np.full(self.count, 0.4)

    def _voltages(self) -> Floats:
        away = self._feeder_voltage - 230
        self._feeder_voltage += self._random.normal(0, 0.08, away.size) - away * 0.01
        own = self._feeder_voltage[np.arange(self.count) // _LAMPS_PER_FEEDER]
        return (own + self._random.normal(0, 0.15, self.count)).round(1)

    def _temperatures(self, minute: int, power: Floats) -> Floats:
        air = 22 + 4 * math.sin(minute / 1440 * 2 * math.pi)
        return (air + power * 0.22 + self._random.normal(0, 0.15, self.count)).round(1)


def level_at(minute: int) -> float:
    """What the lamps are told to give, %; by local time."""
    hour = (16 + minute / 60) % 24
    if 18 <= hour < 22:
        return 100.0
    if hour >= 22 or hour < 5:
        return 50.0
    return 80.0 if hour < 6 else 0.0


def entropy_bits(fleet: Fleet, minute: int, minutes: int = 5) -> dict[str, float]:
    """Bits in a sample of each lamp quantity: Shannon's, of the steps from minute to minute of the same lamp, in the
    last digit that the meter tells. What no store can press a sample below without knowing the city. `all` is their
    mean."""
    series = [fleet.lamps(minute + n) for n in range(minutes)]
    bits = {name: _shannon([rows.values[name] for rows in series], RESOLUTION[name]) for name in LAMP_QUANTITIES}
    return {**bits, "all": sum(bits.values()) / len(bits)}


def _shannon(columns: list[Floats], resolution: float) -> float:
    steps = np.rint(np.diff(np.stack(columns), axis=0) / resolution)
    _, counts = np.unique(steps, return_counts=True)
    share = counts / counts.sum()
    return abs(float((share * np.log2(share)).sum()))


def _column(n: int) -> Floats:
    return np.array([row[n] for row in _STATION.values()], dtype=np.float64)


def _ward(n: int) -> Ward:
    name = Name(vi=f"Phường {n}", en=f"Ward {n}")
    return Ward(id=f"W{n:02d}", name=name, label_at=Place(longitude=107.0 + n / 500, latitude=20.95))


def _type(watts: int) -> LuminaireType:
    curve = tuple((level, watts * (level / 100) ** 1.05) for level in (1.0, 25.0, 50.0, 75.0, 100.0))
    return LuminaireType(id=f"led-{watts}", rated_power_w=watts, expected_power=curve)


def _cabinet(n: int, edge: str, ward: int) -> Cabinet:
    return Cabinet(
        id=f"HL-TC{n + 1:04d}", edge=edge, ward=f"W{ward:02d}", street=f"Phố {n + 1}", longitude=107.0, latitude=20.9
    )


def _luminaire(n: int, lamp: str, edge: int, segment: int, ward: int, watts: int) -> Luminaire:
    return Luminaire(
        id=lamp,
        cabinet=f"HL-TC{edge + 1:04d}",
        phase="ABC"[segment % 3],
        segment=f"HL-S{segment + 1:05d}",
        pole=f"P{n + 1:06d}",
        type=f"led-{watts}",
        ward=f"W{ward:02d}",
        street=f"Phố {edge + 1}",
        longitude=107.0 + edge * 0.0001,
        latitude=20.9 + n % 1000 * 0.0001,
    )


def _station(name: str, edge: str, ward: int) -> Station:
    return Station(
        id=name,
        edge=edge,
        ward=f"W{ward:02d}",
        kind="air_station",
        name=Name(vi=f"Trạm {name}", en=f"Station {name}"),
        longitude=107.0,
        latitude=20.9,
    )
