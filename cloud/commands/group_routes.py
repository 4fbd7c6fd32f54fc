"""Commands to many lamps over HTTP."""

from typing import Annotated, Any

from fastapi import Depends, Query

from cloud.commands import groups
from cloud.commands.consents import consent_out
from cloud.commands.desk import Desk
from cloud.commands.group_schemas import (
    ChosenIn,
    ChosenOut,
    ConsentNeededOut,
    GroupDetailOut,
    GroupIn,
    GroupOut,
    IssuedOut,
    PreviewIn,
    PreviewOut,
)
from cloud.commands.tables import ConsentRow
from cloud.database import Database
from cloud.doors import doors
from cloud.fleet.access import CityView, CommandView, sight
from cloud.fleet.view import View
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id

router = doors("commands", prefix="/commands", refuses=(404,))

DeskPart = Annotated[Desk, Depends(part(lambda parts: parts.desk))]
DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]
Commander = Annotated[Session, needs(Right.COMMAND_LAMP)]
CommandedView = Annotated[View, sight(Right.COMMAND_LAMP)]
_LACKS: dict[int | str, dict[str, Any]] = {409: {"model": ConsentNeededOut}}


@router.post("/chosen")
async def choose(
    wanted: ChosenIn, desk: DeskPart, acts: CommandedView, sees: CommandView, map_view: CityView
) -> ChosenOut:
    """Which lamps a target means, for the map. Nothing is sent."""
    lamps = await desk.choose(wanted.targets, acts, sees)
    numbers = map_view.numbers[lamps]
    return ChosenOut(lamps=len(lamps), numbers=numbers[numbers >= 0].tolist())


@router.post("/preview")
async def preview(
    wanted: PreviewIn, who: Commander, desk: DeskPart, acts: CommandedView, sees: CommandView
) -> PreviewOut:
    """What a command to many lamps would do, and what it takes. Nothing is sent."""
    return await desk.preview(wanted, who, acts, sees)


@router.post("/group", status_code=202, responses=_LACKS)
async def issue_many(
    wanted: GroupIn, who: Commander, desk: DeskPart, database: DatabasePart, acts: CommandedView, sees: CommandView
) -> IssuedOut:
    """Order something of many lamps, or ask a second person where that is needed."""
    row = await desk.issue_many(wanted, who, acts, sees)
    if isinstance(row, ConsentRow):
        return IssuedOut(consent=consent_out(row, who.username))
    async with database.read() as session:
        found = await groups.one(session, row.id, acts, 0)
    return IssuedOut(group=GroupOut(**found.model_dump(exclude={"not_confirmed"})))


@router.get("/groups")
async def list_groups(
    database: DatabasePart, view: CommandView, limit: Annotated[int, Query(ge=1, le=50)] = 10
) -> list[GroupOut]:
    """The newest commands to many lamps, newest first."""
    async with database.read() as session:
        return list(await groups.newest(session, view, limit))


@router.get("/groups/{group_id}")
async def find_group(
    group_id: Id, database: DatabasePart, view: CommandView, limit: Annotated[int, Query(ge=1, le=5000)] = 500
) -> GroupDetailOut:
    """How far a command to many lamps has come: how many in each state, and which have not confirmed and why."""
    async with database.read() as session:
        return await groups.one(session, group_id, view, limit)
