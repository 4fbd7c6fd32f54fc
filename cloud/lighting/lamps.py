"""Single lamps: inventory, plan, newest values, override, last command and alarms put together."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from cloud.alarms.schemas import AlarmOut, alarm_out
from cloud.alarms.service import Alarms
from cloud.commands import store as commands
from cloud.commands.order import Order, Standing
from cloud.commands.schemas import command_out
from cloud.commands.standing import Overrides, Rung
from cloud.database import Database
from cloud.errors import NotThere
from cloud.fleet.fleet import Fleet
from cloud.fleet.roll import Places
from cloud.fleet.view import View
from cloud.latest.values import Latest, LatestValues
from cloud.lighting.plan import Plan
from cloud.lighting.schemas import (
    LatestOut,
    LockedOutOut,
    LuminaireOut,
    LuminairesOut,
    LuminaireTypeOut,
    OverrideOut,
    StateWord,
)
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
class Wanted:
    """Which lamps are looked for; what is not said fits all."""

    words: str = ""
    ward: str | None = None
    street: str | None = None
    cabinet: str | None = None

    @property
    def is_anything(self) -> bool:
        """True when every lamp fits."""
        return not self.words.strip() and self.ward is self.street is self.cabinet is None

    def fits(self, lamp: Luminaire) -> bool:
        """Whether a lamp is one of them, its words left aside."""
        asked = ((self.ward, lamp.ward), (self.street, lamp.street), (self.cabinet, lamp.cabinet))
        return all(one in (None, other) for one, other in asked)


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

    async def by_index(self, index: int, view: View) -> LuminaireOut:
        """The lamp in a place of somebody's live map. Raises NotThere."""
        if not 0 <= index < len(view.lamps):
            raise NotThere(f"there is no lamp with index {index}")
        return (await self._shown(np.array([index]), view))[0]

    async def by_id(self, lamp_id: str, view: View) -> LuminaireOut:
        """The lamp with an id. Raises NotThere."""
        number = view.number(lamp_id)
        if number is None:
            raise NotThere(f"there is no luminaire {lamp_id}")
        return await self.by_index(number, view)

    async def search(self, wanted: Wanted, offset: int, limit: int, view: View) -> LuminairesOut:
        """A page of what is found."""
        numbers = np.arange(len(view.lamps))
        if not wanted.is_anything:
            found = np.array(await asyncio.to_thread(self._found, wanted), dtype=np.int64)
            numbers = view.numbers[found][view.mask[found]]
        items = await self._shown(numbers[offset : offset + limit], view)
        return LuminairesOut(items=items, total=len(numbers))

    def _found(self, wanted: Wanted) -> list[int]:
        lamps = self.fleet.lamps
        return [index for index in self.fleet.search(wanted.words) if wanted.fits(lamps[index])]

    async def _shown(self, numbers: Places, view: View) -> list[LuminaireOut]:
        indexes = view.lamps[numbers]
        ids = [self.fleet.lamps[index].id for index in indexes.tolist()]
        async with self.database.read() as session:
            orders = await commands.load_last(session, ids)
        listed = self._alarms_of(set(ids), view)
        now = self.clock.now()
        states = self.watch.look(indexes, now).state.tolist()
        return [
            self._lamp(number, lamp, LampState(state), now, orders.get(lamp), listed.get(lamp, []))
            for number, lamp, state in zip(numbers.tolist(), ids, states, strict=True)
        ]

    def _alarms_of(self, sources: set[str], view: View) -> Mapping[str, list[AlarmOut]]:
        listed: dict[str, list[AlarmOut]] = defaultdict(list)
        for episode in self.alarms.listed():
            if episode.source in sources:
                listed[episode.source].append(alarm_out(episode, view))
        return listed

    def _lamp(
        self,
        number: int,
        lamp_id: str,
        state: LampState,
        now: datetime,
        last: Order | None,
        alarms: list[AlarmOut],
    ) -> LuminaireOut:
        lamp = self.fleet.lamps[self.fleet.index[lamp_id]]
        decision = self.plan.of(lamp, now)
        return LuminaireOut(
            **_standing_data(lamp),
            index=number,
            type=LuminaireTypeOut(id=lamp.type, rated_power_w=self.fleet.type_of(lamp).rated_power_w),
            state=WORDS[state],
            planned_level=decision.level,
            planned_reason=decision.reason,
            planned_source=decision.source,
            latest=latest_out(self.latest.get(lamp.id), now),
            **self._held(lamp.id, now),
            last_command=command_out(last) if last else None,
            open_alarms=alarms,
        )

    def _held(self, lamp_id: str, now: datetime) -> dict[str, OverrideOut | LockedOutOut | None]:
        """What stands above its programme, rung by rung."""
        by_rung = {rung: self.overrides.on(lamp_id, rung, now) for rung in Rung}
        return {
            "override": _ending(by_rung[Rung.OVERRIDE]),
            "emergency": _ending(by_rung[Rung.EMERGENCY]),
            "locked_out": _locked(by_rung[Rung.LOCK_OUT]),
        }


def _ending(standing: Standing | None) -> OverrideOut | None:
    if standing is None or standing.until is None:
        return None
    return OverrideOut(level=standing.level, until=standing.until, who=standing.who)


def _locked(standing: Standing | None) -> LockedOutOut | None:
    if standing is None:
        return None
    return LockedOutOut(who=standing.who, reason=standing.reason, since=standing.issued_at)


def latest_out(latest: Latest | None, now: datetime) -> LatestOut:
    """Newest values with their age."""
    if latest is None:
        return LatestOut(at=None, values={}, age_s=None)
    at = datetime.fromtimestamp(latest.at, UTC)
    return LatestOut(at=at, values=dict(latest.values), age_s=round((now - at).total_seconds(), 1))


def _standing_data(lamp: Luminaire) -> dict[str, object]:
    return lamp.model_dump(exclude={"type"})
