"""Commands over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from cloud.commands import store
from cloud.commands.schemas import CommandIn, CommandOut, command_out
from cloud.commands.service import Commands
from cloud.database import Database
from cloud.errors import ErrorOut
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id

router = APIRouter(prefix="/commands", tags=["commands"], responses={404: {"model": ErrorOut}})

CommandsPart = Annotated[Commands, Depends(part(lambda parts: parts.commands))]
DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]
Commander = Annotated[Session, needs(Right.COMMAND_LAMP)]
Looker = needs(Right.VIEW_COMMANDS)


@router.post("", status_code=202)
async def issue(wanted: CommandIn, who: Commander, commands: CommandsPart) -> CommandOut:
    """Order something of a lamp; the answer is not yet its confirmation."""
    return command_out(await commands.issue(wanted, who.username))


@router.get("/{command_id}", dependencies=[Looker])
async def find(command_id: str, commands: CommandsPart) -> CommandOut:
    """One command."""
    return command_out(await commands.find(command_id))


@router.get("", dependencies=[Looker])
async def look(
    database: DatabasePart, target: Id | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[CommandOut]:
    """The newest commands, newest first."""
    async with database.read() as session:
        return [command_out(order) for order in await store.load_newest(session, target, limit)]
