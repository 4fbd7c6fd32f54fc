"""Commands to many lamps as the console asks for them and sees them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.commands.schemas import ActionIn, ActionOut
from cloud.people.schemas import AreaPath
from protocols.commands import Refusal, State
from protocols.names import Id, Words
from rules.consent import Need

MOST_LISTED = 20_000  # ids in one request; its size is a limit of its own


class _Target(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LampsTarget(_Target):
    """These lamps."""

    lamps: tuple[Id, ...] = Field(min_length=1, max_length=MOST_LISTED, fail_fast=True)


class AreaTarget(_Target):
    """All lamps of a ward, of a city, or of the province as far as it is this city."""

    area: AreaPath = Field(max_length=130, examples=["/halong/W1"])


class CabinetTarget(_Target):
    """All lamps of a cabinet."""

    cabinet: Id


class StreetTarget(_Target):
    """All lamps of a street, by its name; `area` says in which city or ward, where several have one of this name."""

    street: Words = Field(min_length=1, max_length=120)
    area: AreaPath | None = Field(default=None, max_length=130, examples=["/halong"])


Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class PolygonTarget(_Target):
    """All lamps inside a polygon of (longitude, latitude), degrees."""

    polygon: tuple[tuple[Longitude, Latitude], ...] = Field(min_length=3, max_length=500, fail_fast=True)


class HeldTarget(_Target):
    """All lamps that a command, to one lamp or to many, still holds: what another command has taken over since is not
    among them, and what is not seen neither."""

    held_by: Id


Targets = LampsTarget | AreaTarget | CabinetTarget | StreetTarget | PolygonTarget | HeldTarget


class ChosenIn(BaseModel):
    """Which lamps somebody thinks of."""

    model_config = ConfigDict(extra="forbid")

    targets: Targets


class ChosenOut(BaseModel):
    """The lamps of a target, by their numbers on the map of who asks."""

    lamps: int
    numbers: list[int]


class PreviewIn(BaseModel):
    """What somebody thinks of doing."""

    model_config = ConfigDict(extra="forbid")

    targets: Targets
    action: ActionIn


class GroupIn(PreviewIn):
    """What somebody wants of many lamps. `confirmation` is from POST /session/confirm; `second` lets another person be
    asked where that is needed."""

    reason: Words | None = Field(default=None, max_length=500)
    confirmation: str | None = Field(default=None, max_length=200)
    second: bool = False


class EdgePreviewOut(BaseModel):
    edge: str
    lamps: int
    unreachable: int


class PreviewOut(BaseModel):
    """What a command would do. `unreachable` lamps do not answer now. Powers are those of the others, in kW, by the
    curves of their types: at the level that they have, and at the one that they would have."""

    lamps: int
    unreachable: int
    edges: list[EdgePreviewOut]
    power_kw_now: float
    power_kw_after: float
    until: datetime | None
    needs: list[Need]


class NotConfirmedOut(BaseModel):
    """A lamp of a group that has not confirmed, and why as far as it is known; as in a single command."""

    id: str
    target: str
    state: State
    actual_level: float | None
    refusal: Refusal | None
    wanted_level: float | None
    waited_s: float | None
    detail: str | None


class GroupOut(BaseModel):
    """A command to many lamps: how many of those that are seen are in each state. `targets` are for who sees all."""

    id: str
    who: str
    second: str | None
    reason: str | None
    targets: dict[str, Any] | None
    action: ActionOut
    issued_at: datetime
    expires_at: datetime
    lamps: int
    states: Mapping[State, int]
    is_open: bool


class GroupDetailOut(GroupOut):
    """With the lamps that have not confirmed, by id."""

    not_confirmed: list[NotConfirmedOut]


ConsentWord = Literal["waiting", "agreed", "refused", "expired", "void"]


class ConsentOut(BaseModel):
    """A command that a second person has to agree to. `void` is one whose asker has lost the right meanwhile; `group`
    is the command that was sent."""

    id: str
    who: str
    reason: str
    targets: dict[str, Any]
    action: dict[str, Any]
    lamps: int
    state: ConsentWord
    asked_at: datetime
    expires_at: datetime
    second: str | None
    decided_at: datetime | None
    group: str | None
    is_mine: bool = Field(description="asked for by who looks")


class ConsentIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agree: bool


class IssuedOut(BaseModel):
    """A command on its way, or one that waits for a second person."""

    group: GroupOut | None = None
    consent: ConsentOut | None = None


class ConsentNeededDetail(BaseModel):
    code: Literal["consent"]
    message: str
    needs: list[Need]
    lamps: int


class ConsentNeededOut(BaseModel):
    """What a command lacks, and how many lamps count together."""

    detail: ConsentNeededDetail
