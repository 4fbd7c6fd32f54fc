"""One city, or all that somebody sees, at a glance."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.alarms.service import Alarms
from cloud.commands import store as command_store
from cloud.commands.service import Commands
from cloud.database import Database
from cloud.fleet.view import View
from cloud.latest.values import LatestValues
from cloud.lighting.edges import ShownEdges
from cloud.lighting.environment import Environment
from cloud.lighting.lamps import WORDS
from cloud.lighting.schemas import (
    AlarmCountsOut,
    ClockOut,
    CommandCountsOut,
    LampCountsOut,
    OverviewOut,
    SunOut,
)
from cloud.lighting.watch import LampWatch
from protocols.clock import DomainClock
from protocols.inventory import City, Place
from rules.alarms import State
from rules.sun import is_dark, next_sunrise, next_sunset

_AN_HOUR = timedelta(hours=1)


class Suns:
    """The sun over each city."""

    def __init__(self, cities: Iterable[City]) -> None:
        self._of = {city.site: SunTimes(city.centre) for city in cities}

    def after(self, cities: Iterable[City], now: datetime) -> SunOut:
        """The next sunset and sunrise in any of some cities: the first to come."""
        found = [self._of[city.site].after(now) for city in cities]
        return SunOut(
            sunset=min((sun.sunset for sun in found if sun.sunset), default=None),
            sunrise=min((sun.sunrise for sun in found if sun.sunrise), default=None),
        )


@dataclass(slots=True)
class SunTimes:
    """The next sunset and sunrise over a place, looked up again only once one of them has passed."""

    place: Place
    _known: SunOut | None = None
    _good_until: datetime | None = None

    def after(self, now: datetime) -> SunOut:
        """The next ones after a moment."""
        if self._known is None or self._good_until is None or now >= self._good_until:
            self._known = SunOut(sunset=next_sunset(self.place, now), sunrise=next_sunrise(self.place, now))
            moments = [at for at in (self._known.sunset, self._known.sunrise) if at is not None]
            self._good_until = min(moments, default=now + _AN_HOUR)
        return self._known


@dataclass(frozen=True, slots=True)
class Overviews:
    """Puts the overview together; everything but one count is in memory."""

    database: Database
    clock: DomainClock
    edges: ShownEdges
    latest: LatestValues
    alarms: Alarms
    commands: Commands
    watch: LampWatch
    suns: Suns
    environment: Environment

    async def look(self, view: View) -> OverviewOut:
        """What is seen, as it is now."""
        now, totals = self.clock.now(), self.watch.board.totals(view.mask)
        counts = {WORDS[state]: count for state, count in totals.states.items()}
        return OverviewOut(
            at=now,
            sun=self.suns.after(view.sites, now),
            sun_up=any(not is_dark(city.centre, now) for city in view.sites),
            lamps=LampCountsOut(total=len(view.lamps), **counts),
            as_planned_percent=totals.as_planned_percent,
            power_kw=totals.power_kw,
            planned_power_kw=totals.planned_power_kw,
            edges=self.edges.look(view),
            commands=await self._commands(now, view),
            environment=self.environment.look(view),
            alarms=self._alarms(view),
            feed_delay_s=self._feed_delay_s(now),
            clock=ClockOut(now=now, speed=self.clock.settings.speed),
        )

    async def _commands(self, now: datetime, view: View) -> CommandCountsOut:
        async with self.database.read() as session:
            failed = await command_store.count_failed(session, now - _AN_HOUR, view.sees)
        return CommandCountsOut(open=self.commands.count_open(view.sees), failed_1h=failed)

    def _alarms(self, view: View) -> AlarmCountsOut:
        unacked, returned, acked = (
            self.alarms.count(state, view.sees) for state in (State.UNACKED, State.RTN_UNACKED, State.ACKED)
        )
        return AlarmCountsOut(unacked=unacked + returned, acked=acked)

    def _feed_delay_s(self, now: datetime) -> float | None:
        newest = self.latest.newest_at
        return None if newest is None else round(max(0.0, now.timestamp() - newest), 1)
