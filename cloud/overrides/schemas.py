"""What stands above the programme, as the console sees it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.fleet.view import View
from cloud.overrides.lines import Line
from protocols.commands import LockOut
from protocols.names import Words


class OverrideLineOut(BaseModel):
    """One command and the lamps that it holds, as far as they are seen. `confirmed` of them were read back; the answer
    of the others is open. `made_by` is the group, or the single command."""

    kind: Literal["override", "emergency", "lock_out"]
    made_by: str
    group: str | None
    who: str
    reason: str | None
    level: float | None = Field(description="% of full light")
    issued_at: datetime
    until: datetime | None
    lamps: int
    confirmed: int
    wards: list[str]
    first_lamp: str


class OverridesOut(BaseModel):
    """The hand-over list. `digest` names what stands in it; `lamps` are all that are held, each counted once."""

    items: list[OverrideLineOut]
    lamps: int
    digest: str


class HeldOut(BaseModel):
    """The lamps that a command holds, by their ids and by their numbers on the map of who asks."""

    lamps: list[str]
    numbers: list[int]


class HandOverIn(BaseModel):
    """Who takes over what: `digest` is that of the list that was looked at."""

    model_config = ConfigDict(extra="forbid")

    to: Words = Field(min_length=1, max_length=200, description="a user name")
    note: Words = Field(default="", max_length=500)
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class HandedOverOut(BaseModel):
    """What stands in the audit log."""

    by: str
    to: str
    at: datetime
    commands: int
    lamps: int
    digest: str


def line_out(line: Line, view: View) -> OverrideLineOut:
    """A line as the console sees it."""
    lamps = [view.fleet.lamps[index] for index in sorted(line.lamps)]
    return OverrideLineOut(
        kind=line.action.type,
        made_by=line.made_by,
        group=line.group,
        who=line.who,
        reason=line.reason,
        level=None if isinstance(line.action, LockOut) else line.action.level,
        issued_at=line.issued_at,
        until=None if isinstance(line.action, LockOut) else line.action.until,
        lamps=len(lamps),
        confirmed=line.confirmed,
        wards=sorted({lamp.ward for lamp in lamps}),
        first_lamp=lamps[0].id,
    )
