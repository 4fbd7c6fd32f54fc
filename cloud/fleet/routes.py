"""The cities and their base map over HTTP."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from cloud.caching import named
from cloud.doors import doors
from cloud.fleet.access import CityView
from cloud.fleet.basemap import Basemap
from cloud.fleet.schemas import AreaOut, CityOut, areas_out, city_out
from cloud.parts import part
from cloud.people.access import SettingsPart, needs
from cloud.people.rights import Right

router = doors("fleet", dependencies=[needs(Right.VIEW_CITY)])

BasemapPart = Annotated[Basemap, Depends(part(lambda parts: parts.basemap))]
OutlinesPart = Annotated[Basemap, Depends(part(lambda parts: parts.outlines))]
_GEOJSON: dict[int | str, dict[str, Any]] = {200: {"content": {"application/geo+json": {}}}}


@router.get("/city")
async def city(view: CityView, settings: SettingsPart) -> CityOut:
    """What stands in the cities, as far as who asks may see it."""
    return city_out(view, settings.province)


@router.get("/areas")
async def areas(view: CityView, settings: SettingsPart) -> list[AreaOut]:
    """Province, cities and wards, as far as who asks may see them."""
    return areas_out(view, settings.province)


@router.get("/map/base.geojson", response_class=Response, responses=_GEOJSON)
async def base_map(request: Request, basemap: BasemapPart) -> Response:
    """Land, wards and streets: what any map shows, whoever asks."""
    return named(request, basemap.etag, basemap.plain, "application/geo+json", basemap.packed)


@router.get("/map/wards.geojson", response_class=Response, responses=_GEOJSON)
async def ward_outlines(request: Request, outlines: OutlinesPart) -> Response:
    """The outlines of the wards, as far as they were imported: no secret either."""
    return named(request, outlines.etag, outlines.plain, "application/geo+json", outlines.packed)
