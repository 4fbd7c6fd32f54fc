"""What the light should be, by the same ladder as in the cloud; it needs nobody but the sun and what is on the disk."""

from datetime import datetime, tzinfo

from edge_agent.overrides import Overrides
from protocols.commands import Override
from protocols.inventory import Place
from rules.programme import Reason
from rules.resolve import resolve


class Wanted:
    """The wishes for the luminaires of one edge, which share its sun."""

    def __init__(self, place: Place, timezone: tzinfo, overrides: Overrides) -> None:
        self._place = place
        self._timezone = timezone
        self._overrides = overrides
        self._known: tuple[int, float] | None = None  # domain second, level

    def programme(self, now: datetime) -> float:
        """The level (%) of whoever is not held by hand. Asked for every lamp, found once a second."""
        second = int(now.timestamp())
        if self._known is None or self._known[0] != second:
            self._known = second, resolve(None, self._place, self._timezone, now).level
        return self._known[1]

    def override(self, device: str, now: datetime) -> Override | None:
        """The override of a luminaire, when that is what decides."""
        override = self._overrides.current(device, now)
        if override is None:
            return None
        decides = resolve(override, self._place, self._timezone, now).reason is Reason.OVERRIDE
        return override if decides else None
