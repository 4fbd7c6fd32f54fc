"""The hand-over list over HTTP."""

from typing import Annotated, Any

from fastapi import Depends, Response

from cloud.audit.chain import Act, Entry
from cloud.audit.store import write_down
from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.fleet.access import CityView, CommandView
from cloud.overrides import sheet
from cloud.overrides.schemas import HandedOverOut, HandOverIn, HeldOut, OverridesOut
from cloud.overrides.service import HandOver
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id

router = doors("overrides")

HandOverPart = Annotated[HandOver, Depends(part(lambda parts: parts.hand_over))]
Looker = Annotated[Session, needs(Right.VIEW_COMMANDS)]
Commander = Annotated[Session, needs(Right.COMMAND_LAMP)]
_NOT_HANDED: dict[int | str, dict[str, Any]] = {404: {"model": ErrorOut}, 409: {"model": ErrorOut}}


@router.get("/overrides", response_model=OverridesOut)
async def look(hand_over: HandOverPart, view: CommandView) -> Response:
    """What stands above the programme now, of what I see: the hand-over list of a shift."""
    body = await hand_over.look(view, lambda found: found.model_dump_json().encode())
    return Response(body, media_type="application/json")


@router.get("/overrides.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def export(hand_over: HandOverPart, who: Looker, view: CommandView) -> Response:
    """The same as a file for a spreadsheet. That it was taken stands in the audit log."""
    entry = Entry(hand_over.clock.now(), who.username, Act.EXPORT, "overrides", result="requested")
    await write_down(hand_over.database, entry)
    headers = {"Content-Disposition": 'attachment; filename="overrides.csv"'}
    body = await hand_over.look(view, lambda found: sheet.file(found.items))
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/overrides/{made_by}/lamps")
async def held(made_by: Id, hand_over: HandOverPart, view: CommandView, map_view: CityView) -> HeldOut:
    """The lamps of one line of the list; none when it has ended meanwhile."""
    return await hand_over.held(made_by, view, map_view)


@router.post("/overrides/handover", responses=_NOT_HANDED)
async def hand_over_to(wanted: HandOverIn, who: Commander, hand_over: HandOverPart, view: CommandView) -> HandedOverOut:
    """Hand over what is held now to the next shift: it is written into the audit log."""
    return await hand_over.hand_over(who.username, wanted, view)
