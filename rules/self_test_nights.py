"""On which night which lamps are tested: all of them within a period, some every night. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import ceil

_WITHIN = timedelta(hours=1)  # after the time of the night: a service that comes later waits for the next
_NEVER = datetime.min.replace(tzinfo=UTC)


def night_to_test(now: datetime, timezone: tzinfo, at: time) -> date | None:
    """The local date, when it is time now."""
    local = now.astimezone(timezone)
    begins = datetime.combine(local.date(), at, timezone)
    return local.date() if begins <= local < begins + _WITHIN else None


def chosen(
    lamps: Sequence[str],
    tested_at: Mapping[str, datetime],
    tried_at: Mapping[str, datetime],
    now: datetime,
    every: timedelta,
) -> Sequence[str]:
    """So many that all are tested within the period, of those that have waited the longest since a test was tried; none
    that was tested within it. What cannot be tested waits like the others: it would take every night's turn."""
    tonight = ceil(len(lamps) / max(1, every.days))
    due = [lamp for lamp in lamps if now - tested_at.get(lamp, _NEVER) > every - timedelta(days=1)]
    return sorted(due, key=lambda lamp: (tried_at.get(lamp, _NEVER), lamp))[:tonight]
