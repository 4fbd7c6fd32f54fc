"""The electricity of a cabinet: three phases whose voltage swings slowly, and the meter in front of its lamps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firmware_sim.luminaire import Luminaire, Segment
from firmware_sim.noise import drift, noise

NOMINAL_V = 230.0
NOMINAL_HZ = 50.0
CABLE_LOSS = 0.015  # of what the lamps of a phase take
CONTROLLER_W = 4.0  # one segment controller
_DAY_S = 86_400
_LOST_PHASE_V = 3.0  # what a meter sees on a wire that hangs in the air
_POWER_FACTOR_OFF = 0.35  # drivers in standby are almost only capacitors
_POWER_FACTOR_FULL = 0.97


@dataclass(frozen=True, slots=True)
class Electrical:
    """What a luminaire's node measures."""

    voltage: float
    current: float
    power: float
    power_factor: float


def frequency(second: int) -> float:
    """Of the grid, Hz: the same for the whole city."""
    return NOMINAL_HZ + 0.03 * drift(50, second, 40) + 0.004 * noise(50, second)


def voltage(seed: int, phase: int, second: int) -> float:
    """Of a phase (0 to 2) at the cabinet, V: lower in the evening, when everybody cooks."""
    evening = math.cos(2 * math.pi * (second / _DAY_S - 12.5 / 24))  # 12:30 UTC is 19:30 in Viet Nam
    slow = 1.5 * drift(seed + phase, second, 900)
    return NOMINAL_V - 2.5 * evening + slow + 0.15 * noise(seed + phase, second)


def power_factor(level: float) -> float:
    """Of a lit LED driver: good at full load, poor when dimmed far down."""
    return _POWER_FACTOR_FULL - 0.22 * (1 - level / 100) ** 3


def measured(lamp: Luminaire, feeder_voltage: float, second: int) -> Electrical:
    """What the node of a lamp with voltage says in a second."""
    volts = feeder_voltage - 0.6 - 0.4 * noise(lamp.seed, 0) + 0.1 * noise(lamp.seed + 1, second)
    watts = lamp.power * (1 + 0.02 * (volts / NOMINAL_V - 1) + 0.004 * noise(lamp.seed, second))
    factor = _POWER_FACTOR_OFF if lamp.out or lamp.state.level <= 0 else power_factor(lamp.state.level)
    return Electrical(volts, watts / (volts * factor), watts, factor)


@dataclass(slots=True)
class MeterState:
    """What a meter keeps over a restart; `energy_wh` is what it counted beside its lamps' own energy."""

    at: float
    energy_wh: float = 0.0


class Meter:
    """A three-phase meter: the lamps of its three segments, the loss in their cables, and their controllers."""

    def __init__(self, seed: int, segments: Sequence[Segment], state: MeterState) -> None:
        self.seed = seed
        self.segments = segments
        self.state = state

    def volts(self, phase: int, second: int) -> float:
        """Of one phase; a lost one still shows a few volts."""
        if self.segments[phase].powered:
            return voltage(self.seed, phase, second)
        return _LOST_PHASE_V + noise(self.seed + phase, second)

    def values(self, now: float) -> Mapping[str, float]:
        """All that the meter measures, by quantity."""
        second = int(now)
        self._advance(now)
        phases = [self._phase(number, second) for number in range(len(self.segments))]
        active = sum(p.power for p in phases)
        reactive = sum(p.power * math.tan(math.acos(p.power_factor)) for p in phases)
        by_phase = {name: value for n, p in enumerate(phases, start=1) for name, value in _named(n, p).items()}
        return {
            **by_phase,
            "voltage": phases[0].voltage,
            "current": phases[0].current,
            "active_power": active,
            "reactive_power": -reactive,  # LED drivers are capacitive
            "power_factor": active / math.hypot(active, reactive) if active else 1.0,
            "frequency": frequency(second),
            "active_energy": self.energy_wh / 1000,
            "active_energy_export": 0.0,
        }

    @property
    def energy_wh(self) -> float:
        """Everything that went through the meter until the last look."""
        lamps = sum(lamp.state.energy_wh for segment in self.segments for lamp in segment.lamps)
        return self.state.energy_wh + lamps * (1 + CABLE_LOSS)

    def _advance(self, now: float) -> None:
        for segment in self.segments:
            segment.advance(now)
        if now > self.state.at:
            live = sum(segment.powered for segment in self.segments)
            self.state.energy_wh += live * CONTROLLER_W * (now - self.state.at) / 3600
            self.state.at = now

    def _phase(self, number: int, second: int) -> Electrical:
        segment, volts = self.segments[number], self.volts(number, second)
        if not segment.powered:
            return Electrical(volts, 0.0, 0.0, 1.0)
        lit = sum(lamp.power for lamp in segment.lamps)
        watts = (lit * (1 + CABLE_LOSS) + CONTROLLER_W) * (1 + 0.001 * noise(self.seed + number, second))
        light = max((lamp.state.level for lamp in segment.lamps), default=0.0)
        factor = power_factor(light) if light > 0 else _POWER_FACTOR_OFF
        return Electrical(volts, watts / (volts * factor), watts, factor)


def _named(phase: int, measured_there: Electrical) -> Mapping[str, float]:
    return {
        f"voltage_l{phase}": measured_there.voltage,
        f"current_l{phase}": measured_there.current,
        f"active_power_l{phase}": measured_there.power,
        f"power_factor_l{phase}": measured_there.power_factor,
    }
