"""Which values of a reading are worth sending: what has changed, and what has not been said for a while.

Report by exception with a heartbeat. States, counters and the levels of a lamp change seldom, and are sent when they
do. A measured gauge is sent with every reading unless it is given a dead band: means are made of samples, and a gauge
that came only when it moved would weigh its unrest and not its time. Around an hour's edge every counter goes out,
because energy is the difference of two registers there.

Pure: what was sent is an argument, and time is that of the readings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import Field, field_validator

from protocols.config import ConfigModel
from protocols.durations import Span
from protocols.profiles import KnownQuantity
from protocols.quantities import QUANTITIES, Kind
from protocols.readings import Quality, Reading

LONGEST = timedelta(minutes=10)  # energy is interpolated over at most 15 min, and `lamp_out` bridges no longer gap
_HOUR_S = 3600
_LEVELS = ("target_level", "actual_level", "programme_level", "override_level", "override_expiry")


@dataclass(frozen=True, slots=True)
class Rule:
    """`every_s`: seconds after which a value is sent again unchanged. `bands`: how far each quantity may move without
    being sent; one that is not named is sent with every reading."""

    every_s: float
    bands: Mapping[str, float]


class Reporting(ConfigModel):
    """`every`: how old a value may become before it is sent again, in the city's time; 0s sends everything.
    `deadbands`: how far a gauge may move without being sent, in its unit."""

    every: Span = timedelta(seconds=60)
    deadbands: Mapping[KnownQuantity, float] = Field(default_factory=dict)

    @field_validator("every")
    @classmethod
    def _is_a_heartbeat(cls, every: timedelta) -> timedelta:
        if every > LONGEST:
            raise ValueError(f"{every.total_seconds():g}s is too long a silence; give at most 10m")
        return every

    @field_validator("deadbands")
    @classmethod
    def _are_of_gauges(cls, deadbands: Mapping[str, float]) -> Mapping[str, float]:
        for name, width in deadbands.items():
            if QUANTITIES[name].kind is not Kind.GAUGE or not width >= 0:
                raise ValueError(f"{name}: {width:g} is no dead band; give 0 or more, and only for a gauge")
        return deadbands

    def rule(self) -> Rule:
        """The same, as it is asked for with every reading."""
        still = {name for name, quantity in QUANTITIES.items() if quantity.kind is not Kind.GAUGE} | set(_LEVELS)
        return Rule(self.every.total_seconds(), dict.fromkeys(sorted(still), 0.0) | dict(self.deadbands))


@dataclass(slots=True)
class Said:
    """What was sent of one device: for each quantity that may be left out its value, its flag and when. `at` is that of
    its last reading, sent or not."""

    at: int
    values: dict[str, tuple[float | None, Quality | None, int]] = field(default_factory=dict)


def worth_sending(reading: Reading, said: Said | None, rule: Rule) -> tuple[Reading | None, Said]:
    """What of a reading goes out, and what has been said then. The first reading of a device goes out whole."""
    said = said or Said(reading.at)
    if rule.bands.keys().isdisjoint(reading.values):
        return reading, Said(reading.at, said.values)
    due = _due(reading, said, rule)
    news = {n: (reading.values[n], reading.flags.get(n), reading.at) for n in due if n in rule.bands}
    return _only(reading, due), Said(reading.at, said.values | news if news else said.values)


def _due(reading: Reading, said: Said, rule: Rule) -> list[str]:
    step = max(0, reading.at - said.at)  # the next reading is expected as long after this one
    counters_too = _is_beside_an_hour(reading.at, step)
    latest = reading.at + step - rule.every_s
    return [
        name
        for name, value in reading.values.items()
        if (band := rule.bands.get(name)) is None
        or (before := said.values.get(name)) is None
        or before[2] < latest
        or _has_moved(value, before[0], band)
        or before[1] != reading.flags.get(name)
        or (counters_too and QUANTITIES[name].kind is Kind.COUNTER)
    ]


def _has_moved(value: float | None, before: float | None, band: float) -> bool:
    if value is None or before is None:
        return value is not before
    return abs(value - before) > band


def _is_beside_an_hour(at: int, step: int) -> bool:
    """True for the last reading before an hour's edge and for the first after it."""
    return not (at - step) // _HOUR_S == at // _HOUR_S == (at + step) // _HOUR_S


def _only(reading: Reading, due: list[str]) -> Reading | None:
    if len(due) == len(reading.values):
        return reading
    flags = {name: flag for name, flag in reading.flags.items() if name in due}
    return replace(reading, values={name: reading.values[name] for name in due}, flags=flags) if due else None
