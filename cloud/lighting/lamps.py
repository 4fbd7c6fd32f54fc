"""Single lamps: inventory, plan, newest values, override, last command and alarms put together."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from cloud.alarms.schemas import AlarmOut, alarm_out
from cloud.alarms.service import Alarms
from cloud.commands import store as commands
from cloud.commands.order import Order
from cloud.commands.schemas import command_out
from cloud.commands.standing import Overrides
from cloud.database import Database
from cloud.errors import NotThere
from cloud.fleet.fleet import Fleet
from cloud.latest.values import Latest, LatestValues
from cloud.lighting.plan import Plan
from cloud.lighting.schemas import LatestOut, LuminaireOut, LuminairesOut, LuminaireTypeOut, OverrideOut, StateWord
from cloud.lighting.watch import LampWatch
from protocols.clock import DomainClock
from protocols.inventory import Luminaire
from rules.lamp_state import LampState

WORDS: Mapping[LampState, StateWord] = {
    LampState.UNKNOWN: "unknown",
    LampState.OFF: "off",
    LampState.ON: "on",
    LampState.DIMMED: "dimmed",
    LampState.FAULT: "fault",
    LampState.NO_CONTACT: "no_contact",
    LampState.WARNING: "warning",
}


@dataclass(frozen=True, slots=True)
class Lamps:
    """What can be asked about lamps."""

    database: Database
    clock: DomainClock
    fleet: Fleet
    latest: LatestValues
    alarms: Alarms
    overrides: Overrides
    plan: Plan
    watch: LampWatch

    async def by_index(self, index: int) -> LuminaireOut:
        """The lamp in a place of the live map. Raises NotThere."""
        if not 0 <= index < len(self.fleet.lamps):
            raise NotThere(f"there is no lamp with index {index}")
        return (await self._view([index]))[0]

    async def by_id(self, lamp_id: str) -> LuminaireOut:
        """The lamp with an id. Raises NotThere."""
        index = self.fleet.index.get(lamp_id)
        if index is None:
            raise NotThere(f"there is no luminaire {lamp_id}")
        return await self.by_index(index)

    async def search(self, words: str, offset: int, limit: int) -> LuminairesOut:
        """A page of what is found by words; without words, of everything."""
        everything = range(len(self.fleet.lamps))
        found = await asyncio.to_thread(self.fleet.search, words) if words.strip() else everything
        return LuminairesOut(items=await self._view(found[offset : offset + limit]), total=len(found))

    async def _view(self, indexes: Sequence[int]) -> list[LuminaireOut]:
        ids = [self.fleet.lamps[index].id for index in indexes]
        async with self.database.read() as session:
            orders = await commands.load_last(session, ids)
        listed = self._alarms_of(set(ids))
        now = self.clock.now()
        states = self.watch.look(np.array(indexes, dtype=np.int64), now).state.tolist()
        return [
            self._lamp(index, LampState(state), now, orders, listed)
            for index, state in zip(indexes, states, strict=True)
        ]

    def _alarms_of(self, sources: set[str]) -> Mapping[str, list[AlarmOut]]:
        listed: dict[str, list[AlarmOut]] = defaultdict(list)
        for episode in self.alarms.listed():
            if episode.source in sources:
                listed[episode.source].append(alarm_out(episode, self.fleet))
        return listed

    def _lamp(
        self,
        index: int,
        state: LampState,
        now: datetime,
        orders: Mapping[str, Order],
        listed: Mapping[str, list[AlarmOut]],
    ) -> LuminaireOut:
        lamp = self.fleet.lamps[index]
        decision = self.plan.of(lamp, now)
        return LuminaireOut(
            **_standing_data(lamp),
            index=index,
            type=LuminaireTypeOut(id=lamp.type, rated_power_w=self.fleet.type_of(lamp).rated_power_w),
            state=WORDS[state],
            planned_level=decision.level,
            planned_reason=decision.reason,
            latest=latest_out(self.latest.get(lamp.id), now),
            override=self._override(lamp.id, now),
            last_command=command_out(orders[lamp.id]) if lamp.id in orders else None,
            open_alarms=listed.get(lamp.id, []),
        )

    def _override(self, lamp_id: str, now: datetime) -> OverrideOut | None:
        standing = self.overrides.at(lamp_id, now)
        if standing is None or standing.override is None:
            return None
        return OverrideOut(level=standing.override.level, until=standing.override.until, who=standing.who)


def latest_out(latest: Latest | None, now: datetime) -> LatestOut:
    """Newest values with their age."""
    if latest is None:
        return LatestOut(at=None, values={}, age_s=None)
    at = datetime.fromtimestamp(latest.at, UTC)
    return LatestOut(at=at, values=dict(latest.values), age_s=round((now - at).total_seconds(), 1))


def _standing_data(lamp: Luminaire) -> dict[str, object]:
    return lamp.model_dump(exclude={"type"})
