"""Alarms over HTTP."""

from typing import Annotated

from fastapi import Depends, Query

from cloud.alarms import store
from cloud.alarms.schemas import AcknowledgeIn, AlarmOut, ListState, alarm_out
from cloud.alarms.service import Alarms
from cloud.database import Database
from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.fleet.access import AlarmView, sight
from cloud.fleet.view import View, check_act
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id

router = doors("alarms", prefix="/alarms")

AlarmsPart = Annotated[Alarms, Depends(part(lambda parts: parts.alarms))]
DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]
_NOTHING = AcknowledgeIn()
Responder = Annotated[Session, needs(Right.ACKNOWLEDGE_ALARM)]
Responsible = Annotated[View, sight(Right.ACKNOWLEDGE_ALARM)]


async def _mine(alarm_id: Id, alarms: AlarmsPart, acts: Responsible, sees: AlarmView) -> str:
    check_act((await alarms.find(alarm_id)).source, f"alarm {alarm_id}", acts, sees)
    return alarm_id


AlarmInMyArea = Annotated[str, Depends(_mine)]


@router.get("")
async def look(
    alarms: AlarmsPart,
    database: DatabasePart,
    view: AlarmView,
    state: ListState = "open",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> list[AlarmOut]:
    """The operator's list, or the newest of everything."""
    if state == "open":
        listed = [episode for episode in alarms.listed() if view.sees(episode.source)]
        return [alarm_out(episode, view) for episode in listed[:limit]]
    async with database.read() as session:
        return [alarm_out(episode, view) for episode in await store.load_newest(session, limit, view.sees)]


@router.post("/{alarm_id}/acknowledge", responses={404: {"model": ErrorOut}})
async def acknowledge(
    alarm_id: AlarmInMyArea, who: Responder, alarms: AlarmsPart, view: AlarmView, said: AcknowledgeIn = _NOTHING
) -> AlarmOut:
    """Say that somebody has seen it."""
    return alarm_out(await alarms.acknowledge(alarm_id, who.username, said.comment), view)
