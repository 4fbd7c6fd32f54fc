"""The cells of a row about a luminaire: what each says, or what is wrong with it."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any, get_args

from protocols.inventory import ROAD_CLASSES, City, Luminaire, Use
from protocols.lamp_table import REQUIRED, Figures, Mistake, MistakeCode, Row, mistake
from protocols.names import is_id

PHASES = ("A", "B", "C")
USES: tuple[str, ...] = get_args(Use)
LONGEST = {"pole": 40, "street": 120}
HIGHEST_M = 60.0
MARGIN = 0.05  # degrees (5 km) round everything that stands in a city: farther off a place is a slip of the pen
_SUGGESTED = 200  # different words for which the nearest known one is looked up: a file of nonsense is answered, too
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{0,20})?([eE][+-]?\d{1,3})?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d{1,15},\d{1,20}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MAY_BE_EMPTY = frozenset({"pole", "street"})


@dataclass(frozen=True, slots=True)
class Frame:
    """Degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude: float, latitude: float) -> bool:
        """True for a place inside."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north


def frame_of(city: City) -> Frame:
    """Round everything of a city whose place is known."""
    places = [city.centre, *(ward.label_at for ward in city.wards), *city.cabinets, *city.stations, *city.luminaires]
    corners = [(place.longitude, place.latitude) for place in places]
    corners += [at for ward in city.wards for polygon in ward.outline for at in polygon[0]]
    east, north = zip(*corners, strict=True)
    west, south = max(min(east) - MARGIN, -180), max(min(north) - MARGIN, -90)
    return Frame(west, south, min(max(east) + MARGIN, 180), min(max(north) + MARGIN, 90))


@dataclass(frozen=True, slots=True)
class Taken:
    """Ids that a luminaire may not have: of other things, and of all other cities; and other cities' segments."""

    ids: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()


class _Wrong(Exception):
    """A cell that cannot be taken."""

    def __init__(self, code: MistakeCode, **figures: str | float) -> None:
        super().__init__(code)
        self.code, self.figures = code, figures


