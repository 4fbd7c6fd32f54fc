"""The telemetry store over HTTP: how it is, and everything in it as a file."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, AwareDatetime

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import write_down
from cloud.database import Database
from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.parts import part
from cloud.people.access import Where, needs
from cloud.people.rights import Right
from cloud.people.store import Session
from cloud.telemetry.exporting import Format, Wish
from cloud.telemetry.schemas import StoreOut, shown
from cloud.telemetry.storage import Storage
from protocols.clock import DomainClock
from protocols.names import Id

router = doors("store", prefix="/store", refuses=(503,))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMED = 100  # devices by name, in the audit log
_MEDIA = {Format.CSV: "text/csv; charset=utf-8", Format.PARQUET: "application/vnd.apache.parquet"}


def _since_1970(at: datetime) -> datetime:
    if at < _EPOCH:
        raise ValueError("nothing was measured before 1970")
    return at


StoragePart = Annotated[Storage, Depends(part(lambda parts: parts.storage))]
DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]
ClockPart = Annotated[DomainClock, Depends(part(lambda parts: parts.clock))]
Exporter = Annotated[Session, needs(Right.EXPORT_TELEMETRY, Where.CITY)]
Moment = Annotated[AwareDatetime, AfterValidator(_since_1970)]


@router.get("", dependencies=[needs(Right.VIEW_STORE, Where.CITY)])
async def look(storage: StoragePart) -> StoreOut:
    """How much is kept, how long the disk will do, and what is waiting."""
    return shown(await storage.status())


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {media: {} for media in _MEDIA.values()}}, 409: {"model": ErrorOut}},
)
async def export(
    storage: StoragePart,
    database: DatabasePart,
    clock: ClockPart,
    who: Exporter,
    kind: Annotated[Id, Query(description="luminaire, meter, … or a summary such as ward_1h")],
    start: Annotated[Moment, Query(alias="from")],
    end: Annotated[Moment, Query(alias="to")],
    device: Annotated[list[Id] | None, Query(max_length=10_000)] = None,
    file: Annotated[Format, Query(alias="format")] = Format.CSV,
) -> StreamingResponse:
    """Every row of a kind or a summary in [from, to), with its flags. That it was taken stands in the audit log."""
    wish = Wish(kind, device or (), int(start.timestamp()), int(end.timestamp()), file)
    entry = Entry(clock.now(), who.username, Act.EXPORT, kind, result="requested", parameters=_asked(wish))
    await write_down(database, entry)
    name = f"{kind}.{file}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(await storage.export(wish), media_type=_MEDIA[file], headers=headers)


def _asked(wish: Wish) -> str:
    """What the audit log says of an export; of many devices the first and how many there are."""
    asked: dict[str, str | float] = {
        "from": datetime.fromtimestamp(wish.start, UTC).isoformat(),
        "to": datetime.fromtimestamp(wish.end, UTC).isoformat(),
        "format": str(wish.format),
    }
    if wish.devices:
        asked |= {"devices": len(wish.devices), "device": " ".join(wish.devices[:_NAMED])}
    return written(asked)
