"""What the light should be, by the same ladder as in the cloud; it needs nobody but the sun and what is on the disk."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from edge_agent.overrides import Overrides
from protocols.commands import Override
from protocols.inventory import Place
from rules.programme import Reason
from rules.resolve import resolve

FULL = 100.0  # % of light


def _always() -> bool:
    """The time is known."""
    return True


class Wanted:
    """The wishes for the luminaires of one edge, which share its sun."""

    def __init__(
        self, place: Place, timezone: tzinfo, overrides: Overrides, is_time_known: Callable[[], bool] = _always
    ) -> None:
        self.is_time_known = is_time_known
        self._place = place
        self._timezone = timezone
        self._overrides = overrides
        self._known: tuple[int, float] | None = None  # domain second, level

    def programme(self, now: datetime) -> float:
        """The level (%) of whoever is not held by hand: full light while nobody knows whether it is night. Asked for
        every lamp, found once a second."""
        if not self.is_time_known():
            return FULL
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

    def ended(self, device: str, now: datetime) -> Override | None:
        """The override that a luminaire was held by last, when it is over."""
        return self._overrides.ended(device, now)