class CellReader:
    """Makes a luminaire of each row, or says what is wrong with each of its cells."""

    def __init__(self, city: City, taken: Taken, new_segments: bool) -> None:
        self.mistakes: list[Mistake] = []
        self._taken, self._new_segments = taken, new_segments
        self._held = {lamp.id: lamp for lamp in city.luminaires}
        self._frame = frame_of(city)
        self._asked: dict[tuple[MistakeCode, str], str] = {}
        self._cabinets = {cabinet.id: None for cabinet in city.cabinets}
        self._types = {kind.id: None for kind in city.luminaire_types}
        self._wards = {ward.id: None for ward in city.wards}
        self._segments = {lamp.segment: None for lamp in city.luminaires}

    def lamp(self, row: Row) -> Luminaire | None:
        """The luminaire, if all of its cells are right; else `mistakes` has grown, or a column is not in the file."""
        before, said = len(self.mistakes), dict[str, Any]()
        for column, text in row.cells.items():
            try:
                said[column] = self._value(column, text)
            except _Wrong as wrong:
                self._tell(row, column, wrong.code, wrong.figures)
        self._place(row, said)
        if len(self.mistakes) > before or any(column not in said for column in REQUIRED):
            return None
        held = self._held.get(said["id"])
        return Luminaire(**{**(dict(held) if held else {}), **said})

    def _tell(self, row: Row, column: str, code: MistakeCode, figures: Figures) -> None:
        self.mistakes.append(mistake(row.number, column, row.cells[column], code, **figures))

    def _value(self, column: str, text: str) -> Any:
        if not text and column in REQUIRED and column not in _MAY_BE_EMPTY:
            raise _Wrong(MistakeCode.MISSING)
        if "\0" in text:
            raise _Wrong(MistakeCode.NUL)
        if not text and column not in REQUIRED:
            return "road" if column == "use" else None
        return self._read[column](text)

    @cached_property
    def _read(self) -> Mapping[str, Callable[[str], Any]]:
        return {
            "id": self._id,
            "cabinet": lambda text: self._known(text, self._cabinets, MistakeCode.UNKNOWN_CABINET),
            "phase": lambda text: _one_of(text, PHASES, MistakeCode.UNKNOWN_PHASE),
            "segment": self._segment,
            "pole": lambda text: _short(text, LONGEST["pole"]),
            "type": lambda text: self._known(text, self._types, MistakeCode.UNKNOWN_TYPE),
            "ward": lambda text: self._known(text, self._wards, MistakeCode.UNKNOWN_WARD),
            "street": lambda text: _short(text, LONGEST["street"]),
            "longitude": _number,
            "latitude": _number,
            "road_class": lambda text: _one_of(text, ROAD_CLASSES, MistakeCode.UNKNOWN_ROAD_CLASS),
            "use": lambda text: _one_of(text, USES, MistakeCode.UNKNOWN_USE),
            "installed_on": _day,
            "height_m": _height,
        }

    def _id(self, text: str) -> str:
        if not is_id(text):
            raise _Wrong(MistakeCode.BAD_ID)
        if text in self._taken.ids:
            raise _Wrong(MistakeCode.ID_TAKEN)
        return text

    def _segment(self, text: str) -> str:
        if not is_id(text):
            raise _Wrong(MistakeCode.BAD_ID)
        if text in self._taken.segments:
            raise _Wrong(MistakeCode.SEGMENT_TAKEN)
        return text if self._new_segments else self._known(text, self._segments, MistakeCode.UNKNOWN_SEGMENT)

    def _known(self, text: str, known: Mapping[str, None], code: MistakeCode) -> str:
        if text in known:
            return text
        raise _Wrong(code, right=self._nearest(text, known, code))

    def _nearest(self, text: str, known: Mapping[str, None], code: MistakeCode) -> str:
        asked = (code, text[:64])
        if asked not in self._asked and len(self._asked) < _SUGGESTED:
            self._asked[asked] = "".join(get_close_matches(text[:64], known, n=1))
        return self._asked.get(asked, "")

    def _place(self, row: Row, said: Mapping[str, Any]) -> None:
        """Both at once: alone, neither says that they were exchanged."""
        longitude, latitude = said.get("longitude"), said.get("latitude")
        if longitude is None or latitude is None or self._frame.holds(longitude, latitude):
            return
        if self._frame.holds(latitude, longitude):
            right = {"longitude": latitude, "latitude": longitude}
            self._tell(row, "longitude", MistakeCode.EXCHANGED, right)
            return
        for column, low, high in (
            ("longitude", self._frame.west, self._frame.east),
            ("latitude", self._frame.south, self._frame.north),
        ):
            if not low <= said[column] <= high:
                self._tell(row, column, MistakeCode.OUTSIDE_CITY, {"low": round(low, 4), "high": round(high, 4)})


def _one_of(text: str, known: Sequence[str], code: MistakeCode) -> str:
    if text not in known:
        raise _Wrong(code, known=", ".join(known))
    return text


def _short(text: str, most: int) -> str:
    if len(text) > most:
        raise _Wrong(MistakeCode.TOO_LONG, most=most)
    return text


def _number(text: str) -> float:
    if _COMMA.fullmatch(text):
        raise _Wrong(MistakeCode.DECIMAL_COMMA, right=text.replace(",", "."))
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise _Wrong(MistakeCode.NOT_A_NUMBER)
    return float(text)


def _height(text: str) -> float:
    height = _number(text)
    if not 0 < height <= HIGHEST_M:
        raise _Wrong(MistakeCode.OUT_OF_RANGE, low=0, high=HIGHEST_M)
    return height


def _day(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _Wrong(MistakeCode.BAD_DATE, right=_meant(text))


def _meant(text: str) -> str:
    """The day is written before the month in Vietnam."""
    try:
        return datetime.strptime(text.replace("-", "/").replace(".", "/"), "%d/%m/%Y").date().isoformat()  # noqa: DTZ007
    except ValueError:
        return ""
