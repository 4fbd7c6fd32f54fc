"""Where people give commands: what they may command, what it takes, and who agrees.

Nothing is sent before everything is there that `rules/consent.py` asks for. That is decided in the transaction that
writes the command down, so that of two commands at the same moment the second counts the first.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.commands import consent_store, store
from cloud.commands.consents import covers
from cloud.commands.group_schemas import GroupIn, HeldTarget, PreviewIn, PreviewOut, Targets
from cloud.commands.order import Order
from cloud.commands.preview import Foresight
from cloud.commands.schemas import ActionIn, CommandIn
from cloud.commands.service import Asked, Commands, action_of
from cloud.commands.tables import ConsentRow, GroupRow
from cloud.commands.targets import chosen, described, found, held
from cloud.database import Database, left_out_while_away
from cloud.errors import ConsentNeeded, Decided, NotAllowed, NotThere
from cloud.fleet.roll import Places
from cloud.fleet.view import View, Views
from cloud.people.rights import Right
from cloud.people.service import People
from cloud.people.store import Session, load_grants
from protocols.clock import DomainClock
from protocols.commands import Emergency, Override
from rules import consent
from rules.consent import DECIDE_WITHIN, WINDOW, Counts, Given, Limits, Need, Sure

_LOOK_EVERY_S = 1.0
_MOST_LISTED = 200


class Confirming(Protocol):
    """Takes a confirmation once, when it is one of this session."""

    def use(self, session: Session, confirmation: str) -> bool: ...


ToldOfConsents = Callable[[ConsentRow], None]


@dataclass(frozen=True, slots=True)
class _Proof:
    """Who commands, and what came with it."""

    who: Session
    reason: str
    confirmation: str | None

    @property
    def given(self) -> Given:
        return Given(self.who.username, self.reason, password_again=self.confirmation is not None)


class Desk:
    """`told` hears of each consent that is asked for or decided, once it is durable."""

    def __init__(
        self,
        database: Database,
        views: Views,
        people: People,
        commands: Commands,
        foresight: Foresight,
        confirming: Confirming,
        limits: Limits,
        clock: DomainClock,
    ) -> None:
        self._database, self._views, self._people = database, views, people
        self._fleet = views.whole.fleet
        self._commands, self._foresight, self._confirming = commands, foresight, confirming
        self._limits, self._clock = limits, clock
        self.told: list[ToldOfConsents] = []

    async def choose(self, targets: Targets, acts: View, sees: View) -> Places:
        """The lamps of a target, by their indexes in the city. Raises NotThere and NotAllowed."""
        async with self._database.read() as session:
            return await self._chosen(session, targets, acts, sees)

    async def preview(self, wanted: PreviewIn, who: Session, acts: View, sees: View) -> PreviewOut:
        """What a command would do, and what it takes. Raises NotThere and NotAllowed."""
        action = action_of(wanted.action, self._clock.now())
        async with self._database.read() as session:
            lamps = await self._chosen(session, wanted.targets, acts, sees)
            needs, _ = await self._needs(session, who.username, self._names(lamps), wanted.action)
        foreseen = self._foresight.look(lamps, action)
        return PreviewOut(
            lamps=len(lamps),
            unreachable=foreseen.unreachable,
            edges=list(foreseen.edges),
            power_kw_now=foreseen.power_kw_now,
            power_kw_after=foreseen.power_kw_after,
            until=action.until if isinstance(action, Override | Emergency) else None,
            needs=list(needs),
        )

    async def issue(self, wanted: CommandIn, who: Session) -> Order:
        """Order something of one lamp, which who asks may command. Raises NotThere and ConsentNeeded."""
        proof = _Proof(who, wanted.reason or "", wanted.confirmation)
        async with self._database.write() as session:
            sure = await self._check(session, proof, [wanted.target], wanted.action)
            order = await self._commands.put(session, wanted, who.username, sure)
        [sent] = await self._commands.go([order])
        return sent

    async def issue_many(self, wanted: GroupIn, who: Session, acts: View, sees: View) -> GroupRow | ConsentRow:
        """Order something of many lamps, or ask a second person. Raises NotThere, NotAllowed and ConsentNeeded."""
        proof = _Proof(who, wanted.reason or "", wanted.confirmation)
        row: GroupRow | ConsentRow
        async with self._database.write() as session:
            lamps = await self._chosen(session, wanted.targets, acts, sees)
            names = self._names(lamps)
            needs, _ = await self._needs(session, who.username, names, wanted.action)
            if wanted.second and Need.SECOND_PERSON in needs:
                await self._check(session, proof, names, wanted.action, but=Need.SECOND_PERSON)
                row = await self._ask(session, wanted, who.username, lamps)
                orders: Sequence[Order] = ()
            else:
                sure = await self._check(session, proof, names, wanted.action)
                asked = Asked(who.username, None, wanted.reason, chosen(wanted.targets), wanted.action, lamps, sure)
                row, orders = await self._commands.put_group(session, asked)
        if isinstance(row, ConsentRow):
            self._tell(row)
        await self._commands.go(orders)
        return row

    async def consents(self, acts: View) -> Sequence[ConsentRow]:
        """The newest that are about lamps which somebody may command, all of them."""
        async with self._database.read() as session:
            rows = await consent_store.load_newest(session, _MOST_LISTED)
        return [row for row in rows if self._covers(acts, row)]

    async def decide(self, consent_id: str, who: Session, acts: View, *, agree: bool) -> ConsentRow:
        """Agree to what another person wants to command, or refuse it; one's own can only be taken back.

        Raises NotThere, NotAllowed and Decided.
        """
        orders: Sequence[Order] = ()
        async with self._database.write() as session:
            row = await self._waiting(session, consent_id, acts)
            self._check_second(row, who, agree=agree)
            if agree and not await self._still_may(session, row):
                await self._end(session, row, "void", who.username)
            elif agree:
                group, orders = await self._commands.put_group(session, self._asked(row, who.username))
                row.group_id = group.id
                await self._end(session, row, "agreed", who.username)
            else:
                await self._end(session, row, "refused", who.username)
        self._tell(row)
        await self._commands.go(orders)
        return row

    async def expire(self) -> None:
        """End what nobody has decided in time."""
        async with self._database.read() as session:
            overdue = [row.id for row in await consent_store.load_overdue(session, self._clock.now())]
        for consent_id in overdue:
            async with self._database.write() as session:
                row = await consent_store.load(session, consent_id)
                if row is None or row.state != consent_store.WAITING:
                    continue
                await self._end(session, row, "expired", None)
            self._tell(row)

    async def follow(self) -> None:
        """Look for as long as the service runs."""
        while True:
            with left_out_while_away("consents"):
                await self.expire()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _chosen(self, session: AsyncSession, targets: Targets, acts: View, sees: View) -> Places:
        if isinstance(targets, HeldTarget):
            return held(await store.load_held(session, targets.held_by, self._clock.now()), self._fleet, acts, sees)
        return found(targets, self._fleet, acts, sees)

    async def _check(
        self,
        session: AsyncSession,
        proof: _Proof,
        names: Collection[str],
        action: ActionIn,
        but: Need | None = None,
    ) -> Sure:
        """What came with a command that lacks nothing, except what may still come. Raises ConsentNeeded."""
        needs, lamps = await self._needs(session, proof.who.username, names, action)
        asked = [need for need in needs if need is not but]
        lacks = consent.missing(asked, proof.given)
        if not lacks and Need.PASSWORD in needs and not self._confirming.use(proof.who, proof.confirmation or ""):
            lacks = (Need.PASSWORD,)
        if lacks:
            raise ConsentNeeded(lacks, lamps)
        is_exempt = consent.brings_light(action_of(action, self._clock.now()))
        return Sure.EXEMPT if is_exempt else consent.sureness(needs)

    async def _needs(
        self, session: AsyncSession, who: str, names: Collection[str], action: ActionIn
    ) -> tuple[Sequence[Need], int]:
        """What a command takes, and how many lamps count together."""
        now = self._clock.now()
        meant = action_of(action, now)
        if consent.brings_light(meant):
            return consent.needs(meant, Counts(0, 0), self._limits), len(names)
        past = await store.load_past(session, consent.person_of(who), now - self._person(WINDOW))
        counts = consent.counted(names, past)
        needs = consent.needs(meant, counts, self._limits)
        return needs, counts.one_person if Need.SECOND_PERSON in needs else counts.alone

    async def _ask(self, session: AsyncSession, wanted: GroupIn, who: str, lamps: Places) -> ConsentRow:
        now, names = self._clock.now(), self._names(lamps)
        row = ConsentRow(
            id=str(uuid.uuid4()),
            who=who,
            reason=wanted.reason or "",
            asked={"targets": chosen(wanted.targets), "action": wanted.action.model_dump(mode="json"), "lamps": names},
            wards=json.dumps(sorted({self._fleet.lamps[index].ward for index in lamps.tolist()})),
            lamps=len(names),
            state=consent_store.WAITING,
            asked_at=now,
            expires_at=now + self._person(DECIDE_WITHIN),
        )
        session.add(row)
        await append(session, self._entry(row, Act.ASK_CONSENT, who, consent_store.WAITING))
        return row

    async def _waiting(self, session: AsyncSession, consent_id: str, acts: View) -> ConsentRow:
        row = await consent_store.load(session, consent_id)
        if row is None or not self._covers(acts, row):
            raise NotThere(f"there is no consent {consent_id}")
        if row.state != consent_store.WAITING or self._clock.now() >= row.expires_at:
            raise Decided(f"this is no longer to be decided: {row.state}")
        return row

    def _check_second(self, row: ConsentRow, who: Session, *, agree: bool) -> None:
        proof = Given(row.who, second=None if who.is_machine else who.username)
        if agree and consent.missing([Need.SECOND_PERSON], proof):
            raise NotAllowed("another person has to agree")

    async def _still_may(self, session: AsyncSession, row: ConsentRow) -> bool:
        """True when who has asked could give the command himself now."""
        person = await self._people.find(row.who)
        if person is None or not self._people.may_come(person):
            return False
        return self._covers(self._views.of(await load_grants(session, person.id), Right.COMMAND_LAMP), row)

    def _asked(self, row: ConsentRow, second: str) -> Asked:
        wanted = PreviewIn.model_validate({"targets": row.asked["targets"], "action": row.asked["action"]})
        targets = row.asked["targets"]
        return Asked(row.who, second, row.reason, targets, wanted.action, self._lamps(row), Sure.TWO_PERSONS)

    def _covers(self, view: View, row: ConsentRow) -> bool:
        """True when all of its lamps are in a view, where they stood then and where the inventory has them now."""
        return covers(view, row) and bool(view.mask[self._lamps(row)].all())

    def _lamps(self, row: ConsentRow) -> Places:
        """Those that the inventory still has."""
        index = self._fleet.index
        return np.array([index[name] for name in row.asked["lamps"] if name in index], dtype=np.int64)

    async def _end(self, session: AsyncSession, row: ConsentRow, state: str, second: str | None) -> None:
        row.state, row.second, row.decided_at = state, second, self._clock.now()
        await session.flush()
        await append(session, self._entry(row, Act.CONSENT, second or row.who, state))

    def _entry(self, row: ConsentRow, act: Act, who: str, result: str) -> Entry:
        said: dict[str, str | float] = {"consent": row.id, "asked_by": row.who, "lamps": row.lamps}
        said |= {name: value for name, value in row.asked["action"].items() if value is not None}
        if row.group_id:
            said["group"] = row.group_id
        target = described(row.asked["targets"])
        return Entry(self._clock.now(), who, act, target, row.reason, result, written(said))

    def _tell(self, row: ConsentRow) -> None:
        for told in self.told:
            told(row)

    def _names(self, lamps: Places) -> list[str]:
        return [self._fleet.lamps[index].id for index in lamps.tolist()]

    def _person(self, span: timedelta) -> timedelta:
        """The city's time in which a person's time passes."""
        return span * max(1.0, self._clock.settings.speed)
