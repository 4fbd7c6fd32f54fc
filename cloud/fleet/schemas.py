"""The cities as the console sees them."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from cloud.fleet.view import View
from protocols.inventory import Cabinet, City, Name, Place, Station
from rules.areas import PROVINCE, Area


class BoundsOut(BaseModel):
    """A frame round some places, degrees."""

    west: float
    south: float
    east: float
    north: float


class SiteOut(BaseModel):
    """One city. `bounds` frames what is seen of it."""

    id: str
    name: Name
    timezone: str
    centre: Place
    survey: Name
    lamps: int
    bounds: BoundsOut | None


class AreaOut(BaseModel):
    """An area, of which `lamps` are seen; `path` is what a grant is over."""

    path: str
    name: Name
    kind: Literal["province", "city", "ward"]
    lamps: int


class WardOut(BaseModel):
    id: str
    site: str
    name: Name
    label_at: Place


class StationOut(BaseModel):
    id: str
    kind: str
    name: Name
    ward: str
    longitude: float
    latitude: float


class CameraOut(BaseModel):
    id: str
    name: Name
    ward: str
    longitude: float
    latitude: float


class CabinetOut(BaseModel):
    id: str
    ward: str
    street: str
    longitude: float
    latitude: float
    edge: str
    meters: list[str]


class CityOut(BaseModel):
    """What does not change while an inventory version is in force.

    `site`, `timezone`, `centre` and `survey` are those of the first of `sites`; `name` is the city's, or the province's
    where several are seen.
    """

    site: str
    name: Name
    timezone: str
    centre: Place
    survey: Name
    sites: list[SiteOut]
    bounds: BoundsOut | None = Field(description="frames everything that is seen")
    wards: list[WardOut]
    lamps: int
    stations: list[StationOut]
    cameras: list[CameraOut]
    cabinets: list[CabinetOut]
    inventory_version: int


def city_out(view: View, province: Name) -> CityOut:
    """What somebody sees of the inventories."""
    fleet, sites = view.fleet, [_site_out(view, city) for city in view.sites]
    seen = [cabinet for cabinet in fleet.cabinets.values() if view.sees(cabinet.id)]
    known = {
        **vars(view.first),
        "name": province if len(sites) > 1 else view.first.name,
        "sites": sites,
        "bounds": _bounds([place for city in view.sites for place in _places(view, city)]),
        "wards": [{**vars(fleet.wards[name]), "site": city.site} for city in view.sites for name in _wards(view, city)],
        "stations": [station for station in fleet.stations if view.sees(station.id)],
        "cameras": [camera for camera in fleet.cameras if view.sees(camera.id)],
        "cabinets": [{**vars(cabinet), "meters": fleet.meters[cabinet.id]} for cabinet in seen],
        "lamps": len(view.lamps),
        "inventory_version": fleet.version,
    }
    return CityOut.model_validate(known, from_attributes=True)


def areas_out(view: View, province: Name) -> list[AreaOut]:
    """The province, the cities and the wards that somebody sees, each before what lies in it."""
    cities = [area for city in view.sites for area in _areas_of(view, city)]
    lamps = sum(area.lamps for area in cities if area.kind == "city")
    return [AreaOut(path=str(PROVINCE), name=province, kind="province", lamps=lamps), *cities]


def _areas_of(view: View, city: City) -> list[AreaOut]:
    counts = view.fleet.lamps_of_ward
    wards = [
        AreaOut(
            path=str(Area(city.site, ward)), name=view.fleet.wards[ward].name, kind="ward", lamps=counts.get(ward, 0)
        )
        for ward in _wards(view, city)
    ]
    whole = sum(ward.lamps for ward in wards)
    return [AreaOut(path=str(Area(city.site)), name=city.name, kind="city", lamps=whole), *wards]


def _site_out(view: View, city: City) -> SiteOut:
    lamps = sum(view.fleet.lamps_of_ward.get(ward, 0) for ward in _wards(view, city))
    return SiteOut(
        id=city.site,
        name=city.name,
        timezone=city.timezone,
        centre=city.centre,
        survey=city.survey,
        lamps=lamps,
        bounds=_bounds(_places(view, city)),
    )


def _wards(view: View, city: City) -> list[str]:
    return [ward.id for ward in city.wards if view.wards is None or ward.id in view.wards]


def _places(view: View, city: City) -> Sequence[Place]:
    """The cabinets and stations that are seen: lamps hang round them."""
    standing: list[Cabinet | Station] = [*city.cabinets, *city.stations]
    return [thing for thing in standing if view.sees(thing.id)]


def _bounds(places: Sequence[Place]) -> BoundsOut | None:
    if not places:
        return None
    longitudes, latitudes = [place.longitude for place in places], [place.latitude for place in places]
    return BoundsOut(west=min(longitudes), south=min(latitudes), east=max(longitudes), north=max(latitudes))
