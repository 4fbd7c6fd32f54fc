"""The physics of a luminaire and of its segment controller, advanced only when somebody looks.

A luminaire knows what it should do for the whole time since it was last looked at: its programme, an override with
an end, and its photocell when the edge has been silent for too long. So a look after an hour gives the same energy
as 3,600 looks. Times are domain time in Unix seconds, levels in %, power in W.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from itertools import pairwise

from firmware_sim.sky import Sky
from protocols.inventory import LuminaireType

STANDBY_W = 0.4  # driver and node of a lamp that is off: 0.3 to 0.5 W
FADE_S = 2.0  # from dark to full
SILENCE_S = 15 * 60.0  # without a request for so long, the controller follows its photocell
_HEATING_K_PER_W = 0.25
_WARMING_S = 25 * 60.0
_FULL = 100.0


class Reason(IntEnum):
    """Why a luminaire has its level: the command_reason register."""

    PHOTOCELL = 0
    PROGRAMME = 1
    OVERRIDE = 3


class Status(IntFlag):
    """The status_bits register."""

    ON = 1
    OVERRIDE = 2
    PROGRAMME = 4
    COMMS_OK = 8
    CONSTANT_LIGHT = 16
    TIME_VALID = 32


class PowerCurve:
    """Power over level by straight pieces from standby at 0 %, and the area under it."""

    def __init__(self, kind: LuminaireType) -> None:
        self.points = ((0.0, STANDBY_W), *kind.expected_power)
        self.rise_s = max(FADE_S, kind.warm_up_s)
        areas = [0.0]
        for (a, p), (b, q) in pairwise(self.points):
            areas.append(areas[-1] + (p + q) / 2 * (b - a))
        self._areas = areas

    def power(self, level: float) -> float:
        """W at a level."""
        n = self._piece(level)
        (a, p), (b, q) = self.points[n], self.points[n + 1]
        return p + (q - p) * (level - a) / (b - a)

    def area(self, level: float) -> float:
        """The integral of the power from 0 % to a level, in W x %: what a fade burns."""
        n = self._piece(level)
        a, p = self.points[n]
        return self._areas[n] + (p + self.power(level)) / 2 * (level - a)

    def _piece(self, level: float) -> int:
        return next((n for n in range(len(self.points) - 2) if level <= self.points[n + 1][0]), len(self.points) - 2)


@dataclass(slots=True)
class Segment:
    """One phase of a cabinet with its controller: who was heard when, and whether there is voltage."""

    sky: Sky
    heard: float
    silence: float = SILENCE_S
    powered: bool = True
    lamps: list["Luminaire"] = field(default_factory=list)

    def hear(self, now: float) -> None:
        """A request from the edge. What the lamps did in a long silence is settled before it is forgotten."""
        if now - self.heard > self.silence:
            self.advance(now)
        self.heard = max(self.heard, now)

    def switch_supply(self, on: bool, now: float) -> None:
        """Lose or regain the phase."""
        self.advance(now)
        if on and not self.powered:
            for lamp in self.lamps:
                lamp.state.supply_losses += 1
        self.powered = on

    def advance(self, now: float) -> None:
        for lamp in self.lamps:
            lamp.advance(now)


@dataclass(slots=True)
class LampState:
    """What a luminaire keeps over a restart. `override_until` is 0 when there is none."""

    at: float
    level: float = 0.0
    energy_wh: float = 0.0
    lit_s: float = 0.0
    switch_ons: int = 0
    supply_losses: int = 0
    warmth: float = 0.0  # K above the air
    programme: float | None = None
    override: float | None = None
    override_until: int = 0


@dataclass(slots=True)
class Luminaire:
    """One luminaire. Its power is `spread` times its type's; `version` counts what was changed from outside."""

    id: str
    curve: PowerCurve
    segment: Segment
    state: LampState
    seed: int
    spread: float = 1.0
    alone: bool = False  # no controller watches over it: it holds what it was told
    out: bool = False
    stuck_on: bool = False
    silent: bool = False
    lowest: float = 0.0  # its gear goes no deeper while it is lit (DALI: MIN LEVEL)
    version: int = 0

    def target(self, at: float) -> tuple[float, Reason]:
        """The level that is wanted at a moment, and why."""
        state = self.state
        if state.override is not None and at < state.override_until:
            return state.override, Reason.OVERRIDE
        if state.programme is not None and (self.alone or at < self.segment.heard + self.segment.silence):
            return state.programme, Reason.PROGRAMME
        return (_FULL if self.segment.sky.dark(at) else 0.0), Reason.PHOTOCELL

    def set_programme(self, level: float | None, now: float) -> None:
        self.advance(now)
        self.state.programme = level
        self.version += 1

    def set_override(self, level: float | None, until: int, now: float) -> None:
        """Hold a level until a moment; a moment that has passed, or 0, ends what was held."""
        self.advance(now)
        self.state.override, self.state.override_until = level, until
        self.version += 1

    def set_faults(self, now: float, *, out: bool, stuck_on: bool, silent: bool) -> None:
        self.advance(now)
        self.out, self.stuck_on, self.silent = out, stuck_on, silent
        self.version += 1

    def advance(self, now: float) -> None:
        """Live through the time since the last look."""
        state = self.state
        if now <= state.at:
            return
        for start, end in pairwise([state.at, *self._changes(state.at, now), now]):
            self._live(self._aim(start), end - start)
        state.at = now

    @property
    def fading(self) -> bool:
        """True while the level is on its way."""
        return self.segment.powered and self.state.level != self._aim(self.state.at)

    @property
    def power(self) -> float:
        """W at the moment of the last look, without noise."""
        if not self.segment.powered:
            return 0.0
        return STANDBY_W if self.out else self.curve.power(self.state.level) * self.spread

    def _aim(self, at: float) -> float:
        level = _FULL if self.stuck_on else self.target(at)[0]
        return max(level, self.lowest) if level else 0.0

    def _changes(self, start: float, end: float) -> Sequence[float]:
        """The moments between at which the target may change by itself."""
        silent_from = self.segment.heard + self.segment.silence
        found = [at for at in (self.state.override_until, silent_from) if start < at < end]
        if self.state.programme is None or end > silent_from:
            found.extend(self.segment.sky.changes(start, end))
        return sorted(found)

    def _live(self, aim: float, span: float) -> None:
        """A piece of time with one target: a fade, then a steady level."""
        state = self.state
        if not self.segment.powered:
            state.level = 0.0
            self._settle(0.0, 0.0, span)
            return
        if state.level == 0 and aim > 0 and span > 0:
            state.switch_ons += 1
        for level, power, lasting in self._parts(aim, span):
            self._settle(level, STANDBY_W if self.out else power * self.spread, lasting)

    def _parts(self, aim: float, span: float) -> Iterator[tuple[float, float, float]]:
        """(level at the end, mean power, seconds) of the fade and of what follows it."""
        level = self.state.level
        rate = _FULL / (self.curve.rise_s if aim > level else FADE_S)
        fade = min(abs(aim - level) / rate, span)
        if fade > 0:
            reached = aim if fade < span else level + math.copysign(rate * fade, aim - level)
            mean = (self.curve.area(reached) - self.curve.area(level)) / (reached - level)
            yield reached, mean, fade
        if span > fade:
            yield aim, self.curve.power(aim), span - fade

    def _settle(self, level: float, power: float, span: float) -> None:
        state = self.state
        if level > 0 or state.level > 0:
            state.lit_s += span
        state.level = level
        state.energy_wh += power * span / 3600
        warm = power * _HEATING_K_PER_W
        state.warmth = warm + (state.warmth - warm) * math.exp(-span / _WARMING_S)
