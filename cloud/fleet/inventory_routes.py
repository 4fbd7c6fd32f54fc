"""A city's inventory over HTTP: taken out as a table, changed by one, and what else belongs to it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from cloud.audit.chain import Act, Entry, written
from cloud.audit.store import write_down
from cloud.database import Database
from cloud.doors import doors
from cloud.errors import ErrorOut, NotThere
from cloud.fleet.access import FleetPart, SeenCity, city_with
from cloud.fleet.changing import Inventories, Wish
from cloud.fleet.changing_schemas import AreasOut, BadAreasOut, BadImportOut, ImportOut, TypeOut
from cloud.fleet.fleet import Fleet
from cloud.fleet.labels import PER_PAGE, pages, sheet
from cloud.parts import part
from cloud.people.access import SettingsPart, needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.clock import DomainClock
from protocols.inventory import Luminaire
from protocols.lamp_table import csv_text, geojson_text, read_csv, read_geojson
from protocols.names import Id

router = doors("inventory", prefix="/fleet/{site}", refuses=(404,))

InventoriesPart = Annotated[Inventories, Depends(part(lambda parts: parts.inventories))]
DatabasePart = Annotated[Database, Depends(part(lambda parts: parts.database))]
ClockPart = Annotated[DomainClock, Depends(part(lambda parts: parts.clock))]
ManagedCity = Annotated[str, city_with(Right.MANAGE_FLEET)]
Manager = Annotated[Session, needs(Right.MANAGE_FLEET)]
Viewer = Annotated[Session, needs(Right.VIEW_CITY)]

_CSV, _GEOJSON, _SVG = "text/csv; charset=utf-8", "application/geo+json", "image/svg+xml"
_AT_ONCE = 500  # lines in one piece
_IDS = r"^[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64})*$"
_SHEETS = 10_000
T = TypeVar("T", str, bytes)
Number = Annotated[int, Query(ge=1, le=_SHEETS)]


def _body(*kinds: str) -> dict[str, Any]:
    """The description of a body that is read as it comes, after the right has been looked at."""
    return {"requestBody": {"required": True, "content": {kind: {"schema": {"type": "string"}} for kind in kinds}}}


def _away(bad: type) -> dict[int | str, dict[str, Any]]:
    return {400: {"model": bad}, 503: {"model": ErrorOut}}


def _whole(site: str, fleet: Fleet) -> list[Luminaire]:
    return list(fleet.sites[site].luminaires)


@router.get("/luminaires.csv", response_class=StreamingResponse, responses={200: {"content": {_CSV: {}}}})
async def as_csv(site: SeenCity, fleet: FleetPart, who: Viewer, database: DatabasePart, clock: ClockPart) -> Response:
    """All luminaires as a table for spreadsheets. That it was taken stands in the audit log."""
    await _note(database, clock, who, site, "csv")
    return _file(_pieces(csv_text(_whole(site, fleet)), ""), f"{site}.csv", _CSV)


@router.get("/luminaires.geojson", response_class=StreamingResponse, responses={200: {"content": {_GEOJSON: {}}}})
async def as_geojson(
    site: SeenCity, fleet: FleetPart, who: Viewer, database: DatabasePart, clock: ClockPart
) -> Response:
    """All luminaires as points with the same fields. That it was taken stands in the audit log."""
    await _note(database, clock, who, site, "geojson")
    return _file(_pieces(geojson_text(_whole(site, fleet)), b""), f"{site}.geojson", _GEOJSON)


async def _note(database: Database, clock: DomainClock, who: Session, site: str, file: str) -> None:
    asked = written({"inventory": site, "format": file})
    await write_down(database, Entry(clock.now(), who.username, Act.EXPORT, site, result="requested", parameters=asked))


def _file(pieces: Iterator[str] | Iterator[bytes], name: str, media: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=media, headers=headers)


def _pieces(lines: Iterable[T], nothing: T) -> Iterator[T]:
    """Some hundred lines together: each piece takes a turn of the service."""
    rest = iter(lines)
    while piece := nothing.join(islice(rest, _AT_ONCE)):
        yield piece


@router.post("/imports", responses=_away(BadImportOut), openapi_extra=_body("text/csv", _GEOJSON))
async def import_luminaires(
    site: ManagedCity,
    request: Request,
    who: Manager,
    inventories: InventoriesPart,
    dry_run: bool = True,
    retire: bool = False,
    new_segments: bool = False,
) -> ImportOut:
    """Take a table of luminaires, whole or not at all: CSV, or GeoJSON points when the media type says JSON.

    Every problem is named. `retire`: luminaires that are not in the file go; what they have measured stays.
    `new_segments`: segments that no luminaire hangs on yet are meant. Afterwards the service begins anew, in seconds.
    """
    content, is_json = await request.body(), "json" in request.headers.get("content-type", "")
    wish = Wish(who.username, dry_run, retire, new_segments)
    read = read_geojson if is_json else read_csv
    return await inventories.import_luminaires(site, lambda: read(content), wish)


@router.post("/areas", responses=_away(BadAreasOut), openapi_extra=_body(_GEOJSON))
async def import_areas(
    site: ManagedCity, request: Request, who: Manager, inventories: InventoriesPart, dry_run: bool = True
) -> AreasOut:
    """Take the outlines of wards from polygons that name a ward by its id or name, whole or not at all."""
    return await inventories.import_areas(site, await request.body(), Wish(who.username, dry_run))


@router.get("/types")
async def types(site: SeenCity, fleet: FleetPart) -> list[TypeOut]:
    """Which luminaires there are, and how many of each."""
    city = fleet.sites[site]
    hung = Counter(lamp.type for lamp in city.luminaires)
    return [TypeOut(**dict(kind), lamps=hung[kind.id]) for kind in city.luminaire_types]


@router.get("/labels", response_class=Response, responses={200: {"content": {_SVG: {}}}})
async def labels(
    site: SeenCity,
    fleet: FleetPart,
    settings: SettingsPart,
    cabinet: Id | None = None,
    lamps: Annotated[str | None, Query(max_length=2000, pattern=_IDS, description="ids, parted by commas")] = None,
    page: Number = 1,
) -> Response:
    """A sheet of 24 labels with QR codes: of the city, of a cabinet or of some luminaires. `Haidang-Pages` says how
    many sheets there are."""
    chosen = _chosen(_whole(site, fleet), cabinet, lamps)
    if page > pages(len(chosen)):
        raise NotThere(f"there is no page {page} of {pages(len(chosen))}")
    svg = sheet(chosen[(page - 1) * PER_PAGE : page * PER_PAGE], settings.console)
    headers = {"Haidang-Pages": str(pages(len(chosen)))}
    return Response(svg, media_type=_SVG, headers=headers)


def _chosen(lamps: list[Luminaire], cabinet: str | None, names: str | None) -> list[Luminaire]:
    """Raises NotThere, also for the cabinet of another city."""
    wanted = [name.strip() for name in names.split(",")] if names is not None else None
    known = {lamp.id: lamp for lamp in lamps if cabinet in (None, lamp.cabinet)}
    missing = [name for name in wanted or () if name not in known]
    if missing or not known:
        raise NotThere(f"there is no luminaire {missing[0]} here" if missing else "there are no luminaires here")
    return list(known.values()) if wanted is None else [known[name] for name in wanted]
