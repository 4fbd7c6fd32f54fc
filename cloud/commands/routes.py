"""Commands over HTTP."""

from typing import Annotated

from fastapi import Depends, Query

from cloud.commands import store
from cloud.commands.desk import Desk
from cloud.commands.group_schemas import ConsentNeededOut
from cloud.commands.schemas import CommandIn, CommandOut, command_out
from cloud.commands.service import Commands
from cloud.database import Database
from cloud.doors import doors
from cloud.fleet.access import CommandView, sight
from cloud.fleet.view import View, check_act
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id

router = doors("commands", prefix="/commands", refuses=(404,))

CommandsPart = Annotated[Commands, Depends(part(lambda parts: parts.commands))]
DeskPart = Annotated[Desk, Depends(part(lambda parts: parts.desk))]
DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]
Commander = Annotated[Session, needs(Right.COMMAND_LAMP)]
CommandedView = Annotated[View, sight(Right.COMMAND_LAMP)]


@router.post("", status_code=202, responses={409: {"model": ConsentNeededOut}})
async def issue(
    wanted: CommandIn, who: Commander, desk: DeskPart, acts: CommandedView, sees: CommandView
) -> CommandOut:
    """Order something of a lamp; the answer is not yet its confirmation."""
    check_act(wanted.target, f"luminaire {wanted.target}", acts, sees)
    return command_out(await desk.issue(wanted, who))


@router.get("/{command_id}")
async def find(command_id: str, commands: CommandsPart, view: CommandView) -> CommandOut:
    """One command."""
    order = await commands.find(command_id)
    view.find(order.command.target, f"command {command_id}")
    return command_out(order)


@router.get("")
async def look(
    database: DatabasePart,
    view: CommandView,
    target: Id | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[CommandOut]:
    """The newest commands, newest first."""
    async with database.read() as session:
        return [command_out(order) for order in await store.load_newest(session, target, limit, view.sees)]
