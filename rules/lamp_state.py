"""What the map shows of a luminaire: one word, decided in one place."""

import math
from collections.abc import Mapping
from enum import IntEnum

OFF_BELOW = 1.0  # %; the lowest level of the controllers is 0.5 %, which nobody calls light
ON_FROM = 95.0  # %; a little less than full is full: constant light output takes up to 5 % off a new LED
TOLERANCE = 10.0  # points between planned and actual level
FULL = 100.0  # %; some devices tell more, and mean full light
SAME = 0.5  # % of light: one step of a controller, which may be the last of a fade
RAMP_S = 60.0  # a command, its fade and its read-back need this long
COMMS_OK = 1 << 3  # status_bits of protocols/profiles/library/haidang-segment-controller.yaml


class LampState(IntEnum):
    """The number is that of the live map's frames."""

    UNKNOWN = 0
    OFF = 1
    ON = 2
    DIMMED = 3
    FAULT = 4
    NO_CONTACT = 5
    WARNING = 6


def displayed(
    values: Mapping[str, float | None] | None,
    age_s: float | None,
    planned_level: float | None,
    open_fault: bool,
    stale_after_s: float,
    plan_age_s: float = math.inf,
) -> LampState:
    """The state of a lamp from its latest values, which are `age_s` old; `None` was never read.

    `plan_age_s` is how long ago the planned level last changed. A level that differs from the plan is a warning only
    when it was read a ramp's time after that change.
    """
    if values is None or age_s is None:
        return LampState.UNKNOWN
    if age_s > stale_after_s or not _is_in_contact(values):
        return LampState.NO_CONTACT
    if open_fault:
        return LampState.FAULT
    level = values.get("actual_level")
    if plan_age_s - age_s >= RAMP_S and is_as_planned(level, planned_level) is False:
        return LampState.WARNING
    return _lit(level)


def is_as_planned(level: float | None, planned_level: float | None) -> bool | None:
    """Lit when it should be and dark when it should be, within TOLERANCE; `None` when either level is not known."""
    if level is None or planned_level is None:
        return None
    return (level >= OFF_BELOW) == (planned_level >= OFF_BELOW) and abs(level - planned_level) <= TOLERANCE


def _is_in_contact(values: Mapping[str, float | None]) -> bool:
    status = values.get("status_bits")
    if status is not None and not int(status) & COMMS_OK:
        return False
    return any(value is not None for value in values.values())


def _lit(level: float | None) -> LampState:
    if level is None:
        return LampState.UNKNOWN
    if level < OFF_BELOW:
        return LampState.OFF
    return LampState.ON if level >= ON_FROM else LampState.DIMMED


def reached(actual: float, commanded: float) -> bool:
    """True when a luminaire's actual level (%) confirms a command. Off is confirmed by 0 alone: at the last step of its
    fade a lamp still burns.
    """
    return abs(min(actual, FULL) - commanded) <= SAME if commanded else actual == 0
