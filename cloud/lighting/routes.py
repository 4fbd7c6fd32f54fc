"""Lamps and the overview over HTTP."""

from typing import Annotated

from fastapi import Depends, Query

from cloud.doors import doors
from cloud.errors import ErrorOut
from cloud.fleet.access import CityView
from cloud.lighting.lamps import Lamps, Wanted
from cloud.lighting.overview import Overviews
from cloud.lighting.schemas import LuminaireOut, LuminairesOut, OverviewOut
from cloud.parts import part

router = doors("lighting")

LampsPart = Annotated[Lamps, Depends(part(lambda parts: parts.lamps))]
OverviewsPart = Annotated[Overviews, Depends(part(lambda parts: parts.overviews))]


@router.get("/map/lamps/{index}", responses={404: {"model": ErrorOut}})
async def by_index(index: int, lamps: LampsPart, view: CityView) -> LuminaireOut:
    """The lamp in a place of the live map."""
    return await lamps.by_index(index, view)


@router.get("/luminaires/{luminaire_id}", responses={404: {"model": ErrorOut}})
async def by_id(luminaire_id: str, lamps: LampsPart, view: CityView) -> LuminaireOut:
    """One lamp."""
    return await lamps.by_id(luminaire_id, view)


@router.get("/luminaires")
async def search(
    lamps: LampsPart,
    view: CityView,
    search: Annotated[str, Query(max_length=200)] = "",
    ward: Annotated[str | None, Query(max_length=64, description="an id")] = None,
    street: Annotated[str | None, Query(max_length=120, description="the whole name")] = None,
    cabinet: Annotated[str | None, Query(max_length=64, description="an id")] = None,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> LuminairesOut:
    """Lamps by words of their id, pole, street, ward or cabinet; also of one ward, street or cabinet alone."""
    return await lamps.search(Wanted(search, ward, street, cabinet), offset, limit, view)


@router.get("/overview")
async def overview(overviews: OverviewsPart, view: CityView) -> OverviewOut:
    """The city at a glance, as far as who asks may see it."""
    return await overviews.look(view)
