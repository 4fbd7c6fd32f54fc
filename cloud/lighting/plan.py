"""What the light of each lamp should be, and since when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from cloud.commands.standing import Overrides
from cloud.fleet.fleet import Fleet
from cloud.latest.values import Floats, Ints
from protocols.commands import Held, Override
from protocols.inventory import Luminaire, Place
from rules.lighting import Curves, Lighting
from rules.programme import Decision, astronomical_default
from rules.resolve import Light, resolve

_LOOK_BACK = timedelta(hours=1)
_STEP = timedelta(minutes=1)
_FINEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """A decision for a whole city, and when the planned level last changed."""

    decision: Decision
    since: datetime


class Programme:
    """What holds for a whole city, asked once a tick instead of once a lamp.

    The sun sets on the far end of a city some seconds after the near one: its centre speaks for all of it.
    """

    def __init__(self, centre: Place, timezone: ZoneInfo, now: datetime) -> None:
        self._centre, self._timezone = centre, timezone
        self._at = now
        self._planned = self._looked_back(now)

    def under(self, override: Override | None, now: datetime) -> Decision:
        """What holds for a lamp with an override."""
        light = Light(Lighting(Curves(self._centre, self._timezone)))
        return resolve(light, Held(override=override), now)

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


@dataclass(frozen=True, slots=True)
class PlannedLevels:
    """Planned levels in %, and when each last changed in Unix seconds; in columns."""

    level: Floats
    since: Floats


class Plan:
    """Each city's programme, and the overrides that stand above it. `mark` tells of lamps whose override has changed.

    `programmes` are those of the fleet's sites, in order.
    """

    def __init__(self, fleet: Fleet, programmes: Sequence[Programme], overrides: Overrides) -> None:
        self._fleet, self._programmes, self._overrides = fleet, programmes, overrides
        self._level, self._until, self._confirmed_at = (np.full(len(fleet.lamps), np.nan) for _ in range(3))
        self.mark(overrides.lamps())

    def of(self, lamp: Luminaire, now: datetime) -> Decision:
        """What a lamp's light should be at a moment, and why."""
        programme = self._programmes[int(self._fleet.site_numbers[self._fleet.index[lamp.id]])]
        standing = self._overrides.at(lamp.id, now)
        return programme.at(now).decision if standing is None else programme.under(standing.override, now)

    def programme_levels(self, lamps: Ints, now: datetime) -> Floats:
        """What some lamps would have if nobody held them by hand (%)."""
        levels = np.array([programme.at(now).decision.level for programme in self._programmes], np.float64)
        return levels[self._fleet.site_numbers[lamps]]

    def of_lamps(self, lamps: Ints, now: datetime) -> PlannedLevels:
        """What the light of some lamps should be, by their indexes."""
        common, moment = [programme.at(now) for programme in self._programmes], now.timestamp()
        site, levels = self._fleet.site_numbers[lamps], np.array([one.decision.level for one in common], np.float64)
        since = np.array([one.since.timestamp() for one in common])
        until, confirmed_at = self._until[lamps], self._confirmed_at[lamps]
        in_force = until > moment
        changed_at = np.where(until <= moment, until, confirmed_at)
        return PlannedLevels(
            np.where(in_force, self._level[lamps], levels[site]),
            np.where(in_force, changed_at, np.fmax(since[site], changed_at)),
        )

    def mark(self, lamp_ids: Iterable[str]) -> None:
        """Look again at the overrides of these; other devices than lamps may be among them."""
        for name in lamp_ids:
            index, standing = self._fleet.index.get(name), self._overrides.of(name)
            if index is not None and standing is not None:
                override = standing.override
                self._confirmed_at[index] = standing.confirmed_at.timestamp()
                self._level[index] = np.nan if override is None else override.level
                self._until[index] = np.nan if override is None else override.until.timestamp()
