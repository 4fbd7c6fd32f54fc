"""Hours, days and months of a city's own time as spans of whole UTC hours."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from cloud.errors import Refused
from rules.energy import HOUR_S

Span = tuple[int, int]  # Unix seconds, [start, end)


class Step(StrEnum):
    """How long a row is."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


def periods(step: Step, start: datetime, end: datetime, timezone: ZoneInfo) -> list[Span]:
    """The periods that have a part in [start, end), whole ones. Raises Refused where days do not begin with an hour."""
    edges = [_floor(step, start.astimezone(timezone))]
    while edges[-1] < end:
        edges.append(_next(step, edges[-1]))
    found = list(pairwise(int(edge.timestamp()) for edge in edges))
    if any(at % HOUR_S for span in found for at in span):
        raise Refused(f"days in {timezone.key} do not begin with an hour of UTC; ask by hour")
    return found


def _floor(step: Step, at: datetime) -> datetime:
    if step is Step.HOUR:
        return datetime.fromtimestamp(at.timestamp() // HOUR_S * HOUR_S, at.tzinfo)
    midnight = datetime.combine(at.date(), time(), at.tzinfo)
    return midnight if step is Step.DAY else midnight.replace(day=1)


def _next(step: Step, at: datetime) -> datetime:
    """By the wall of the city: a day in which clocks change has more or fewer hours."""
    if step is Step.HOUR:
        return datetime.fromtimestamp(at.timestamp() + HOUR_S, at.tzinfo)
    if step is Step.DAY:
        return at + timedelta(days=1)
    return (at.replace(day=1) + timedelta(days=32)).replace(day=1)
