"""Looks a plan through, aside and one at a time: a large one takes seconds, and the city goes on meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from cloud.aside import aside
from cloud.fleet.fleet import Fleet
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

    async def findings(self, site: str, plan: LightPlan) -> Sequence[FindingOut]:
        """What is wrong with a plan, over the nights from now on that an edge would be told."""
        zone = ZoneInfo(self._fleet.sites[site].timezone)
        key = (site, plan, night_of(self._clock.now(), zone))
        async with self._turn:
            if key not in self._findings:
                known = await self._members_of(site, plan)
                found = await aside(lambda: self._check(*key, known))
                self._findings = {**_newest(self._findings), key: [_out(finding) for finding in found]}
            return self._findings[key]

    def _check(self, site: str, plan: LightPlan, from_night: date, known: Mapping[str, Members]) -> Sequence[Finding]:
        city, roll = self._fleet.sites[site], self._fleet.roll_of(site)
        sources = frozenset(device for device in self._fleet.devices if self._fleet.site_of(device) == site)
        roads = {group: roll.road_classes(some.lamps) for group, some in known.items()}
        return check(plan, city.centre, ZoneInfo(city.timezone), from_night, sources=sources, roads=roads)

    async def members(self, site: str, plan: LightPlan) -> Mapping[str, Members]:
        """Which luminaires each group of a plan has."""
        async with self._turn:
            return await self._members_of(site, plan)

    async def _members_of(self, site: str, plan: LightPlan) -> Mapping[str, Members]:
        key = (site, plan)
        if key not in self._members:
            roll = self._fleet.roll_of(site)
            self._members = {**_newest(self._members), key: await aside(lambda: members(plan.groups, roll))}
        return self._members[key]


def _out(finding: Finding) -> FindingOut:
    return FindingOut(
        path=list(finding.path), code=finding.code, severity=finding.severity, figures=dict(finding.figures)
    )


def _newest(known: Mapping[K, V]) -> dict[K, V]:
    return dict(list(known.items())[1 - _KEPT :])
