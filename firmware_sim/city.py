"""The city of the simulator as one YAML file: coast and main roads drawn by hand, streets and lamps generated."""

import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from protocols import config
from protocols.config import ConfigError, ConfigModel, Found
from protocols.inventory import LuminaireType, Name, Place, RoadClass, Timezone, Use
from protocols.names import Id
from protocols.profiles import KnownProfile, library, mqtt

CITIES = resources.files(__name__.rpartition(".")[0]) / "cities"

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(m|km)")


def length(text: object) -> float:
    """Metres from `28m` or `1.2km`. Raises ValueError with what would be right."""
    match = _LENGTH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a length; write a number and a unit, as in 28m or 1.2km")
    return float(match[1]) * (1000 if match[2] == "km" else 1)


Length = Annotated[float, BeforeValidator(length), Field(gt=0)]
Degrees = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]  # longitude, latitude
StreetClass = Literal["primary", "secondary", "residential"]


class Land(ConfigModel):
    """A piece of land, its outline drawn by hand."""

    name: Name
    outline: tuple[Degrees, ...] = Field(min_length=3)


class WardSpec(ConfigModel):
    """A ward. What stands nearest to its label, or to one of the points `near`, belongs to it."""

    id: Id
    name: Name
    label_at: Degrees
    near: tuple[Degrees, ...] = ()


class Arterial(ConfigModel):
    """A main road through way points. It may leave the land, as a bridge does."""

    name: str = Field(min_length=1, max_length=40)
    line: tuple[Degrees, ...] = Field(min_length=2)


class District(ConfigModel):
    """A built-up area round a point, with a grid of streets turned by `turn` degrees from east to north."""

    at: Degrees
    reach: Length
    turn: float = Field(ge=-180, le=180)
    long_side: Length = 115.0
    short_side: Length = 58.0


class Lighting(ConfigModel):
    """How one class of street is lit."""

    lamp_every: Length
    offset: Length = Field(description="from the middle of the street to the pole")
    both_sides: bool = False
    types: tuple[Id, ...] = Field(min_length=1)
    road_class: RoadClass | None = None


class StationSpec(ConfigModel):
    """A water or air station."""

    id: Id
    kind: Literal["water_station", "air_station"]
    profile: KnownProfile
    name: Name
    at: Degrees


class CameraSpec(ConfigModel):
    """A street camera."""

    id: Id
    name: Name
    at: Degrees


class GroupSpec(ConfigModel):
    """Lamps that belong together: all on some streets, or all within reach of a point. What they light, if they do not
    light a road; of several groups the last says so."""

    id: Id
    name: Name
    streets: tuple[str, ...] = ()
    at: Degrees | None = None
    reach: Length = 300.0
    use: Use | None = None


class Make(ConfigModel):
    """Luminaires of one make that speak MQTT; behind a gateway, if it has a name."""

    profile: str
    lamps: int = Field(ge=1)
    gateway: Id | None = None


class MqttSpec(ConfigModel):
    """A place whose lamps speak MQTT themselves: those nearest to the point, in a city that is large enough."""

    at: Degrees
    from_lamps: int = Field(ge=1, description="a smaller city has none")
    makes: tuple[Make, ...] = Field(min_length=1)


class CitySpec(ConfigModel):
    """A whole city, before it is expanded into streets, lamps and cabinets."""

    site: Id
    prefix: Annotated[str, Field(pattern="^[A-Z]{2,4}$")]
    name: Name
    timezone: Timezone
    centre: Place
    survey: Name
    seed: int
    lamps: int = Field(ge=1, description="how many, unless the command line says otherwise")
    base_port: int = Field(default=15020, ge=0, le=60_000, description="of the first cabinet; 0 is any free port")
    camera_port: int = Field(default=8554, ge=0, le=65_535)
    cabinet_lamps: int = Field(default=120, ge=3, le=120)
    luminaire_profile: KnownProfile = "haidang-segment-controller"
    meter_profile: KnownProfile = "eastron-sdm630"
    land: tuple[Land, ...] = Field(min_length=1)
    wards: tuple[WardSpec, ...] = Field(min_length=1)
    arterials: tuple[Arterial, ...] = Field(min_length=1)
    districts: tuple[District, ...] = Field(min_length=1)
    street_names: tuple[str, ...] = Field(min_length=1)
    lighting: dict[StreetClass, Lighting]
    luminaire_types: tuple[LuminaireType, ...] = Field(min_length=1)
    stations: tuple[StationSpec, ...] = ()
    cameras: tuple[CameraSpec, ...] = ()
    groups: tuple[GroupSpec, ...] = ()
    mqtt: MqttSpec | None = None


def load_city(file: Path) -> CitySpec:
    """Read a city. Raises ConfigError with file, line, key and advice; OSError when it cannot be read."""
    document = config.parse(file.read_bytes(), file.name)
    spec = config.validate(document, CitySpec)
    problems = [document.problem(path, advice) for path, advice in _mistakes(spec)]
    if problems:
        raise ConfigError(problems)
    return spec


def _mistakes(spec: CitySpec) -> Found:
    """What is wrong between the parts; each part alone is right."""
    yield from _named_twice(spec)
    yield from _unlit(spec)
    yield from _wrong_kinds(spec)
    yield from _unknown_streets(spec)
    yield from _unplayed_makes(spec)


def _unplayed_makes(spec: CitySpec) -> Found:
    for n, make in enumerate(spec.mqtt.makes if spec.mqtt else ()):
        if make.profile not in mqtt.library():
            advice = f"{make.profile} does not speak MQTT; there are {', '.join(mqtt.library())}"
            yield ("mqtt", "makes", n, "profile"), advice


def _named_twice(spec: CitySpec) -> Found:
    stations = [(("stations", n, "id"), s.id) for n, s in enumerate(spec.stations)]
    cameras = [(("cameras", n, "id"), c.id) for n, c in enumerate(spec.cameras)]
    yield from config.repeated([*stations, *cameras])
    yield from config.repeated((("wards", n, "id"), w.id) for n, w in enumerate(spec.wards))
    yield from config.repeated((("luminaire_types", n, "id"), t.id) for n, t in enumerate(spec.luminaire_types))
    yield from config.repeated((("groups", n, "id"), g.id) for n, g in enumerate(spec.groups))


def _unlit(spec: CitySpec) -> Found:
    """Every class of street needs its lamps, and every lamp its type."""
    known = [t.id for t in spec.luminaire_types]
    for street in get_args(StreetClass):
        if street not in spec.lighting:
            yield ("lighting", street), "is missing"
    for street, lighting in spec.lighting.items():
        for n, name in enumerate(lighting.types):
            if name not in known:
                yield ("lighting", street, "types", n), f"no luminaire type {name}; there are {', '.join(known)}"


def _wrong_kinds(spec: CitySpec) -> Found:
    wanted: list[tuple[config.Path, str, str]]
    wanted = [
        (("luminaire_profile",), spec.luminaire_profile, "luminaire"),
        (("meter_profile",), spec.meter_profile, "meter"),
    ]
    wanted += [(("stations", n, "profile"), s.profile, s.kind) for n, s in enumerate(spec.stations)]
    for path, profile, kind in wanted:
        found = library()[profile].kind
        if found != kind:
            yield path, f"{profile} is of kind {found}, not {kind}"


def _unknown_streets(spec: CitySpec) -> Found:
    known = {street.name for street in spec.arterials} | set(spec.street_names)
    for n, group in enumerate(spec.groups):
        for m, street in enumerate(group.streets):
            if street not in known:
                yield ("groups", n, "streets", m), f"no street of this city is called {street}"
