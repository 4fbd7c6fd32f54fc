"""`rules.lamp_state` for a whole city at once, in columns; a property test proves them equal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.lamp_state import COMMS_OK, OFF_BELOW, ON_FROM, RAMP_S, TOLERANCE, LampState

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was last heard of each lamp; NaN is not known.

    `age_s` is NaN for a lamp that was never heard of. `says_anything` is False where every value is unknown.
    """

    age_s: Floats
    actual_level: Floats
    status_bits: Floats
    says_anything: Bools


def displayed(
    seen: Seen, planned_level: Floats, open_fault: Bools, stale_after_s: float, plan_age_s: Floats
) -> NDArray[np.uint8]:
    """The number of each lamp's LampState."""
    level = seen.actual_level
    silent = (seen.age_s > stale_after_s) | ~_is_in_contact(seen)
    differs = (plan_age_s - seen.age_s >= RAMP_S) & _is_not_as_planned(level, planned_level)
    words = (
        (np.isnan(seen.age_s), LampState.UNKNOWN),
        (silent, LampState.NO_CONTACT),
        (open_fault, LampState.FAULT),
        (differs, LampState.WARNING),
        (np.isnan(level), LampState.UNKNOWN),
        (level < OFF_BELOW, LampState.OFF),
        (level >= ON_FROM, LampState.ON),
    )
    found = np.select([where for where, _ in words], [word for _, word in words], LampState.DIMMED)
    return found.astype(np.uint8)


def _is_in_contact(seen: Seen) -> Bools:
    in_contact = seen.says_anything.copy()
    told = np.flatnonzero(~np.isnan(seen.status_bits))  # few lamps have the word at all
    in_contact[told] &= np.floor(np.trunc(seen.status_bits[told]) / COMMS_OK) % 2 != 0
    return in_contact


def _is_not_as_planned(level: Floats, planned: Floats) -> Bools:
    """Both are known, and differ."""
    same: Bools = ((level >= OFF_BELOW) == (planned >= OFF_BELOW)) & (np.abs(level - planned) <= TOLERANCE)
    return ~same & ~np.isnan(level) & ~np.isnan(planned)
