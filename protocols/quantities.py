"""The closed dictionary of what is measured: one name and one unit for the whole system.

Names in other dialects come from TALQ 2.7.1 (OpenAPI data model), the FIWARE Smart Data Models and the OMA LwM2M
registry. The plausible range is that of a working device; a value outside it is suspect, not impossible.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a quantity behaves in time."""

    GAUGE = "gauge"
    COUNTER = "counter"  # only grows, until the device is reset or swapped
    STATE = "state"  # bits or an enumeration carried as a whole number


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measurable thing. `low` and `high` are in `unit`."""

    name: str
    unit: str
    kind: Kind
    low: float
    high: float
    talq: str | None = None
    ngsi: str | None = None
    lwm2m: str | None = None


def _gauge(name: str, unit: str, low: float, high: float, **names: str) -> Quantity:
    return Quantity(name, unit, Kind.GAUGE, low, high, **names)


def _counter(name: str, unit: str, high: float, **names: str) -> Quantity:
    return Quantity(name, unit, Kind.COUNTER, 0, high, **names)


def _state(name: str, high: int, **names: str) -> Quantity:
    return Quantity(name, "", Kind.STATE, 0, high, **names)


_LIGHTING = (
    _state("status_bits", 0xFFFF),
    _state("fault_bits", 0xFFFFFFFF),
    _state("command_reason", 15),
    _gauge("target_level", "%", 0, 100, talq="targetLightCommand", lwm2m="3416/1"),
    _gauge("actual_level", "%", 0, 100, talq="actualLightState", lwm2m="3416/3"),
    _gauge("programme_level", "%", 0, 100),
    _gauge("override_level", "%", 0, 100),
    _gauge("override_expiry", "s", 0, 0xFFFFFFFE, lwm2m="3416/51"),  # Unix time; 0 is no override
    _gauge("gear_temperature", "degC", -40, 120, talq="controlGearTemperature", lwm2m="3416/21"),
    _counter("lamp_hours", "h", 500_000, talq="operatingHours", lwm2m="3416/15"),
    _counter("switch_on_count", "", 10_000_000, talq="switchOnCounter", lwm2m="3416/18"),
    _counter("supply_loss_count", "", 65_534, talq="supplyLossCount"),
)
_ELECTRICAL = (
    _gauge("voltage", "V", 0, 300, talq="supplyVoltage", ngsi="voltage", lwm2m="3418/4"),
    _gauge("current", "A", 0, 65, talq="supplyCurrent", ngsi="current", lwm2m="3418/5"),
    _gauge("active_power", "W", -100_000, 100_000, talq="activePower", ngsi="powerConsumption", lwm2m="3418/12"),
    _gauge("reactive_power", "var", -100_000, 100_000, talq="reactivePower"),
    _gauge("power_factor", "", -1, 1, talq="powerFactor", ngsi="powerFactor", lwm2m="3418/16"),
    _gauge("frequency", "Hz", 45, 65, talq="frequency", ngsi="frequency"),
    _counter("active_energy", "kWh", 100_000_000, talq="activeEnergy", ngsi="energyConsumed"),
    _counter("active_energy_export", "kWh", 100_000_000),
    *(_gauge(f"voltage_l{n}", "V", 0, 300, talq=f"phase{n}Voltage") for n in (1, 2, 3)),
    *(_gauge(f"current_l{n}", "A", 0, 1000, talq=f"phase{n}Current") for n in (1, 2, 3)),
    *(_gauge(f"active_power_l{n}", "W", -100_000, 100_000, talq=f"phase{n}ActivePower") for n in (1, 2, 3)),
    *(_gauge(f"power_factor_l{n}", "", -1, 1, talq=f"phase{n}PowerFactor") for n in (1, 2, 3)),
)
_WATER = (
    _gauge("water_temperature", "degC", -2, 50, ngsi="temperature"),
    _gauge("dissolved_oxygen", "mg/L", 0, 25, talq="dissolvedOxygen", ngsi="O2"),
    _gauge("dissolved_oxygen_saturation", "%", 0, 300),  # algae at noon go far beyond 100
    _gauge("turbidity", "NTU", 0, 4000, talq="turbidity", ngsi="turbidity"),
    _gauge("conductivity", "uS/cm", 0, 80_000, talq="conductivity", ngsi="conductivity"),
    _gauge("specific_conductivity", "uS/cm", 0, 80_000),  # as it would be at 25 degC
    _gauge("salinity", "ppt", 0, 50, talq="salinity", ngsi="salinity"),
    _gauge("ph", "", 0, 14, talq="pH", ngsi="pH"),
    _gauge("redox_potential", "mV", -2000, 2000, talq="orp", ngsi="orp"),
    _gauge("chlorophyll", "ug/L", 0, 500, ngsi="Chla"),
    _gauge("blue_green_algae", "ug/L", 0, 500),
    _gauge("suspended_solids", "mg/L", 0, 50_000, talq="TSS", ngsi="tss"),
    _gauge("chemical_oxygen_demand", "mg/L", 0, 2_000, ngsi="COD"),
    _gauge("organic_load", "mg/L", 0, 20_000),  # from the absorption at 254 nm, as what the probe is set to
    _gauge("ammonium", "mg/L", 0, 1_000, talq="NH4", ngsi="NH4"),  # as nitrogen
    _gauge("nitrate", "mg/L", 0, 1_000, talq="NO3", ngsi="NO3"),  # as nitrogen
    _gauge("depth", "m", -1, 200),  # of the probe under the surface; a little above 0 in the air
    _gauge("water_pressure", "bar", -1, 30),
    _gauge("supply_voltage", "V", 0, 30),  # of a probe or of its battery
    _state("error_code", 0xFF),
)
_AIR = (
    _gauge("air_temperature", "degC", -20, 60, talq="temperature", ngsi="temperature"),
    _gauge("relative_humidity", "%", 0, 100, talq="relativeHumidity", ngsi="relativeHumidity"),
    _gauge("pressure", "kPa", 80, 110, talq="atmosphericPressure", ngsi="atmosphericPressure"),
    _gauge("wind_speed", "m/s", 0, 75, talq="windSpeed", ngsi="windSpeed"),
    _gauge("wind_direction", "deg", 0, 360, talq="windDirection", ngsi="windDirection"),
    _gauge("noise", "dB", 20, 140, talq="noiseLevel"),
    _gauge("pm2_5", "ug/m3", 0, 1000, talq="pm2-5", ngsi="pm25"),
    _gauge("pm10", "ug/m3", 0, 2000, talq="pm10", ngsi="pm10"),
    _gauge("illuminance", "lx", 0, 200_000, talq="lightLevel"),
    _gauge("solar_radiation", "W/m2", 0, 1_800, ngsi="solarRadiation"),
    _gauge("so2", "ug/m3", 0, 5_000, ngsi="SO2"),
    _gauge("no2", "ug/m3", 0, 5_000, ngsi="NO2"),
    _gauge("co", "ug/m3", 0, 100_000, ngsi="CO"),
    _gauge("o3", "ug/m3", 0, 2_000, ngsi="O3"),
    _counter("rain", "mm", 100_000, ngsi="precipitation"),
    _gauge("rain_rate", "mm/h", 0, 500),
    _gauge("visibility", "m", 0, 100_000),
)
_ROAD = (
    _gauge("traffic_flow", "1/h", 0, 20_000),  # vehicles
    _state("presence", 1),
    _state("incident", 1),
)
_EDGE = (
    *(_gauge(f"{stream}_waiting", "", 0, 1e12) for stream in ("event", "live", "backlog")),  # batches in the outbox
    *(_gauge(f"{stream}_waiting_s", "s", 0, 1e9) for stream in ("event", "live", "backlog")),  # since when the oldest
    _gauge("outbox_size", "MB", 0, 1e9),
    _counter("batches_dropped", "", 1e12),
    _counter("readings_lost", "", 1e12),
    _counter("polls_late", "", 1e12),
    _counter("polls_overtaken", "", 1e12),
    _counter("polls_failed", "", 1e12),
    _gauge("units_silent", "", 0, 1e6),
    _gauge("clock_offset", "s", -1e9, 1e9),  # the machine's clock less the cloud's
    _state("clock_trust", 3),  # rules/clock_trust.py
    _gauge("processor_load", "%", 0, 100 * 1024),  # of one core
    _gauge("memory_used", "MB", 0, 1e7),
    _gauge("disk_free", "MB", 0, 1e10),
)

QUANTITIES: Mapping[str, Quantity] = {q.name: q for q in (*_LIGHTING, *_ELECTRICAL, *_WATER, *_AIR, *_ROAD, *_EDGE)}
