"""A plan on its way into force: proposed, approved by another person, sent."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database
from cloud.errors import ConfirmFirst, Decided, NotAllowed, NotThere
from cloud.fleet.fleet import Fleet
from cloud.light import store
from cloud.light.delivery import Delivery, sent_of
from cloud.light.drafts import Drafts
from cloud.light.listing import shown
from cloud.light.membership import Members
from cloud.light.schemas import DecisionIn, ReleaseDetailOut, ReleaseIn, ReleaseOut, SendIn
from cloud.light.tables import LightReleaseRow
from cloud.people.store import Session
from protocols.clock import DomainClock
from protocols.light import LightPlan
from rules.consent import person_of

_MOST_LISTED = 50


class Confirming(Protocol):
    """Takes a confirmation once, when it is one of this session."""

    def use(self, session: Session, confirmation: str) -> bool: ...


class Releases:
    """Those of all cities."""

    def __init__(
        self,
        database: Database,
        fleet: Fleet,
        drafts: Drafts,
        delivery: Delivery,
        confirming: Confirming,
        clock: DomainClock,
    ) -> None:
        self._database, self._fleet, self._drafts = database, fleet, drafts
        self._delivery, self._confirming, self._clock = delivery, confirming, clock

    async def newest(self, site: str) -> Sequence[ReleaseOut]:
        """The newest of a city, newest first."""
        async with self._database.read() as session:
            rows = await store.load_newest(session, site, _MOST_LISTED)
        return [shown(row, self._delivery) for row in rows]

    async def one(self, site: str, number: int) -> ReleaseDetailOut:
        """With its plan. Raises NotThere."""
        async with self._database.read() as session:
            row = await _found(session, site, number)
        return ReleaseDetailOut(**dict(shown(row, self._delivery)), plan=LightPlan.model_validate_json(row.plan))

    async def propose(self, site: str, wanted: ReleaseIn, who: Session) -> ReleaseOut:
        """Put down the draft, or an older release, as it is now. Raises NotThere and BadPlan."""
        plan = await self._meant(site, wanted)
        checked = await self._drafts.check_whole(site, plan)
        async with self._database.write() as session:
            row = LightReleaseRow(
                site=site,
                number=await store.next_number(session, site),
                state=store.PROPOSED,
                plan=plan.model_dump_json(),
                lamps=_lamps(checked.members),
                reason=wanted.reason,
                proposed_by=who.username,
                proposed_at=self._clock.now(),
            )
            session.add(row)
            await session.flush()
            said: dict[str, str | float] = {"lamps": row.lamps} if wanted.of is None else {"from": wanted.of}
            await append(session, self._entry(row, Act.PROPOSE_LIGHT, who, wanted.reason, said))
        return shown(row, self._delivery)

    async def decide(self, site: str, number: int, wanted: DecisionIn, who: Session) -> ReleaseOut:
        """Approve what another person has proposed, or refuse it; one's own can only be taken back.

        Raises NotThere, NotAllowed and Decided.
        """
        async with self._database.write() as session:
            row = await _found(session, site, number)
            if wanted.agree and (who.is_machine or person_of(row.proposed_by) == person_of(who.username)):
                raise NotAllowed("another person has to approve a plan")
            _check_state(row, store.PROPOSED)
            row.state = store.APPROVED if wanted.agree else store.REFUSED
            row.decided_by, row.decided_at, row.decided_because = who.username, self._clock.now(), wanted.reason
            await session.flush()
            said: dict[str, str | float] = {"proposed_by": row.proposed_by, "lamps": row.lamps}
            await append(session, self._entry(row, Act.DECIDE_LIGHT, who, wanted.reason or "", said))
        return shown(row, self._delivery)

    async def send(self, site: str, number: int, wanted: SendIn, who: Session) -> ReleaseOut:
        """Put an approved plan into force; the documents follow. It is looked through once more, for the city may have
        changed since it was approved. Raises NotThere, Decided, BadPlan and ConfirmFirst."""
        async with self._database.read() as session:
            approved = await _found(session, site, number)
        _check_state(approved, store.APPROVED)
        checked = await self._drafts.check_whole(site, LightPlan.model_validate_json(approved.plan))
        async with self._database.write() as session:
            row = await _found(session, site, number)
            _check_state(row, store.APPROVED)
            if not self._confirming.use(who, wanted.confirmation):
                raise ConfirmFirst
            await self._replace(session, site)
            self._put(row, checked.members, who.username)
            await session.flush()
            await append(session, self._entry(row, Act.SEND_LIGHT, who, row.reason, {"lamps": row.lamps}))
        self._delivery.take(site, sent_of(row))
        return shown(row, self._delivery)

    async def _meant(self, site: str, wanted: ReleaseIn) -> LightPlan:
        async with self._database.read() as session:
            row = await (_found(session, site, wanted.of) if wanted.of is not None else store.load_draft(session, site))
        if row is None:
            raise NotThere(f"nothing is planned for {site}")
        return LightPlan.model_validate_json(row.plan)

    async def _replace(self, session: AsyncSession, site: str) -> None:
        before = await store.load_sent(session, site)
        if before is not None:
            before.state = store.REPLACED

    def _put(self, row: LightReleaseRow, members: Mapping[str, Members], who: str) -> None:
        roll = self._fleet.roll_of(row.site)
        row.state, row.sent_by, row.sent_at = store.SENT, who, self._clock.now()
        row.lamps = _lamps(members)
        row.members = orjson.dumps({name: roll.names(some.lamps) for name, some in members.items()}).decode()

    def _entry(
        self, row: LightReleaseRow, act: Act, who: Session, reason: str, said: Mapping[str, str | float]
    ) -> Entry:
        parameters = written({"release": row.number, **said})
        return Entry(self._clock.now(), who.username, act, row.site, reason, row.state, parameters)


def _lamps(members: Mapping[str, Members]) -> int:
    return sum(len(some.lamps) for some in members.values())


async def _found(session: AsyncSession, site: str, number: int) -> LightReleaseRow:
    row = await store.load_release(session, site, number)
    if row is None:
        raise NotThere(f"there is no release {number} of {site}")
    return row


def _check_state(row: LightReleaseRow, wanted: str) -> None:
    if row.state != wanted:
        raise Decided(f"release {row.number} is {row.state}, not {wanted}")
