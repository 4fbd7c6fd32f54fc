"""What stands in a city and where: the document that the cloud imports and an edge's part of it is hashed from.

Topology follows the electricity: city > ward > cabinet > phase > segment > pole > luminaire.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from protocols.config import Bounded, ConfigModel
from protocols.names import Id, Words

Longitude = float
Latitude = float
# How bright a road has to be: of EN 13201-1, then of QCVN 07-7 (figures: rules/road_class.py).
ROAD_CLASSES = ("M1", "M2", "M3", "M4", "M5", "M6", "A", "B1", "B2", "C1", "C2", "D1", "D2", "E")
RoadClass = Annotated[str, StringConstraints(pattern=f"^({'|'.join(ROAD_CLASSES)})$")]
Use = Literal["road", "crossing", "tunnel", "bridge", "park", "square", "monument", "facade"]  # what a luminaire lights
Control = Literal["dimmable", "relay"]  # a relay knows 0 and 100 % (rules/relay.py)


def _timezone(name: str) -> str:
    """The database of time zones is part of Python, so this is no I/O."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone; write one as in Asia/Ho_Chi_Minh") from error
    return name


Timezone = Annotated[str, AfterValidator(_timezone)]


class Name(Bounded):
    """A name in both languages of the console."""

    vi: str = Field(min_length=1, max_length=120)
    en: str = Field(min_length=1, max_length=120)


class Place(ConfigModel):
    """A point on WGS 84, degrees."""

    longitude: Longitude = Field(ge=-180, le=180)
    latitude: Latitude = Field(ge=-90, le=90)


def _is_unset(value: object) -> bool:
    """True of what an inventory from before there was such a field says: nothing. It is written down like that, too."""
    return value is None or value == ()


_Degrees = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]
Ring = Annotated[tuple[_Degrees, ...], Field(min_length=4)]  # as in GeoJSON: the last place is the first
Polygon = Annotated[tuple[Ring, ...], Field(min_length=1)]  # the outer ring, then its holes


class Ward(ConfigModel):
    """`outline` has a polygon for the mainland and one for every island; without one the ward is only a name."""

    id: Id
    name: Name
    label_at: Place
    outline: tuple[Polygon, ...] = Field(default=(), exclude_if=_is_unset)


class LuminaireType(ConfigModel):
    """`expected_power` is a curve of (level %, W), rising in level, at nominal voltage; `driver` is what is between
    the controller and the light, in the field's words (DALI, 0-10V)."""

    id: Id
    rated_power_w: float = Field(gt=0, le=5000)
    expected_power: tuple[tuple[float, float], ...] = Field(min_length=2)
    warm_up_s: float = Field(default=0, ge=0, le=600)
    control: Control = Field(default="dimmable", exclude_if=lambda control: control == "dimmable")
    driver: Words | None = Field(default=None, min_length=1, max_length=40, exclude_if=_is_unset)

    @field_validator("expected_power")
    @classmethod
    def _is_a_rising_curve(cls, curve: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        for level, power in curve:
            if not 0 <= level <= 100:
                raise ValueError(f"a level is 0 to 100 %, not {level:g}")
            if not power >= 0:
                raise ValueError(f"power is not negative, not {power:g}")
        for (before, _), (level, _) in pairwise(curve):
            if level <= before:
                raise ValueError(f"levels must rise; {level:g} does not follow {before:g}")
        return curve


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
    road_class: RoadClass | None = Field(default=None, exclude_if=_is_unset)
    use: Use = Field(default="road", exclude_if=lambda use: use == "road")
    installed_on: date | None = Field(default=None, exclude_if=_is_unset)
    height_m: float | None = Field(default=None, gt=0, le=60, exclude_if=_is_unset)


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


class Group(ConfigModel):
    """Lamps that are looked at together wherever they hang: a coast road, a park. A lamp may be in several groups."""

    id: Id
    name: Name
    members: tuple[Id, ...] = Field(min_length=1)


class City(ConfigModel):
    """A whole inventory. The order of `luminaires` is the index under which the live map names them."""

    v: Literal[1] = 1
    site: Id
    name: Name
    timezone: Timezone
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
    groups: tuple[Group, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for advice in _misfits(self):
            raise ValueError(advice)
        return self


def _misfits(city: City) -> Iterator[str]:
    devices: list[Cabinet | Luminaire | Meter | Station | Camera]
    devices = [*city.cabinets, *city.luminaires, *city.meters, *city.stations, *city.cameras]
    lists = ([d.id for d in devices], city.edges, [w.id for w in city.wards], [t.id for t in city.luminaire_types])
    for listed in (*lists, [g.id for g in city.groups]):
        yield from (f"{name} stands twice" for name, times in Counter(listed).items() if times > 1)
    yield from _misfits_of_groups(city)
    known = {
        "edge": ("edge", set(city.edges)),
        "ward": ("ward", {w.id for w in city.wards}),
        "cabinet": ("cabinet", {c.id for c in city.cabinets}),
        "type": ("luminaire type", {t.id for t in city.luminaire_types}),
    }
    for device in devices:
        for field, (what, names) in known.items():
            named = getattr(device, field, None)
            if named is not None and named not in names:
                yield f"{device.id}: there is no {what} {named}"


def _misfits_of_groups(city: City) -> Iterator[str]:
    lamps = {lamp.id for lamp in city.luminaires}
    for group in city.groups:
        for name, times in Counter(group.members).items():
            if times > 1:
                yield f"{group.id}: {name} stands twice"
            if name not in lamps:
                yield f"{group.id}: there is no luminaire {name}"
