"""The city as the console sees it."""

from pydantic import BaseModel

from cloud.fleet.view import View
from protocols.inventory import Name, Place


class WardOut(BaseModel):
    id: str
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
    """What does not change while an inventory version is in force."""

    site: str
    name: Name
    timezone: str
    centre: Place
    survey: Name
    wards: list[WardOut]
    lamps: int
    stations: list[StationOut]
    cameras: list[CameraOut]
    cabinets: list[CabinetOut]
    inventory_version: int


def city_out(view: View) -> CityOut:
    """What somebody sees of an inventory."""
    fleet, city = view.fleet, view.fleet.city
    seen = [cabinet for cabinet in city.cabinets if view.sees(cabinet.id)]
    cabinets = [{**vars(cabinet), "meters": fleet.meters[cabinet.id]} for cabinet in seen]
    known = {
        **vars(city),
        "wards": [ward for ward in city.wards if view.wards is None or ward.id in view.wards],
        "stations": [station for station in city.stations if view.sees(station.id)],
        "cameras": [camera for camera in city.cameras if view.sees(camera.id)],
        "cabinets": cabinets,
        "lamps": len(view.lamps),
        "inventory_version": fleet.version,
    }
    return CityOut.model_validate(known, from_attributes=True)
