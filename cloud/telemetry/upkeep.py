"""What the embedded store needs now and then: past hours sealed, and what is too old forgotten; by the city's clock."""

import asyncio
import logging
from collections.abc import Iterable, Iterator

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.families import Family, Part
from cloud.telemetry.settings import DuckDb
from cloud.telemetry.store import StoreError
from protocols.clock import DomainClock
from protocols.durations import Span

_LOOK_EVERY_S = 60.0  # of the city; an hour is sealed a minute later than it could be
_SHORTEST_S = 1.0  # of the wall, however fast the city runs

log = logging.getLogger(__name__)


class Upkeep:
    """One round does all that is due; a round that fails is tried again with the next."""

    def __init__(self, store: DuckDbStore, clock: DomainClock, settings: DuckDb) -> None:
        self.store, self._clock, self._settings = store, clock, settings
        self._forgotten: dict[Family, int] = {}
        self._failing = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._try()
            await asyncio.sleep(max(_SHORTEST_S, _LOOK_EVERY_S / self._clock.settings.speed))

    async def step(self) -> None:
        """One round. Raises StoreError."""
        now = self._clock.seconds()
        await self.store.seal(now, int(self._settings.seal_after.total_seconds()))
        for family, before in list(self._too_old(await self.store.families(), now)):
            await self.store.drop_before(family.name, before)
            self._forgotten[family] = before

    async def _try(self) -> None:
        try:
            await self.step()
        except StoreError as error:
            if not self._failing:
                log.warning("past hours cannot be sealed: %s", error)
            self._failing = True
            return
        if self._failing:
            log.info("past hours are sealed again")
        self._failing = False

    def _too_old(self, families: Iterable[Family], now: int) -> Iterator[tuple[Family, int]]:
        """Families with whole periods that nobody wants any more, and the moment before which that is so."""
        for family in families:
            kept = self._kept(family)
            if kept is None:
                continue
            before = int(now - kept.total_seconds()) // family.period_s * family.period_s
            if self._forgotten.get(family) != before:
                yield family, before

    def _kept(self, family: Family) -> Span | None:
        """How long; `None` is for ever."""
        retention = self._settings.retention
        if family.part is Part.SAMPLES:
            return retention.raw
        return retention.five_minutes if family.name.endswith("_5m") else retention.hours
