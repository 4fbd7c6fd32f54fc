"""What waits for a second person, over HTTP."""

from typing import Annotated, Any

from fastapi import Depends

from cloud.commands.consents import consent_out
from cloud.commands.desk import Desk
from cloud.commands.group_schemas import ConsentIn, ConsentOut
from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.fleet.access import sight
from cloud.fleet.view import View
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id

router = doors("commands", prefix="/consents")

DeskPart = Annotated[Desk, Depends(part(lambda parts: parts.desk))]
Commander = Annotated[Session, needs(Right.COMMAND_LAMP)]
CommandedView = Annotated[View, sight(Right.COMMAND_LAMP)]
_DECIDED: dict[int | str, dict[str, Any]] = {404: {"model": ErrorOut}, 409: {"model": ErrorOut}}


@router.get("")
async def consents(who: Commander, desk: DeskPart, acts: CommandedView) -> list[ConsentOut]:
    """The newest about lamps that I may command, all of them, waiting or decided."""
    return [consent_out(row, who.username) for row in await desk.consents(acts)]


@router.post("/{consent_id}", responses=_DECIDED)
async def decide(consent_id: Id, wanted: ConsentIn, who: Commander, desk: DeskPart, acts: CommandedView) -> ConsentOut:
    """Agree to what another person wants, or refuse it; one's own is taken back with `agree: false`."""
    return consent_out(await desk.decide(consent_id, who, acts, agree=wanted.agree), who.username)
