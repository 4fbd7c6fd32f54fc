"""Plans, checks, nights and releases as the console asks for them and sees them."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from cloud.edges.schemas import Standing
from protocols.config import Bounded
from protocols.inventory import Name
from protocols.light import LightPlan
from protocols.names import Words
from rules.light_findings import FindingCode, Severity

ReleaseWord = Literal["proposed", "approved", "refused", "sent", "replaced"]
_YEARS = range(2000, 2200)  # of nights that anybody asks for; the sun is computed for them


def _near(night: date) -> date:
    if night.year not in _YEARS:
        raise ValueError(f"ask for a night from {_YEARS[0]} to {_YEARS[-1]}")
    return night


Night = Annotated[date, AfterValidator(_near)]
Saved = Literal["draft", "in_force"]  # a plan that everybody may look at: as it is saved, or what was sent last


class FindingOut(BaseModel):
    """Something wrong with a plan: where in it (keys and places), what, and the figures that a text needs.

    `refused` never gets in, `needs_reason` does with `below_class_reason` in its group.
    """

    path: list[str | int]
    code: FindingCode
    severity: Severity
    figures: dict[str, float | str]


class EdgeStandingOut(BaseModel):
    """How far an edge is with what was sent last; `refused` has its reason."""

    edge: str
    state: Standing
    reason: str | None


class GroupStandingOut(BaseModel):
    """A group as its rule has it now. `joined` and `left` say how that differs from what was sent last."""

    id: str
    lamps: int
    lamps_claimed_earlier: int = Field(description="that the rule fits, and that a group further up has")
    joined: int
    left: int
    edges: list[EdgeStandingOut]


class ReleaseOut(BaseModel):
    """A plan on its way: proposed, approved or refused by another person, sent, replaced by the next one."""

    number: int
    state: ReleaseWord
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decided_because: str | None
    sent_by: str | None
    sent_at: datetime | None
    lamps: int
    edges: list[EdgeStandingOut] = Field(description="of the release that was sent last; empty for others")


class ReleaseDetailOut(ReleaseOut):
    """With the plan."""

    plan: LightPlan


class PlanOut(BaseModel):
    """The draft of a city. `version` is 0 before anybody has saved one."""

    site: str
    version: int
    plan: LightPlan
    changed_at: datetime | None
    changed_by: str | None
    in_force: ReleaseOut | None
    findings: list[FindingOut]
    groups: list[GroupStandingOut]


class PlanIn(Bounded):
    """The whole plan, made from the draft with this version."""

    plan: LightPlan
    version: int = Field(ge=0, le=2_000_000_000)


class CheckIn(Bounded):
    plan: LightPlan


class CheckOut(BaseModel):
    findings: list[FindingOut]
    groups: list[GroupStandingOut]


class NightIn(Bounded):
    """A night of a plan that nobody has saved yet; it is named by the date on which it begins."""

    night: Night
    plan: LightPlan


class PointOut(BaseModel):
    """From this moment on this level (%), reached over `ramp_s`, and the class that the road then has."""

    at: datetime
    level: float
    ramp_s: int
    road_class_reached: str | None


class GroupNightOut(BaseModel):
    """What a group does in a night. `kwh` by the curves of its luminaires' types, without adaptations and overrides;
    `kwh_full` is full light from sunset to sunrise; `saving` is what is missing from that, as a share."""

    id: str
    name: Name
    lamps: int
    road_class: str | None
    programme: str
    is_exception: bool
    exception_name: Name | None
    points: list[PointOut]
    kwh: float
    kwh_full: float
    saving: float | None


class NightOut(BaseModel):
    """A night of a plan, with what the sun does; `None` where it does not."""

    night: date
    sunset: datetime | None
    sunrise: datetime | None
    civil_dusk: datetime | None
    civil_dawn: datetime | None
    groups: list[GroupNightOut]


class ReleaseIn(Bounded):
    """Propose the draft, or with `from` an older release once more."""

    reason: Words = Field(min_length=1, max_length=500)
    of: int | None = Field(default=None, alias="from", ge=1, le=2_000_000_000)


class DecisionIn(Bounded):
    agree: bool
    reason: Words | None = Field(default=None, max_length=500)


class SendIn(Bounded):
    confirmation: str = Field(max_length=200, description="from POST /session/confirm")


class MemberOut(BaseModel):
    """A luminaire of a group; `joined` since what was sent last."""

    id: str
    street: str
    ward: str
    type: str
    joined: bool


class MembersOut(BaseModel):
    items: list[MemberOut]
    total: int


class BadPlanDetail(BaseModel):
    code: str
    message: str
    findings: list[FindingOut] = Field(default=[])


class BadPlanOut(BaseModel):
    """Why a plan was refused. Nothing of it was kept."""

    detail: BadPlanDetail
