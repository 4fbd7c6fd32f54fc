"""Alarms over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from cloud.alarms import store
from cloud.alarms.schemas import AcknowledgeIn, AlarmOut, ListState, alarm_out
from cloud.alarms.service import Alarms
from cloud.database import Database
from cloud.errors import ErrorOut
from cloud.fleet.fleet import Fleet
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id

router = APIRouter(prefix="/alarms", tags=["alarms"])

AlarmsPart = Annotated[Alarms, Depends(part(lambda parts: parts.alarms))]
DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]
FleetPart = Annotated[Fleet, Depends(part(lambda parts: parts.fleet))]
_NOTHING = AcknowledgeIn()
Responder = Annotated[Session, needs(Right.ACKNOWLEDGE_ALARM)]


@router.get("", dependencies=[needs(Right.VIEW_ALARMS)])
async def look(
    alarms: AlarmsPart,
    database: DatabasePart,
    fleet: FleetPart,
    state: ListState = "open",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> list[AlarmOut]:
    """The operator's list, or the newest of everything."""
    if state == "open":
        return [alarm_out(episode, fleet) for episode in alarms.listed()[:limit]]
    async with database.read() as session:
        return [alarm_out(episode, fleet) for episode in await store.load_newest(session, limit)]


@router.post("/{alarm_id}/acknowledge", responses={404: {"model": ErrorOut}})
async def acknowledge(
    alarm_id: Id, who: Responder, alarms: AlarmsPart, fleet: FleetPart, said: AcknowledgeIn = _NOTHING
) -> AlarmOut:
    """Say that somebody has seen it."""
    return alarm_out(await alarms.acknowledge(alarm_id, who.username, said.comment), fleet)
