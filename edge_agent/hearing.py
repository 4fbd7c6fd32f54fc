"""What is known of who answers on a bus: said once when it goes, and once when it is back."""

import logging
import time
from collections.abc import Container

from edge_agent.bus import Bus
from edge_agent.links import LinkError, Unreachable
from edge_agent.quarantine import Quarantine

log = logging.getLogger(__name__)


class Hearing:
    """The silences and refusals of one bus."""

    def __init__(self, bus: Bus, quarantine: Quarantine) -> None:
        self._bus = bus
        self._quarantine = quarantine
        self._unreachable_since: float | None = None
        self._refusing: set[object] = set()

    @property
    def is_away(self) -> bool:
        """True while there is no connection."""
        return self._unreachable_since is not None

    def __contains__(self, unit: int) -> bool:
        """True of a unit that is silent, or may be."""
        return unit in self._quarantine

    def __len__(self) -> int:
        """How many units are silent."""
        return len(self._quarantine)

    def due(self, units: Container[int]) -> int | None:
        """The silent unit that is worth asking again now."""
        return self._quarantine.due(time.monotonic(), units)

    def silent(self, unit: int, reason: str) -> None:
        """A unit did not answer."""
        if self._quarantine.silent(unit, time.monotonic()):
            log.warning("%s: %s does not answer: %s", self._bus.name, self._who(unit), reason)

    def suspect(self, unit: int) -> None:
        """A unit did not answer at once, as the others do."""
        self._quarantine.suspect(unit, time.monotonic())

    def answered(self, unit: int) -> None:
        """A unit said something."""
        if unit not in self._quarantine:
            return
        gap = self._quarantine.answered(unit, time.monotonic())
        if gap is not None:
            log.info("%s: %s answers again after %.0f s", self._bus.name, self._who(unit), gap)

    def refused(self, request: object, error: LinkError, about: object = None) -> None:
        """A request brought an answer that is of no use. Told once for each `about`, which is the request itself unless
        it is cut into many."""
        if (about or request) not in self._refusing:
            log.warning("%s: cannot read %s: %s", self._bus.name, request, error)
        self._refusing.add(about or request)

    def accepted(self, request: object) -> None:
        """The same request brought what was asked for."""
        if self._refusing:
            self._refusing.discard(request)

    def unreachable(self, error: Unreachable) -> None:
        """The whole bus is away."""
        if self._unreachable_since is None:
            log.warning("%s does not answer: %s", self._bus.name, error)
            self._unreachable_since = time.monotonic()

    def reachable(self) -> None:
        """It is there."""
        if self._unreachable_since is not None:
            log.info("%s answers again after %.0f s", self._bus.name, time.monotonic() - self._unreachable_since)
            self._unreachable_since = None

    def _who(self, unit: int) -> str:
        """A unit in the words of somebody who has to find it."""
        devices = [member.device for member in self._bus.members.values() if member.unit == unit]
        rest = f" and {len(devices) - 1} more" if len(devices) > 1 else ""
        return f"unit {unit} ({devices[0]}{rest})"
