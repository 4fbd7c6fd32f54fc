"""What the light of each lamp should be, and since when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.commands.standing import Overrides
from protocols.inventory import Luminaire, Place
from rules.programme import Decision, astronomical_default
from rules.resolve import resolve

_LOOK_BACK = timedelta(hours=1)
_STEP = timedelta(minutes=1)
_FINEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """A decision, and when the planned level last changed."""

    decision: Decision
    since: datetime


class Programme:
    """What holds for the whole city, asked once a tick instead of once a lamp.

    The sun sets on the far end of a city some seconds after the near one: its centre speaks for all of it.
    """

    def __init__(self, centre: Place, timezone: ZoneInfo, now: datetime) -> None:
        self._centre, self._timezone = centre, timezone
        self._at = now
        self._planned = self._looked_back(now)

    def at(self, now: datetime) -> Planned:
        """The programme at a moment; moments come in order."""
        if now > self._at:
            decision = self._decide(now)
            if decision != self._planned.decision:
                self._planned = Planned(decision, self._change_between(self._at, now))
            self._at = now
        return self._planned

    def _decide(self, at: datetime) -> Decision:
        return astronomical_default(self._centre, self._timezone, at)

    def _looked_back(self, now: datetime) -> Planned:
        """At a start: as if the programme had been watched for the last hour."""
        decision, at = self._decide(now), now
        while now - at < _LOOK_BACK:
            if self._decide(at - _STEP) != decision:
                return Planned(decision, self._change_between(at - _STEP, at))
            at -= _STEP
        return Planned(decision, at)

    def _change_between(self, before: datetime, after: datetime) -> datetime:
        """The first second of what holds at `after`."""
        decision = self._decide(after)
        while after - before > _FINEST:
            middle = before + (after - before) / 2
            before, after = (before, middle) if self._decide(middle) == decision else (middle, after)
        return after


class Plan:
    """The programme, and the overrides that stand above it."""

    def __init__(self, programme: Programme, centre: Place, timezone: ZoneInfo, overrides: Overrides) -> None:
        self._programme, self._centre, self._timezone, self._overrides = programme, centre, timezone, overrides

    def of(self, lamp: Luminaire, now: datetime) -> Planned:
        """What a lamp's light should be at a moment."""
        common = self._programme.at(now)
        changed_at = self._overrides.changed_at(lamp.id, now)
        if changed_at is None:
            return common
        standing = self._overrides.at(lamp.id, now)
        if standing is None:
            return Planned(common.decision, max(common.since, changed_at))
        return Planned(resolve(standing.override, self._centre, self._timezone, now), changed_at)
