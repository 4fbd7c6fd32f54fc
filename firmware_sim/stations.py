"""Air and water of a subtropical coast, as plausible numbers that depend on time and station only."""

import math
from collections.abc import Callable, Mapping

from firmware_sim.noise import drift, noise
from firmware_sim.sky import Sky

_DAY_S = 86_400
_YEAR_S = 365.2425 * _DAY_S
_TIDE_S = 24.84 * 3600  # the tide of Ha Long bay is diurnal: one high water in a lunar day
_WARMEST_S = 196 * _DAY_S  # 15 July, since the beginning of a year
_RAINY_DAYS = 0.35

Values = Mapping[str, float]


def values_of(kind: str) -> Callable[[Sky, int, float], Values]:
    """The weather or the water, by the station's kind. Raises KeyError."""
    return {"air_station": air, "water_station": water}[kind]


def air(sky: Sky, seed: int, now: float) -> Values:
    """What an air station measures at a moment."""
    second, hour = int(now), _local_hour(sky, now)
    traffic = _bump(hour, 7.5) + _bump(hour, 18.0)
    pm2_5 = 22 - 8 * _season(now) + 14 * traffic + 5 * drift(seed + 1, now, 7200) + noise(seed + 1, second)
    return {
        "air_temperature": air_temperature(sky, now) + 0.1 * noise(seed, second),
        "relative_humidity": min(97.0, 78 - 9 * _cycle(hour, peak=14) + 6 * drift(seed + 2, now, 14_400)),
        "pressure": 101.2 - 0.8 * _season(now) + 0.2 * drift(seed + 3, now, 43_200),
        "wind_speed": max(0.0, 2.6 + 1.2 * _cycle(hour, peak=15) + 1.2 * drift(seed + 4, now, 600)),
        "wind_direction": (110 + 60 * drift(seed + 5, now, 21_600) + 15 * noise(seed + 5, second // 5)) % 360,
        "noise": 48 + 9 * _day_share(hour) + 8 * traffic + 2 * noise(seed + 6, second),
        "pm2_5": max(3.0, pm2_5),
        "pm10": max(3.0, pm2_5) * 1.55 + 4,
        "illuminance": _illuminance(sky.sun_elevation(now), 0.75 + 0.25 * drift(seed + 7, now, 1800)),
        "rain": rain_since_new_year(seed, now),
        "solar_radiation": _illuminance(sky.sun_elevation(now), 0.75 + 0.25 * drift(seed + 7, now, 1800)) / 120,
        "so2": 14 + 4 * drift(seed + 8, now, 7200),
        "no2": 18 + 30 * traffic + 6 * drift(seed + 9, now, 3600),
        "co": 420 + 500 * traffic + 80 * drift(seed + 10, now, 3600),
        "o3": max(2.0, 55 + 35 * _cycle(hour, peak=14) - 20 * traffic + 8 * drift(seed + 11, now, 7200)),
    }


def air_temperature(sky: Sky, now: float) -> float:
    """degC, the same in the whole city."""
    return 23.5 + 6 * _season(now) + 3.2 * _cycle(_local_hour(sky, now), peak=14) + 1.5 * drift(23, now, 10_800)


def water(sky: Sky, seed: int, now: float) -> Values:
    """What a sonde in the bay measures at a moment."""
    second, hour = int(now), _local_hour(sky, now)
    tide = math.cos(2 * math.pi * now / _TIDE_S)
    temperature = 24.5 + 5 * _season(now) + 0.6 * _cycle(hour, peak=15) + 0.03 * noise(seed, second)
    oxygen = 6.6 + 0.7 * _cycle(hour, peak=16) + 0.3 * drift(seed + 1, now, 3600)
    turbidity = max(0.5, 7 - 3 * tide + 1.5 * drift(seed + 2, now, 1800) + 0.2 * noise(seed + 2, second))
    conductivity = 45_500 + 2500 * tide + 120 * noise(seed + 3, second // 10)
    return {
        "water_temperature": temperature,
        "dissolved_oxygen": oxygen,
        "turbidity": turbidity,
        "conductivity": conductivity,
        "ph": 8.02 + 0.06 * tide + 0.04 * _cycle(hour, peak=16) + 0.005 * noise(seed + 4, second),
        "redox_potential": 205 + 12 * drift(seed + 5, now, 7200) + noise(seed + 5, second),
        "chlorophyll": max(0.1, 2.8 + 0.9 * _cycle(hour, peak=13) + 0.4 * drift(seed + 6, now, 5400)),
        "blue_green_algae": max(0.1, 1.1 + 0.3 * _cycle(hour, peak=13) + 0.2 * drift(seed + 7, now, 5400)),
        **_derived(temperature, oxygen, turbidity, conductivity),
        **_of_the_probe(seed, now, tide),
        "chemical_oxygen_demand": 11 + 3 * drift(seed + 8, now, 14_400),
        "organic_load": 9 + 2 * drift(seed + 8, now, 14_400),
        "ammonium": max(0.01, 0.12 + 0.06 * drift(seed + 9, now, 21_600)),
        "nitrate": max(0.01, 0.35 + 0.15 * drift(seed + 10, now, 21_600)),
    }


def _derived(temperature: float, oxygen: float, turbidity: float, conductivity: float) -> Values:
    """What follows from the rest, roughly as in sea water: 2 % of conductivity a degree, 35 ppt at 53 mS/cm, and half a
    millilitre of oxygen less at saturation for 10 ppt of salt."""
    at_25 = conductivity / (1 + 0.02 * (temperature - 25))
    salinity = 35 * at_25 / 53_000
    return {
        "specific_conductivity": at_25,
        "salinity": salinity,
        "dissolved_oxygen_saturation": 100 * oxygen / (14.6 - 0.26 * temperature - 0.05 * salinity),
        "suspended_solids": 1.8 * turbidity,
    }


def _of_the_probe(seed: int, now: float, tide: float) -> Values:
    """Where it hangs and how it is."""
    depth = 3.2 + 1.7 * tide
    return {
        "depth": depth,
        "water_pressure": depth * 0.1005,  # bar a metre of sea water
        "supply_voltage": 12.4 + 0.3 * drift(seed + 11, now, 43_200),
        "error_code": 0.0,
    }


def rain_since_new_year(seed: int, now: float) -> float:
    """Millimetres; the counter starts again with the year, as if it were reset on the day of its service."""
    today, share = divmod(now / _DAY_S, 1.0)
    first = int(now // _YEAR_S * _YEAR_S // _DAY_S)
    fallen = sum(_rain_of_day(seed, day) for day in range(first, int(today)))
    return fallen + _rain_of_day(seed, int(today)) * min(max((share - 0.25) * 4, 0.0), 1.0)  # six hours of rain


def _rain_of_day(seed: int, day: int) -> float:
    chance = (noise(seed, day) + 1) / 2
    return 40 * (chance / _RAINY_DAYS) ** 2 * 0.5 if chance < _RAINY_DAYS else 0.0


def _local_hour(sky: Sky, now: float) -> float:
    """Hours of mean solar time."""
    return (now / 3600 + sky.place.longitude / 15) % 24


def _season(now: float) -> float:
    """1 in the middle of summer, -1 in the middle of winter."""
    return math.cos(2 * math.pi * (now % _YEAR_S - _WARMEST_S) / _YEAR_S)


def _cycle(hour: float, peak: float) -> float:
    return math.cos(2 * math.pi * (hour - peak) / 24)


def _bump(hour: float, peak: float) -> float:
    return math.exp(-(((hour - peak + 12) % 24 - 12) ** 2) / 3)


def _day_share(hour: float) -> float:
    return (1 + _cycle(hour, peak=13)) / 2


def _illuminance(sun_elevation: float, clear: float) -> float:
    """lx on open ground; a street lamp leaves a few at night."""
    return 6.0 + math.pow(max(0.0, math.sin(math.radians(sun_elevation + 1))), 1.15) * 105_000 * clear
