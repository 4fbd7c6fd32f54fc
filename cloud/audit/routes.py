"""The audit log over HTTP: look, search, and take it out as a file, which is an act itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, AwareDatetime

from cloud.audit import sheet, store
from cloud.audit.chain import Act, Entry, written
from cloud.audit.schemas import AuditOut
from cloud.audit.store import Search
from cloud.database import Database
from cloud.doors import doors
from cloud.parts import part
from cloud.people.access import Where, needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.clock import DomainClock
from protocols.names import Words

router = doors("audit")

_AT_ONCE = 1000  # rows in memory, of an export
_LAST_SEQ = 2**31 - 1  # the registry's
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


def _within_reach(at: datetime) -> datetime:
    if not _FIRST <= at < _LAST:
        raise ValueError("give a year from 1970 to 2999")
    return at


DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]
ClockPart = Annotated[DomainClock, Depends(part(lambda parts: parts.clock))]
Reader = Annotated[Session, needs(Right.VIEW_AUDIT, Where.CITY)]
Moment = Annotated[AwareDatetime, AfterValidator(_within_reach)]
Part = Annotated[Words | None, Query(max_length=200)]


def searched(
    who: Part = None,
    act: Act | None = None,
    target: Part = None,
    result: Part = None,
    text: Annotated[Words | None, Query(max_length=200, description="a part of the target or of the reason")] = None,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(description="the moment after the last")] = None,
) -> Search:
    """Which acts are asked for."""
    return Search(who, act, target, result, text, since, until)


Searched = Annotated[Search, Depends(searched)]


@router.get("/audit", dependencies=[needs(Right.VIEW_AUDIT, Where.CITY)])
async def look(
    database: DatabasePart,
    search: Searched,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[
        int | None, Query(ge=1, le=_LAST_SEQ, description="the seq of the last one seen, for the next page")
    ] = None,
) -> list[AuditOut]:
    """The newest acts that fit, newest first."""
    async with database.read(patient=True) as session:
        return [AuditOut.model_validate(row) for row in await store.load_last(session, limit, search, before)]


@router.get("/audit.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
async def export(database: DatabasePart, clock: ClockPart, who: Reader, search: Searched) -> StreamingResponse:
    """Every act that fits, newest first, as a file for a spreadsheet. That it was taken stands in the log."""
    entry = Entry(clock.now(), who.username, Act.EXPORT, "audit", result="requested", parameters=_asked(search))
    await store.write_down(database, entry)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(_file(database, search), media_type="text/csv; charset=utf-8", headers=headers)


async def _file(database: Database, search: Search) -> AsyncIterator[bytes]:
    """A page after the other: whoever reads slowly holds nobody up."""
    yield sheet.head()
    before: int | None = None
    while True:
        async with database.read(patient=True) as session:
            rows = await store.load_last(session, _AT_ONCE, search, before)
        if not rows:
            return
        yield sheet.body(rows)
        before = rows[-1].seq


def _asked(search: Search) -> str:
    return written({name: str(value) for name, value in search.asked().items()})
