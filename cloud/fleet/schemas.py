"""The city as the console sees it."""

from pydantic import BaseModel

from cloud.fleet.fleet import Fleet
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


def city_out(fleet: Fleet) -> CityOut:
    """An inventory as the console sees it."""
    cabinets = [{**vars(cabinet), "meters": fleet.meters[cabinet.id]} for cabinet in fleet.city.cabinets]
    known = {
        **vars(fleet.city),
        "cabinets": cabinets,
        "lamps": len(fleet.lamps),
        "inventory_version": fleet.version,
    }
    return CityOut.model_validate(known, from_attributes=True)
