"""What can be wrong with a light plan, and where. The words for it are the console's, one text a language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Severity = Literal["refused", "needs_reason"]


class FindingCode(StrEnum):
    """Each with the figures that a text needs. `night` is a date, `at`, `since` and `until` are local times of it."""

    ALWAYS_ON = "always_on"  # lit at the brightest hour of a day: night, at
    DARK_AT_DUSK = "dark_at_dusk"  # off between civil dusk and dawn, on a road with a class: night, since, until
    BELOW_CLASS = "below_class"  # group, programme, step (from 1), level, lowest_level, road_class, lowest_class
    OVERLAPPING_STEPS = "overlapping_steps"  # not after the step above it: night, at, before (its time)
    NEVER_LIT = "never_lit"  # it has a level above 0 %, and no night in which it comes: nights
    RAMP_TOO_LONG = "ramp_too_long"  # longer than the time to the next step: night, ramp_s, room_s
    LIMITS_CROSSED = "limits_crossed"  # not_before, not_after
    UNKNOWN_PROGRAMME = "unknown_programme"  # programme
    UNKNOWN_CALENDAR = "unknown_calendar"  # calendar
    UNKNOWN_SOURCE = "unknown_source"  # source
    UNKNOWN_QUANTITY = "unknown_quantity"  # quantity
    UNKNOWN_CLASS = "unknown_class"  # road_class
    OTHER_TABLE = "other_table"  # the two classes are of different norms: road_class, lowest_class
    LOWEST_ABOVE_CLASS = "lowest_above_class"  # a lowest class without, or brighter than, the designed one
    NO_SUCH_DAY = "no_such_day"  # a day that no year has: month, day
    ID_TWICE = "id_twice"  # id


Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """`refused` never gets in; `needs_reason` does when its group says why (`below_class_reason`)."""

    path: Path
    code: FindingCode
    severity: Severity = "refused"
    figures: Mapping[str, float | str] = field(default_factory=dict)
