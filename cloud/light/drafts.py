"""The plan that people work at in each city: kept whole, checked, and held against what was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.aside import aside
from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import append
from cloud.database import Database
from cloud.errors import BadPlan, ChangedMeanwhile, NotThere
from cloud.fleet.fleet import Fleet
from cloud.fleet.roll import Roll
from cloud.light import store
from cloud.light.changes import changed
from cloud.light.checking import Checking
from cloud.light.delivery import Delivery
from cloud.light.listing import shown
from cloud.light.membership import Members
from cloud.light.schemas import CheckOut, FindingOut, GroupStandingOut, MemberOut, MembersOut, PlanIn, PlanOut
from cloud.light.tables import LightDraftRow
from protocols.clock import DomainClock
from protocols.light import LightPlan
from rules.light_documents import Sent

EMPTY = LightPlan()


@dataclass(frozen=True, slots=True)
class Checked:
    """What there is to say of a plan."""

    findings: Sequence[FindingOut]
    members: Mapping[str, Members]


class Drafts:
    """Those of all cities."""

    def __init__(
        self, database: Database, fleet: Fleet, checking: Checking, delivery: Delivery, clock: DomainClock
    ) -> None:
        self._database, self._fleet, self._checking = database, fleet, checking
        self._delivery, self._clock = delivery, clock

    async def look(self, site: str) -> PlanOut:
        """The draft of a city, and how it stands."""
        async with self._database.read() as session:
            row, number = await store.load_draft(session, site), self._delivery.number(site)
            sent = await store.load_release(session, site, number) if number else None
        plan = plan_of(row)
        checked = await self._checked(site, plan)
        return PlanOut(
            site=site,
            version=row.version if row else 0,
            plan=plan,
            changed_at=row.changed_at if row else None,
            changed_by=row.changed_by if row else None,
            in_force=shown(sent, self._delivery) if sent else None,
            findings=list(checked.findings),
            groups=await self._groups(site, checked),
        )

    async def put(self, site: str, wanted: PlanIn, who: str) -> PlanOut:
        """Take a whole plan in the place of the one with a version. Raises ChangedMeanwhile and BadPlan."""
        await self.check_whole(site, wanted.plan)
        async with self._database.write() as session:
            row = await store.load_draft(session, site)
            if wanted.version != (row.version if row else 0):
                raise ChangedMeanwhile(f"the plan has been changed by {row.changed_by if row else 'somebody'}")
            await self._save(session, site, plan_of(row), wanted, who)
        return await self.look(site)

    async def check(self, site: str, plan: LightPlan) -> CheckOut:
        """What there is to say of a plan, of which nothing is kept."""
        checked = await self._checked(site, plan)
        return CheckOut(findings=list(checked.findings), groups=await self._groups(site, checked))

    async def check_whole(self, site: str, plan: LightPlan) -> Checked:
        """Raises BadPlan for what must not get in."""
        checked = await self._checked(site, plan)
        bad = [finding.model_dump(mode="json") for finding in checked.findings if not is_excused(finding, plan)]
        if bad:
            raise BadPlan(bad)
        return checked

    async def members(self, site: str, group: str, offset: int, limit: int) -> MembersOut:
        """A page of the luminaires of a group. Raises NotThere."""
        async with self._database.read() as session:
            plan = plan_of(await store.load_draft(session, site))
        members = await self._checking.members(site, plan)
        if group not in members:
            raise NotThere(f"there is no group {group}")
        roll, sent = self._fleet.roll_of(site), self._delivery.sent.get(site)
        before = set(sent.members.get(group, ())) if sent else None
        places = members[group].lamps
        items = [_member(roll, place, before) for place in places[offset : offset + limit].tolist()]
        return MembersOut(items=items, total=len(places))

    async def _save(self, session: AsyncSession, site: str, before: LightPlan, wanted: PlanIn, who: str) -> None:
        now, version = self._clock.now(), wanted.version + 1
        text = wanted.plan.model_dump_json()
        await store.save_draft(
            session, LightDraftRow(site=site, version=version, plan=text, changed_at=now, changed_by=who)
        )
        parameters: dict[str, str | float] = {"version": version, **changed(before, wanted.plan)}
        await append(session, Entry(now, who, Act.PLAN_LIGHT, site, parameters=written(parameters)))

    async def _checked(self, site: str, plan: LightPlan) -> Checked:
        return Checked(await self._checking.findings(site, plan), await self._checking.members(site, plan))

    async def _groups(self, site: str, checked: Checked) -> list[GroupStandingOut]:
        roll, sent = self._fleet.roll_of(site), self._delivery.sent.get(site)
        return await aside(lambda: [self._standing(roll, sent, name, some) for name, some in checked.members.items()])

    def _standing(self, roll: Roll, sent: Sent | None, name: str, members: Members) -> GroupStandingOut:
        now = set(roll.names(members.lamps))
        before = set(sent.members.get(name, ())) if sent else set[str]()
        return GroupStandingOut(
            id=name,
            lamps=len(now),
            lamps_claimed_earlier=members.claimed_earlier,
            joined=len(now - before) if sent else 0,
            left=len(before - now),
            edges=self._delivery.edges_of(before) if sent else [],
        )


def plan_of(row: LightDraftRow | None) -> LightPlan:
    """The plan of a draft; an empty one where nobody has begun."""
    return LightPlan.model_validate_json(row.plan) if row else EMPTY


def is_excused(finding: FindingOut, plan: LightPlan) -> bool:
    """True for what may be so when its group says why."""
    match finding.path:
        case ["groups", int(place), *_] if place < len(plan.groups):
            return finding.severity == "needs_reason" and bool(plan.groups[place].below_class_reason)
    return False


def _member(roll: Roll, place: int, before: set[str] | None) -> MemberOut:
    lamp = roll.lamps[place]
    return MemberOut(
        id=lamp.id,
        street=lamp.street,
        ward=lamp.ward,
        type=lamp.type,
        joined=before is not None and lamp.id not in before,
    )
