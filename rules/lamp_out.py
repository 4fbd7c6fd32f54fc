"""A luminaire that should be lit takes no power: its LED or its driver is dead.

A pure step: the state of one lamp and one observation give the next state, and sometimes a change. Delays count in
event time and only between samples that speak for the same thing; what is not known neither raises nor clears, and its
time does not count. The state is small and plain, so that it survives a restart in the middle of a hold.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import Field, field_validator

from protocols import config
from protocols.config import ConfigModel
from protocols.durations import Span
from protocols.inventory import LuminaireType, Name
from protocols.readings import Quality, Reading
from rules.alarms import Event
from rules.expected_power import expected_power

_TRUSTED = frozenset({Quality.GOOD, Quality.NOT_EVALUATED})
_NO_LAMP_HAS = 1e6  # W or V
_PLACEHOLDERS = frozenset({"level", "expected", "power", "voltage", "minutes"})


class Text(ConfigModel):
    """A sentence or two in both languages of the console."""

    vi: str = Field(min_length=1, max_length=400)
    en: str = Field(min_length=1, max_length=400)


class Expectation(ConfigModel):
    """A test of the rule, written beside it: samples every so often, and the state that follows.

    Each series is numbers with spaces between them, `_` for a missing sample; a series of one number stays so.
    """

    says: str
    every: Span
    active_power: str
    actual_level: str = "100"
    voltage: str = "230"
    warm_up: Span = Field(default="0s", validate_default=True)
    expect: Mapping[Span, Literal["normal", "unacked", "rtn_unacked"]]


class LampOut(ConfigModel):
    """The rule and its parameters; the defaults of a city stand in library/lamp_out.yaml."""

    rule: Literal["lamp_out"]
    priority: int = Field(ge=1, le=4, description="1 is the highest")
    below_share: float = Field(gt=0, lt=1, description="of the expected power")
    min_level: float = Field(gt=0, le=100, description="%, below it nothing is decided")
    dead_feeder_below_v: float = Field(gt=0, description="V, below it the supply has failed and not the lamp")
    hold: Span
    clear_after: Span
    min_samples: int = Field(ge=1)
    longest_gap: Span = Field(description="time between two samples that are further apart does not count")
    title: Name
    reason: Text = Field(description="may hold {level} {expected} {power} {voltage} {minutes}")
    advice: Text
    expected_power: tuple[tuple[float, float], ...] = Field(description="of the lamp in the tests")
    tests: tuple[Expectation, ...] = Field(min_length=1)

    @field_validator("reason")
    @classmethod
    def _names_only_what_is_known(cls, reason: Text) -> Text:
        for text in (reason.vi, reason.en):
            for _, name, _, _ in string.Formatter().parse(text):
                if name is not None and name not in _PLACEHOLDERS:
                    raise ValueError(f"unknown placeholder {{{name}}}; there are {' '.join(sorted(_PLACEHOLDERS))}")
        return reason


@dataclass(frozen=True, slots=True)
class Observation:
    """One lamp at one moment; `None` is not known, or not to be trusted."""

    at: int  # event time, Unix seconds
    level: float | None  # %, the actual level, or the commanded one where the lamp does not tell
    active_power: float | None  # W
    voltage: float | None  # V
    expected_power: float | None  # W, of a healthy lamp at this level
    warm_up_s: float = 0


@dataclass(frozen=True, slots=True)
class State:
    """What the rule remembers of one lamp. Plain numbers: `State(**json)` is the way back from `asdict`."""

    at: int | None = None  # of the last observation; time only goes forward
    raised: bool = False
    lit_since: int | None = None
    samples: int = 0  # in a row that speak against `raised`
    held_s: int = 0  # the time between them
    counted_at: int | None = None  # the last of them, unless something unknown came after it


@dataclass(frozen=True, slots=True)
class Change:
    """The lamp failed (RAISED) or is well again (RETURNED), at this event time (Unix seconds)."""

    event: Literal[Event.RAISED, Event.RETURNED]
    at: int


class _Verdict(Enum):
    DEAD = auto()
    WELL = auto()
    UNKNOWN = auto()


def observe(reading: Reading, luminaire_type: LuminaireType) -> Observation:
    """What a reading says about the lamp; a value with a bad quality flag says nothing."""
    actual, target = _trusted(reading, "actual_level"), _trusted(reading, "target_level")
    level = actual if actual is not None else target
    return Observation(
        reading.at,
        level,
        _trusted(reading, "active_power"),
        _trusted(reading, "voltage"),
        None if level is None else expected_power(luminaire_type.expected_power, level),
        luminaire_type.warm_up_s,
    )


def step(state: State, observation: Observation, rule: LampOut) -> tuple[State, Change | None]:
    """The next state, and the change if there is one. What is not newer than the last observation changes nothing."""
    if state.at is not None and observation.at <= state.at:
        return state, None
    lit_since = _lit_since(state, observation, rule)
    verdict = _verdict(observation, lit_since, rule)
    seen = replace(state, at=observation.at, lit_since=lit_since)
    if verdict is _Verdict.UNKNOWN:
        return replace(seen, counted_at=None), None
    if verdict is (_Verdict.DEAD if state.raised else _Verdict.WELL):
        return replace(seen, samples=0, held_s=0, counted_at=None), None
    return _weighed(_counted(seen, rule), rule)


def reason(rule: LampOut, observation: Observation) -> Text:
    """Why the alarm was raised, in both languages, from the observation that raised it."""
    numbers = {
        "level": _said(observation.level),
        "expected": _said(observation.expected_power),
        "power": _said(observation.active_power),
        "voltage": _said(observation.voltage),
        "minutes": f"{rule.hold.total_seconds() / 60:g}",
    }
    return Text(vi=rule.reason.vi.format(**numbers), en=rule.reason.en.format(**numbers))


@cache
def library() -> Mapping[str, LampOut]:
    """The rules that come with the package, by name. Package data is part of the code, so this is no I/O."""
    folder = resources.files("rules") / "library"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    rules = [config.load(f.read_text("utf-8"), f.name, LampOut) for f in files]
    return {rule.rule: rule for rule in rules}


def _trusted(reading: Reading, quantity: str) -> float | None:
    value = reading.values.get(quantity)
    return value if value is not None and reading.flag(quantity) in _TRUSTED else None


def _said(number: float | None) -> str:
    """Whole, unless it is a number that no lamp has: that must not be longer than the sentence."""
    return "?" if number is None else f"{number:.0f}" if abs(number) < _NO_LAMP_HAS else f"{number:.0e}"


def _has_supply(observation: Observation, rule: LampOut) -> bool:
    return observation.voltage is not None and observation.voltage >= rule.dead_feeder_below_v


def _lit_since(state: State, observation: Observation, rule: LampOut) -> int | None:
    """Since when the lamp should be giving light; an unknown level changes nothing, a lost supply starts anew."""
    if observation.voltage is not None and not _has_supply(observation, rule):
        return None
    if observation.level is None:
        return state.lit_since
    if observation.level < rule.min_level:
        return None
    return observation.at if state.lit_since is None else state.lit_since


def _verdict(observation: Observation, lit_since: int | None, rule: LampOut) -> _Verdict:
    power, expected = observation.active_power, observation.expected_power
    if power is None or not expected or observation.level is None or not _has_supply(observation, rule):
        return _Verdict.UNKNOWN
    if lit_since is None or observation.at - lit_since < observation.warm_up_s:
        return _Verdict.UNKNOWN
    return _Verdict.DEAD if power < rule.below_share * expected else _Verdict.WELL


def _counted(state: State, rule: LampOut) -> State:
    """One more sample against the present state; the time since the one before counts when it is no gap."""
    at = state.at or 0
    gap = at - state.counted_at if state.counted_at is not None else 0
    held = state.held_s + (gap if gap <= rule.longest_gap.total_seconds() else 0)
    return replace(state, samples=state.samples + 1, held_s=held, counted_at=at)


def _weighed(state: State, rule: LampOut) -> tuple[State, Change | None]:
    needed = rule.clear_after if state.raised else rule.hold
    if state.samples < rule.min_samples or state.held_s < needed.total_seconds():
        return state, None
    change = Change(Event.RETURNED if state.raised else Event.RAISED, state.at or 0)
    return replace(state, raised=not state.raised, samples=0, held_s=0, counted_at=None), change
