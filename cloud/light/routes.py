"""Plans, checks, nights and releases over HTTP."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query

from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.light.access import ApprovedCity, PlannedCity, SeenCity, SentCity
from cloud.light.drafts import Drafts
from cloud.light.forecast import Forecast
from cloud.light.releases import Releases
from cloud.light.schemas import (
    BadPlanOut,
    CheckIn,
    CheckOut,
    DecisionIn,
    MembersOut,
    Night,
    NightIn,
    NightOut,
    PlanIn,
    PlanOut,
    ReleaseDetailOut,
    ReleaseIn,
    ReleaseOut,
    Saved,
    SendIn,
)
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id

router = doors("light", prefix="/light/{site}", refuses=(404,))

DraftsPart = Annotated[Drafts, Depends(part(lambda parts: parts.light.drafts))]
ReleasesPart = Annotated[Releases, Depends(part(lambda parts: parts.light.releases))]
ForecastPart = Annotated[Forecast, Depends(part(lambda parts: parts.light.forecast))]
Planner = Annotated[Session, needs(Right.PLAN_LIGHT)]
Approver = Annotated[Session, needs(Right.APPROVE_LIGHT)]
Sender = Annotated[Session, needs(Right.SEND_LIGHT)]
Number = Annotated[int, Path(ge=1, le=2_000_000_000)]
_BAD_PLAN: dict[int | str, dict[str, Any]] = {400: {"model": BadPlanOut}}
_MEANWHILE: dict[int | str, dict[str, Any]] = {409: {"model": ErrorOut}}


@router.get("/plan")
async def look(site: SeenCity, drafts: DraftsPart) -> PlanOut:
    """What people work at: the draft of a city, what there is to say of it, and how it differs from what was sent."""
    return await drafts.look(site)


@router.put("/plan", responses=_BAD_PLAN | _MEANWHILE)
async def put(site: PlannedCity, wanted: PlanIn, who: Planner, drafts: DraftsPart) -> PlanOut:
    """Take a whole plan, or nothing of it; `version` is that of the plan from which it was made."""
    return await drafts.put(site, wanted, who.username)


@router.post("/check")
async def check(site: PlannedCity, wanted: CheckIn, drafts: DraftsPart) -> CheckOut:
    """What there is to say of a plan. Nothing is kept."""
    return await drafts.check(site, wanted.plan)


@router.get("/night")
async def night(site: SeenCity, forecast: ForecastPart, night: Night, of: Saved = "in_force") -> NightOut:
    """What every group does in a night, named by the date on which it begins, and what that takes: by the draft as it
    is saved, or by what was sent last."""
    return await forecast.night(site, night, of)


@router.post("/night")
async def night_of_plan(site: PlannedCity, wanted: NightIn, forecast: ForecastPart) -> NightOut:
    """The same of a plan that somebody works at. Nothing is kept."""
    return await forecast.night_of(site, wanted.night, wanted.plan)


@router.get("/groups/{group_id}/lamps")
async def lamps(
    site: SeenCity,
    group_id: Id,
    drafts: DraftsPart,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> MembersOut:
    """The luminaires of a group of the draft."""
    return await drafts.members(site, group_id, offset, limit)


@router.get("/releases")
async def releases(site: SeenCity, releases: ReleasesPart) -> list[ReleaseOut]:
    """The newest, newest first."""
    return list(await releases.newest(site))


@router.get("/releases/{number}")
async def release(site: SeenCity, number: Number, releases: ReleasesPart) -> ReleaseDetailOut:
    """One, with its plan."""
    return await releases.one(site, number)


@router.post("/releases", status_code=201, responses=_BAD_PLAN)
async def propose(site: PlannedCity, wanted: ReleaseIn, who: Planner, releases: ReleasesPart) -> ReleaseOut:
    """Propose the draft as it is now; with `from` an older release, to go back to it."""
    return await releases.propose(site, wanted, who)


@router.post("/releases/{number}/decision", responses=_MEANWHILE)
async def decide(
    site: ApprovedCity, number: Number, wanted: DecisionIn, who: Approver, releases: ReleasesPart
) -> ReleaseOut:
    """Approve what another person has proposed, or refuse it."""
    return await releases.decide(site, number, wanted, who)


@router.post("/releases/{number}/send", responses=_BAD_PLAN | _MEANWHILE)
async def send(site: SentCity, number: Number, wanted: SendIn, who: Sender, releases: ReleasesPart) -> ReleaseOut:
    """Put an approved plan into force, with a confirmation from POST /session/confirm. It is looked through once more:
    where it no longer fits the city it is refused like a draft, and what is in force stays."""
    return await releases.send(site, number, wanted, who)
