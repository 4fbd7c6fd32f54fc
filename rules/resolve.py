"""Who decides the light of a luminaire. The highest rung that has something to say decides, and says why.

Safety lock-out, emergency, manual override, self-test, adaptive, calendar exception, weekly programme, astronomical
default, hardware default: a new rung is one more `or` in `resolve`, between its neighbours.
"""

from datetime import datetime, tzinfo

from protocols.commands import Override
from protocols.inventory import Place
from rules.programme import Decision, Reason, astronomical_default


def resolve(override: Override | None, place: Place, timezone: tzinfo, at: datetime) -> Decision:
    """What the light should be at a moment. Total: it always answers, also when nobody but the sun has spoken."""
    return _manual_override(override, at) or astronomical_default(place, timezone, at)


def _manual_override(override: Override | None, at: datetime) -> Decision | None:
    """An override counts until just before its end; its end needs nobody to notice it."""
    if override is None or at >= override.until:
        return None
    return Decision(override.level, Reason.OVERRIDE)
