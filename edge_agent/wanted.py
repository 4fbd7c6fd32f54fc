"""What the light should be, by the same ladder as in the cloud; it needs nobody but the sun and what is on the disk."""

from datetime import datetime, tzinfo

from edge_agent.overrides import Overrides
from protocols.commands import Override
from protocols.inventory import Place
from rules.held import at_a_level
from rules.programme import astronomical_level


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
            self._known = second, astronomical_level(self._place, self._timezone, now)
        return self._known[1]

    def override(self, device: str, now: datetime) -> Override | None:
        """What holds a luminaire above its programme: a level and its end, whatever rung it stands on."""
        return at_a_level(self._overrides.held(device, now), now)
