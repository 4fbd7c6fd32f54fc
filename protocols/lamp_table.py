"""Luminaires as a table: a line of CSV or a point of GeoJSON for each, with the same fields.

CSV is UTF-8 with a byte order mark, for without one spreadsheets take it for something else; read is either. Text that
a spreadsheet would run as a formula is written with an apostrophe before it, which is taken off again.
"""

import csv
import difflib
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from protocols.inventory import Luminaire

REQUIRED = ("id", "cabinet", "phase", "segment", "pole", "type", "ward", "street", "longitude", "latitude")
OPTIONAL = ("road_class", "use", "installed_on", "height_m")
COLUMNS = (*REQUIRED, *OPTIONAL)
_NUMBERS = frozenset({"longitude", "latitude", "height_m"})
_POINT = ("longitude", "latitude")  # in GeoJSON the geometry
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"
_BOM = "\ufeff"
_SHOWN = 80  # letters of a cell that are told back


class MistakeCode(StrEnum):
    """What can be wrong with a table; the console has a text for each in both languages. Behind each: its figures."""

    NOT_UTF8 = "not_utf8"
    NOT_CSV = "not_csv"  # a quotation mark that nobody closes; what follows it cannot be read
    NOT_GEOJSON = "not_geojson"
    NO_ROWS = "no_rows"
    UNKNOWN_COLUMN = "unknown_column"  # right: the one that may be meant, or ""
    MISSING_COLUMN = "missing_column"
    COLUMN_TWICE = "column_twice"
    TOO_MANY_CELLS = "too_many_cells"  # most
    NOT_A_POINT = "not_a_point"
    NOT_A_POLYGON = "not_a_polygon"  # the next two: of the outlines of wards
    NOT_CLOSED = "not_closed"
    NOT_TEXT = "not_text"
    MISSING = "missing"
    NUL = "nul"
    TOO_LONG = "too_long"  # most: letters
    BAD_ID = "bad_id"
    NOT_A_NUMBER = "not_a_number"
    DECIMAL_COMMA = "decimal_comma"  # right
    OUT_OF_RANGE = "out_of_range"  # low, high
    BAD_DATE = "bad_date"  # right: as in 2024-05-31, or ""
    EXCHANGED = "exchanged"  # longitude, latitude: as they would be right
    OUTSIDE_CITY = "outside_city"  # low, high: degrees
    OUTSIDE_WARD = "outside_ward"  # right: the ward that it stands in, or ""
    UNKNOWN_CABINET = "unknown_cabinet"  # right: the one that may be meant, or ""; so for all that are unknown
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_WARD = "unknown_ward"
    UNKNOWN_SEGMENT = "unknown_segment"
    UNKNOWN_PHASE = "unknown_phase"  # known: all of them; so for the next two
    UNKNOWN_ROAD_CLASS = "unknown_road_class"
    UNKNOWN_USE = "unknown_use"
    ID_TWICE = "id_twice"  # first: the row where it stands first
    ID_TAKEN = "id_taken"  # by something else, or in another city
    SEGMENT_TAKEN = "segment_taken"  # in another city
    SEGMENT_ON_TWO_CABINETS = "segment_on_two_cabinets"  # segment, right: the cabinet of most of its luminaires
    SEGMENT_ON_TWO_PHASES = "segment_on_two_phases"  # segment, right: the phase of most of its luminaires
    POLE_IN_TWO_PLACES = "pole_in_two_places"  # other: the luminaire on the same pole, metres
    LOCKED_OUT = "locked_out"  # would hang at another edge, or nowhere; its lock-out is kept where it hangs now


Figures = Mapping[str, str | float]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong. `row` counts as a spreadsheet does, with the head as row 1; in GeoJSON it is the
    feature's place, from 1. Without a `column` it is the whole row, or the whole file."""

    row: int
    column: str
    value: str
    code: MistakeCode
    figures: Figures


@dataclass(frozen=True, slots=True)
class Row:
    """The cells that a row has, by their column, with nothing round them. A column that is not there is not empty."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What could be read, and what could not."""

    rows: Sequence[Row]
    mistakes: Sequence[Mistake]


def mistake(row: int, column: str, value: str, code: MistakeCode, **figures: str | float) -> Mistake:
    """A mistake, and as much of the cell as one line shows."""
    return Mistake(row, column, value[:_SHOWN].replace("\0", "\\0"), code, figures)


def _unknown_column(row: int, name: str) -> Mistake:
    meant = difflib.get_close_matches(name[:_SHOWN].casefold(), COLUMNS, n=1)
    return mistake(row, name[:_SHOWN], name, MistakeCode.UNKNOWN_COLUMN, right="".join(meant))


# Writing


def csv_text(lamps: Iterable[Luminaire]) -> Iterator[str]:
    """The head, then a line for each, with the line ends of RFC 4180."""
    yield _BOM + ",".join(COLUMNS) + "\r\n"
    for lamp in lamps:
        line = io.StringIO()
        csv.writer(line).writerow(_neutral(column, text) for column, text in cells_of(lamp).items())
        yield line.getvalue()


