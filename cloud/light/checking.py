"""Looks a plan through, aside and one at a time: a large one takes seconds, and the city goes on meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from cloud.aside import aside
from cloud.fleet.fleet import Fleet
from cloud.fleet.roll import Roll
from cloud.light.membership import Members, members
from cloud.light.schemas import FindingOut
from protocols.clock import DomainClock
from protocols.light import LightPlan
from rules.light_checks import Finding, check
from rules.nights import night_of

K = TypeVar("K")
V = TypeVar("V")
_KEPT = 8  # plans of which the answer is remembered


class Checking:
    """Remembers the newest answers: the same draft is looked at again and again."""

    def __init__(self, fleet: Fleet, clock: DomainClock) -> None:
        self._fleet, self._clock = fleet, clock
        self._members: dict[tuple[str, LightPlan], Mapping[str, Members]] = {}
        self._findings: dict[tuple[str, LightPlan, date], Sequence[FindingOut]] = {}
        self._turn = asyncio.Lock()

    def roll(self, site: str) -> Roll:
        """A city's luminaires in columns."""
        return self._fleet.roll_of(site)

    async def findings(self, site: str, plan: LightPlan) -> Sequence[FindingOut]:
        """What is wrong with a plan, over the nights from now on that an edge would be told."""
        zone = ZoneInfo(self._fleet.sites[site].timezone)
        key = (site, plan, night_of(self._clock.now(), zone))
        async with self._turn:
            if key not in self._findings:
                found = await aside(lambda: self._check(*key))
                self._findings = {**_newest(self._findings), key: [_out(finding) for finding in found]}
            return self._findings[key]

    def _check(self, site: str, plan: LightPlan, from_night: date) -> Sequence[Finding]:
        city = self._fleet.sites[site]
        sources = [device for device in self._fleet.devices if self._fleet.site_of(device) == site]
        return check(plan, city.centre, ZoneInfo(city.timezone), from_night, sources=frozenset(sources))

    async def members(self, site: str, plan: LightPlan) -> Mapping[str, Members]:
        """Which luminaires each group of a plan has."""
        key = (site, plan)
        async with self._turn:
            if key not in self._members:
                roll = self.roll(site)
                self._members = {**_newest(self._members), key: await aside(lambda: members(plan.groups, roll))}
            return self._members[key]


def _out(finding: Finding) -> FindingOut:
    return FindingOut(
        path=list(finding.path), code=finding.code, severity=finding.severity, figures=dict(finding.figures)
    )


def _newest(known: Mapping[K, V]) -> dict[K, V]:
    return dict(list(known.items())[1 - _KEPT :])
