"""Self-tests over HTTP."""

from typing import Annotated, Any

from fastapi import Depends, Query

from cloud.commands import groups
from cloud.commands import schemas as commands
from cloud.commands.desk import Desk
from cloud.commands.group_schemas import ConsentNeededOut, GroupIn, GroupOut
from cloud.database import Database
from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.fleet.access import CityView, CommandView, sight
from cloud.fleet.view import View
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from cloud.self_tests.schemas import ResultWord, SelfTestIn, SelfTestsOut
from cloud.self_tests.service import SelfTests

router = doors("self tests", prefix="/self-tests")

SelfTestsPart = Annotated[SelfTests, Depends(part(lambda parts: parts.self_tests))]
DeskPart = Annotated[Desk, Depends(part(lambda parts: parts.desk))]
DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]
Commander = Annotated[Session, needs(Right.COMMAND_LAMP)]
CommandedView = Annotated[View, sight(Right.COMMAND_LAMP)]
_LACKS: dict[int | str, dict[str, Any]] = {404: {"model": ErrorOut}, 409: {"model": ConsentNeededOut}}


@router.get("")
async def look(
    tests: SelfTestsPart,
    view: CityView,
    state: ResultWord | None = None,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> SelfTestsOut:
    """How the last self-test of each lamp that I see has ended, the newest first."""
    return await tests.page(view, state, offset, limit)


@router.post("", status_code=202, responses=_LACKS)
async def begin(
    wanted: SelfTestIn, who: Commander, desk: DeskPart, database: DatabasePart, acts: CommandedView, sees: CommandView
) -> GroupOut:
    """Test lamps now; how far that has come is told by the group."""
    action = commands.SelfTestIn(type="self_test")
    asked = GroupIn(targets=wanted.targets, action=action, reason=wanted.reason, confirmation=wanted.confirmation)
    row = await desk.issue_many(asked, who, acts, sees)
    async with database.read() as session:
        found = await groups.one(session, row.id, acts, 0)
    return GroupOut(**found.model_dump(exclude={"not_confirmed"}))
