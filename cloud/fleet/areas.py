"""The outlines of a city's wards from GeoJSON, and what is wrong with them."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

import orjson
from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from protocols.inventory import City, Polygon, Ward
from protocols.lamp_table import Figures, Mistake, MistakeCode, mistake
from rules.fleet_outlines import simplified
from rules.lamp_cells import Frame, frame_of


def _flat(place: Any) -> Any:
    """Without the height that a place may have."""
    return place[:2] if isinstance(place, list) and len(place) == 3 else place


_Drawn = Annotated[tuple[Annotated[tuple[float, float], BeforeValidator(_flat)], ...], Field(min_length=4)]
_DRAWN = TypeAdapter(tuple[Annotated[tuple[_Drawn, ...], Field(min_length=1)], ...])
# Where files of boundaries have a ward's id or its name; the first that says something counts.
_NAMED_BY = ("ward", "id", "code", "name_vi", "name", "name_en", "nameEn", "fullName", "fullNameEn")
_KINDS = ("phuong", "xa", "ward", "commune", "dac khu")  # said before or behind the name, or left out


@dataclass(frozen=True, slots=True)
class Areas:
    """The outlines of wards, by their ids; with a mistake nothing is taken."""

    outlines: Mapping[str, tuple[Polygon, ...]]
    mistakes: Sequence[Mistake]


def read_areas(content: bytes, city: City) -> Areas:
    """A ward may have several features, one for each island. A feature's number counts from 1."""
    try:
        features = orjson.loads(content)["features"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        features = None
    if not isinstance(features, list):
        return Areas({}, [mistake(1, "", "", MistakeCode.NOT_GEOJSON)])
    mistakes: list[Mistake] = []
    wards, frame = _wards_by_name(city), frame_of(city)
    found: dict[str, tuple[Polygon, ...]] = {}
    for number, feature in enumerate(features, 1):
        ward = _ward(number, feature, wards, mistakes.append)
        polygons = _polygons(number, feature, frame, mistakes.append)
        if ward is not None:
            found[ward] = (*found.get(ward, ()), *polygons)
    if not features:
        mistakes.append(mistake(1, "", "", MistakeCode.NO_ROWS))
    return Areas({ward: simplified(outline) for ward, outline in found.items()}, mistakes)


def outlined(city: City, areas: Areas) -> City:
    """The city with these outlines; a ward that is not in the file keeps its own."""
    wards = tuple(_with_outline(ward, areas.outlines.get(ward.id, ward.outline)) for ward in city.wards)
    return city.model_copy(update={"wards": wards})


def _with_outline(ward: Ward, outline: tuple[Polygon, ...]) -> Ward:
    return ward.model_copy(update={"outline": outline})


def _wards_by_name(city: City) -> Mapping[str, str]:
    by_name = {_plain(name): ward.id for ward in city.wards for name in (ward.name.vi, ward.name.en)}
    return {**by_name, **{ward.id: ward.id for ward in city.wards}}


def _ward(number: int, feature: Any, wards: Mapping[str, str], tell: Callable[[Mistake], None]) -> str | None:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    said = [properties.get(key) for key in _NAMED_BY] if isinstance(properties, dict) else []
    names = [name for name in said if isinstance(name, str) and name]
    known = [wards[key] for name in names for key in (name, _plain(name)) if key in wards]
    if known:
        return known[0]
    first = names[0] if names else ""
    right = "".join(get_close_matches(_plain(first[:80]), wards, n=1))
    tell(mistake(number, "ward", first, MistakeCode.UNKNOWN_WARD, right=wards.get(right, "")))
    return None


def _plain(name: str) -> str:
    """`Phường Hồng Gai` and `Hong Gai Ward` as `hong gai`."""
    letters = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    words = "".join(letter for letter in letters if not unicodedata.combining(letter)).strip()
    for kind in _KINDS:
        words = words.removeprefix(f"{kind} ").removesuffix(f" {kind}")
    return words


def _polygons(number: int, feature: Any, frame: Frame, tell: Callable[[Mistake], None]) -> tuple[Polygon, ...]:
    """What a feature outlines; nothing when that is wrong."""
    polygons = _read(feature.get("geometry") if isinstance(feature, dict) else None)
    wrong = _wrong(polygons, frame)
    if wrong is None:
        return polygons
    said, code, figures = wrong
    tell(mistake(number, "geometry", said, code, **figures))
    return ()


def _read(geometry: Any) -> tuple[Polygon, ...]:
    kind, rings = (geometry.get("type"), geometry.get("coordinates")) if isinstance(geometry, dict) else (None, None)
    if kind not in ("Polygon", "MultiPolygon"):
        return ()
    try:
        return _DRAWN.validate_python([rings] if kind == "Polygon" else rings)
    except ValidationError:
        return ()


def _wrong(polygons: tuple[Polygon, ...], frame: Frame) -> tuple[str, MistakeCode, Figures] | None:
    """What was said, what is wrong with it, and the figures."""
    if not polygons:
        return "", MistakeCode.NOT_A_POLYGON, {}
    if any(ring[0] != ring[-1] for polygon in polygons for ring in polygon):
        return "", MistakeCode.NOT_CLOSED, {}
    (x, y), turned = polygons[0][0][0], [[[(y, x) for x, y in ring] for ring in polygon] for polygon in polygons]
    if not _touches(frame, polygons) and _touches(frame, turned):
        return f"{x}, {y}", MistakeCode.EXCHANGED, {"longitude": y, "latitude": x}
    far = [at for polygon in polygons for ring in polygon for at in ring if abs(at[0]) > 180 or abs(at[1]) > 90]
    if far or not _touches(frame, polygons):
        x, y = far[0] if far else (x, y)
        return f"{x}, {y}", MistakeCode.OUTSIDE_CITY, {"low": frame.west, "high": frame.east}
    return None


def _touches(frame: Frame, polygons: Sequence[Sequence[Sequence[tuple[float, float]]]]) -> bool:
    """True when any corner lies in the city's frame: the ward of a city's edge reaches far into the hills."""
    return any(frame.holds(x, y) for polygon in polygons for x, y in polygon[0])