def geojson_text(lamps: Iterable[Luminaire]) -> Iterator[bytes]:
    """A FeatureCollection of points, a feature at a time."""
    yield b'{"type":"FeatureCollection","features":['
    for n, lamp in enumerate(lamps):
        yield (b",\n" if n else b"\n") + orjson.dumps(_feature(lamp))
    yield b"\n]}\n"


def cells_of(lamp: Luminaire) -> Mapping[str, str]:
    """A luminaire as text, by column; what is not known is empty."""
    return {column: _cell(getattr(lamp, column)) for column in COLUMNS}


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _neutral(column: str, text: str) -> str:
    return f"'{text}" if column not in _NUMBERS and text.lstrip("'").startswith(_FORMULA) else text


def _feature(lamp: Luminaire) -> Mapping[str, Any]:
    known = {column: getattr(lamp, column) for column in COLUMNS if column not in _POINT}
    point = {"type": "Point", "coordinates": [lamp.longitude, lamp.latitude]}
    return {"type": "Feature", "id": lamp.id, "geometry": point, "properties": known}


# Reading


def read_csv(content: bytes) -> Table:
    """A table whose columns are parted by commas, semicolons or tabs."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        return Table((), (mistake(row, "", "", MistakeCode.NOT_UTF8),))
    records, broken = _records(text)
    head = _trimmed([_plain(cell) for cell in records[0]]) if records else []
    known = [name if name in COLUMNS and name not in head[:n] else None for n, name in enumerate(head)]
    rows = [Row(n, _row(known, record)) for n, record in enumerate(records[1:], 2) if any(map(str.strip, record))]
    long = [n for n, record in enumerate(records[1:], 2) if any(map(str.strip, record[len(head) :]))]
    extra = [mistake(n, "", "", MistakeCode.TOO_MANY_CELLS, most=len(head)) for n in long]
    return Table(rows, (*_of_head(head), *extra, *broken))


def _records(text: str) -> tuple[list[list[str]], list[Mistake]]:
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    records: list[list[str]] = []
    try:
        records.extend(reader)
    except csv.Error:
        return records, [mistake(len(records) + 1, "", "", MistakeCode.NOT_CSV)]
    return records, []


def _trimmed(head: list[str]) -> list[str]:
    """Without the empty columns at the end that spreadsheets leave behind."""
    while head and not head[-1]:
        head.pop()
    return head


def _of_head(head: Sequence[str]) -> Iterator[Mistake]:
    for n, name in enumerate(head):
        if name not in COLUMNS:
            yield _unknown_column(1, name)
        elif name in head[:n]:
            yield mistake(1, name, name, MistakeCode.COLUMN_TWICE)
    yield from (mistake(1, name, "", MistakeCode.MISSING_COLUMN) for name in REQUIRED if name not in head)


def _row(known: Sequence[str | None], record: Sequence[str]) -> Mapping[str, str]:
    """A row that ends early has empty cells at its end."""
    padded = [*record, *[""] * (len(known) - len(record))]
    return {name: taken_back(_plain(cell)) for name, cell in zip(known, padded, strict=False) if name}


def taken_back(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running it."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text


def _plain(text: str) -> str:
    """Vietnamese has two ways to write its marks, which look alike; this is the one that keyboards make."""
    return unicodedata.normalize("NFC", text.strip(" \t\r\n\u00a0"))


def read_geojson(content: bytes) -> Table:
    """The points of a FeatureCollection, or of a single feature."""
    try:
        features = orjson.loads(content)["features"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        features = None
    if not isinstance(features, list):
        return Table((), (mistake(1, "", "", MistakeCode.NOT_GEOJSON),))
    mistakes: list[Mistake] = []
    unknown: set[str] = set()
    rows = [_point(n, feature, unknown, mistakes.append) for n, feature in enumerate(features, 1)]
    return Table([row for row in rows if row.cells], mistakes)


def _point(number: int, feature: Any, unknown: set[str], tell: Callable[[Mistake], None]) -> Row:
    """A property that nobody knows is told of where it stands first."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        tell(mistake(number, "", "", MistakeCode.NOT_A_POINT))
        return Row(number, {})
    for name in properties.keys() - unknown - {column for column in COLUMNS if column not in _POINT}:
        unknown.add(name)
        tell(_unknown_column(number, name))
    said = {name: value for name, value in properties.items() if name in COLUMNS and name not in _POINT}
    cells = {name: "" for name in REQUIRED if name not in _POINT}
    for name, value in said.items():
        if isinstance(value, (bool, list, dict)):
            cells.pop(name, None)
            tell(mistake(number, name, orjson.dumps(value).decode(), MistakeCode.NOT_TEXT))
        else:
            cells[name] = _plain(_cell(value))
    return Row(number, {**cells, **_place(number, feature.get("geometry"), tell)})


def _place(number: int, geometry: Any, tell: Callable[[Mistake], None]) -> Mapping[str, str]:
    at = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if isinstance(at, list) and len(at) in (2, 3) and all(type(degrees) in (int, float) for degrees in at):
        return dict(zip(_POINT, map(str, at), strict=False))
    tell(mistake(number, "geometry", "", MistakeCode.NOT_A_POINT))
    return {}
