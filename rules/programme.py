"""What the light should be when nobody has said anything: astronomical, and half in the small hours."""

from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from enum import StrEnum

from protocols.inventory import Place
from rules.sun import is_dark

FULL = 100.0
DIMMED = 50.0
OFF = 0.0
# 100 % to 22:00, 50 % to 05:00, 100 % to sunrise: in Ha Long 29.5 % less energy than full light all night, over a year
# (tests/unit/rules/test_programme.py computes it). Vietnamese cities already act at these hours: Ho Chi Minh City
# halved the power after 22:00 (afamily.vn, 24/05/2023), Dong Ha put out a third until 04:45 (evn.com.vn, 15/06/2023).
DIMS_AT = time(22, 0)
BRIGHTENS_AT = time(5, 0)


class Reason(StrEnum):
    """Who decided the light, from the highest rung of the ladder to the lowest."""

    SAFETY = "safety_lock_out"
    EMERGENCY = "emergency"
    OVERRIDE = "manual_override"
    SELF_TEST = "self_test"  # a luminaire that somebody holds is not tested
    ADAPTIVE = "adaptive"
    CALENDAR = "calendar_exception"
    WEEKLY = "weekly_programme"
    ASTRONOMICAL = "astronomical_default"
    HARDWARE = "hardware_default"


@dataclass(frozen=True, slots=True)
class Decision:
    """The level that a luminaire should have (% of full light), and who says so.

    `level` is `None` where its own photocell decides. `source` names the programme or the adaptation; `None` where the
    reason says it all.
    """

    level: float | None
    reason: Reason
    source: str | None = None


def astronomical_default(place: Place, timezone: tzinfo, at: datetime) -> Decision:
    """Full light from sunset to sunrise, half of it from 22:00 to 05:00 local time, none while the sun is up."""
    return Decision(astronomical_level(place, timezone, at), Reason.ASTRONOMICAL)


def astronomical_level(place: Place, timezone: tzinfo, at: datetime) -> float:
    """The same as a number (%)."""
    if not is_dark(place, at):
        return OFF
    local = at.astimezone(timezone).time()
    return DIMMED if local >= DIMS_AT or local < BRIGHTENS_AT else FULL
