"""What stands in a city and where: the document that the cloud imports and an edge's part of it is hashed from.

Topology follows the electricity: city > ward > cabinet > phase > segment > pole > luminaire.
"""

from typing import Literal

from pydantic import Field

from protocols.config import ConfigModel
from protocols.names import Id

Longitude = float
Latitude = float


class Name(ConfigModel):
    """A name in both languages of the console."""

    vi: str = Field(min_length=1, max_length=120)
    en: str = Field(min_length=1, max_length=120)


class Place(ConfigModel):
    """A point on WGS 84, degrees."""

    longitude: Longitude = Field(ge=-180, le=180)
    latitude: Latitude = Field(ge=-90, le=90)


class Ward(ConfigModel):
    id: Id
    name: Name
    label_at: Place


class LuminaireType(ConfigModel):
    """`expected_power` is a curve of (level %, W), rising in level, at nominal voltage."""

    id: Id
    rated_power_w: float = Field(gt=0, le=5000)
    expected_power: tuple[tuple[float, float], ...] = Field(min_length=2)
    warm_up_s: float = Field(default=0, ge=0, le=600)


class Cabinet(Place):
    id: Id
    edge: Id
    ward: Id
    street: str = Field(max_length=120)


class Luminaire(Place):
    id: Id
    cabinet: Id
    phase: Literal["A", "B", "C"]
    segment: Id
    pole: str = Field(max_length=40)
    type: Id
    ward: Id
    street: str = Field(max_length=120)


class Meter(ConfigModel):
    id: Id
    cabinet: Id


class Station(Place):
    """A water or air station."""

    id: Id
    edge: Id
    ward: Id
    kind: Literal["water_station", "air_station"]
    name: Name


class Camera(Place):
    id: Id
    edge: Id
    ward: Id
    name: Name
    url: str = Field(max_length=300)


class City(ConfigModel):
    """A whole inventory. The order of `luminaires` is the index under which the live map names them."""

    v: Literal[1] = 1
    site: Id
    name: Name
    timezone: str
    centre: Place
    survey: Name = Field(description="where the positions come from, e.g. 'generated, not surveyed'")
    wards: tuple[Ward, ...]
    luminaire_types: tuple[LuminaireType, ...]
    edges: tuple[Id, ...]
    cabinets: tuple[Cabinet, ...]
    luminaires: tuple[Luminaire, ...]
    meters: tuple[Meter, ...] = ()
    stations: tuple[Station, ...] = ()
    cameras: tuple[Camera, ...] = ()
