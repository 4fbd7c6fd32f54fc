"""Which lamps were tested and how it ended; and the nights on which the others are."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from cloud.commands.schemas import SelfTestIn
from cloud.commands.service import Asked, Commands
from cloud.database import Database
from cloud.fleet.fleet import Fleet
from cloud.fleet.view import View
from cloud.self_tests import store
from cloud.self_tests.schemas import ResultWord, SelfTestCountsOut, SelfTestOut, SelfTestsOut, test_out
from cloud.self_tests.tables import SelfTestRow
from cloud.settings import SelfTestTimes
from protocols.clock import DomainClock
from rules.consent import Sure
from rules.self_test_nights import chosen, night_to_test

WHO = "rule:self_test"
_LOOK_EVERY_S = 60.0  # of the city's time
_SHORTEST_LOOK_S = 0.5  # wall time


@dataclass(slots=True)
class SelfTests:
    """`times` is `None` where nothing is tested by itself."""

    database: Database
    fleet: Fleet
    commands: Commands
    clock: DomainClock
    times: SelfTestTimes | None
    _done: dict[str, date] = field(default_factory=dict)  # by city, the last night on which lamps were chosen

    async def page(self, view: View, state: ResultWord | None, offset: int, limit: int) -> SelfTestsOut:
        """The newest of what is seen."""
        async with self.database.read() as session:
            results = await store.load_results(session)
            seen = [(lamp, result) for lamp, result in results if view.sees(lamp) and self.fleet.lamp(lamp)]
            found = [lamp for lamp, result in seen if state is None or result == state]
            rows = await store.load(session, found[offset : offset + limit])
        counts = Counter(result for _, result in seen)
        return SelfTestsOut(
            items=[self._out(row) for row in rows],
            total=len(found),
            counts=SelfTestCountsOut(
                passed=counts["passed"],
                failed=counts["failed"],
                not_done=counts["not_done"],
                never=len(view.lamps) - len(seen),
            ),
        )

    async def follow(self) -> None:
        """Test lamps night by night for as long as the service runs."""
        while True:
            await self.tend()
            await asyncio.sleep(max(_SHORTEST_LOOK_S, _LOOK_EVERY_S / self.clock.settings.speed))

    async def tend(self) -> None:
        """One round: in each city where it is time, the lamps of this night."""
        if self.times is None:
            return
        now = self.clock.now()
        for site, city in self.fleet.sites.items():
            night = night_to_test(now, ZoneInfo(city.timezone), self.times.at)
            if night is not None and self._done.get(site) != night:
                self._done[site] = night
                await self._test([lamp.id for lamp in city.luminaires], self.times.every)

    async def _test(self, lamps: Sequence[str], every: timedelta) -> None:
        now = self.clock.now()
        async with self.database.read() as session:
            tries = await store.load_tries(session)
        tried_at = {lamp: at for lamp, (at, _) in tries.items()}
        tested_at = {lamp: at for lamp, (at, is_done) in tries.items() if is_done}
        names = chosen(lamps, tested_at, tried_at, now, every)
        if not names:
            return
        places = np.array([self.fleet.index[name] for name in names], dtype=np.int64)
        wanted = Asked(
            WHO, None, None, {"lamps": list(names)}, SelfTestIn(type="self_test"), np.sort(places), Sure.EXEMPT
        )
        async with self.database.write() as session:
            _, orders = await self.commands.put_group(session, wanted)
        await self.commands.go(orders)

    def _out(self, row: SelfTestRow) -> SelfTestOut:
        lamp = self.fleet.lamps[self.fleet.index[row.lamp]]
        return test_out(row, lamp.street, lamp.ward)
