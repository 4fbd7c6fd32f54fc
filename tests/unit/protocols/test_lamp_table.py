"""What is written as a table is read back the same, and a spreadsheet runs none of it."""

import csv
import io
from datetime import date

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.inventory import Luminaire
from protocols.lamp_table import COLUMNS, Table, cells_of, csv_text, geojson_text, read_csv, read_geojson

LAMP = Luminaire(
    id="HL-000001",
    cabinet="TC1",
    phase="A",
    segment="S1",
    pole="P 1",
    type="LED",
    ward="W1",
    street="Trần Phú",
    longitude=107.0812345,
    latitude=20.95,
    installed_on=date(2024, 5, 31),
    height_m=9.5,
)
HEAD = ",".join(COLUMNS)
LINE = "HL-1,TC1,A,S1,P1,LED,W1,Trần Phú,107.08,20.95,,,,"


def read(table: Table) -> list[dict[str, str]]:
    assert list(table.mistakes) == []
    return [dict(row.cells) for row in table.rows]


def told(content: str | bytes) -> list[tuple[int, str, str]]:
    table = read_csv(content.encode() if isinstance(content, str) else content)
    return [(one.row, one.column, one.code) for one in table.mistakes]


PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(lambda text: " ".join(text.split()))
FORMULA = st.builds("{}{}".format, st.sampled_from(["=", "+", "-", "@", "'=", "''", "'@"]), PLAIN)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(PLAIN | FORMULA, PLAIN | FORMULA), max_size=3))
def test_any_text_comes_back_and_no_cell_begins_like_a_formula(texts: list[tuple[str, str]]) -> None:
    plain = [tuple(read_csv(f"pole,street\r\n{_quoted(a)},{_quoted(b)}".encode()).rows) for a, b in texts]
    lamps = [LAMP.model_copy(update=row[0].cells) for row in plain if row]
    table = "".join(csv_text(lamps))
    cells = [list(cells_of(lamp).values()) for lamp in lamps]

    assert [list(row.values()) for row in read(read_csv(table.encode()))] == cells
    assert [list(row.values()) for row in read(read_geojson(b"".join(geojson_text(lamps))))] == [
        [*row[:8], *row[10:], *row[8:10]] for row in cells
    ]
    written = [cell for record in csv.reader(io.StringIO(table, newline="")) for cell in record]
    assert not [cell for cell in written if cell.startswith(("=", "+", "-", "@"))]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize(
    ("street", "written"),
    [("=1+1", "'=1+1"), ("-5", "'-5"), ("@x", "'@x"), ("+84", "'+84"), ("'=x", "''=x"), ("a=b", "a=b"), ("'a", "'a")],
)
def test_a_formula_is_neutral_and_taken_back(street: str, written: str) -> None:
    line = "".join(csv_text([LAMP.model_copy(update={"street": street})])).splitlines()[1]
    assert line.split(",")[7] == written
    assert read(read_csv(f"{HEAD}\n{line}".encode()))[0]["street"] == street


def test_a_table_begins_with_the_mark_that_spreadsheets_look_for() -> None:
    assert "".join(csv_text([])).encode() == b"\xef\xbb\xbf" + HEAD.encode() + b"\r\n"


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_columns_may_be_parted_as_spreadsheets_do(sign: str) -> None:
    assert read(read_csv(f"{HEAD}\n{LINE}".replace(",", sign).encode()))[0]["street"] == "Trần Phú"


def test_marks_that_look_alike_are_alike() -> None:
    parted = LINE.replace("ầ", "a\u0302\u0300")
    assert read(read_csv(f"{HEAD}\n{parted}".encode()))[0]["street"] == "Trần Phú"


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    lines = [HEAD, LINE, "", ",,,", LINE.replace("P1", '"P\n1"'), LINE]
    assert [row.number for row in read_csv("\n".join(lines).encode()).rows] == [2, 5, 6]


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("", [(1, column, "missing_column") for column in COLUMNS[:10]]),
        (f"{HEAD},,\n{LINE},,", []),
        (f"{HEAD},colour\n{LINE},red", [(1, "colour", "unknown_column")]),
        (f"{HEAD},id\n{LINE},x", [(1, "id", "column_twice")]),
        (f"{HEAD}\n{LINE},x", [(2, "", "too_many_cells")]),
        (f"{HEAD}\n{LINE}\nHL-2,TC1,A\n", []),
        (f'{HEAD}\n{LINE}\n"HL-2,TC1', [(3, "", "not_csv")]),
        (HEAD.encode() + b"\n\nTr\xff", [(3, "", "not_utf8")]),
        (HEAD.replace("ward,", ""), [(1, "ward", "missing_column")]),
    ],
)
def test_what_is_wrong_with_the_whole_is_told_with_its_row(
    content: str | bytes, problems: list[tuple[int, str, str]]
) -> None:
    assert told(content) == problems


def test_a_column_that_is_mistyped_is_told_with_the_one_that_is_meant() -> None:
    (one,) = read_csv(HEAD.replace("road_class", "roadclass").encode()).mistakes
    assert dict(one.figures) == {"right": "road_class"}


POINT = {"type": "Point", "coordinates": [107.08, 20.95]}


@pytest.mark.parametrize(
    ("feature", "problems"),
    [
        ({"geometry": POINT, "properties": {"id": "HL-1", "pole": 12, "street": None}}, []),
        ({"geometry": POINT, "properties": {"colour": 1}}, [(1, "colour", "unknown_column")]),
        ({"geometry": POINT, "properties": {"street": ["a"]}}, [(1, "street", "not_text")]),
        ({"geometry": {"type": "Polygon"}, "properties": {}}, [(1, "geometry", "not_a_point")]),
        ({"geometry": {**POINT, "coordinates": [1, "2"]}, "properties": {}}, [(1, "geometry", "not_a_point")]),
        ({"geometry": None, "properties": {}}, [(1, "geometry", "not_a_point")]),
        (7, [(1, "", "not_a_point")]),
    ],
)
def test_what_is_wrong_with_a_point_is_told_with_its_place(
    feature: object, problems: list[tuple[int, str, str]]
) -> None:
    table = read_geojson(orjson.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert [(one.row, one.column, one.code) for one in table.mistakes] == problems


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"features": 1}', b"\xff", b"[" * 2000])
def test_what_is_no_geojson_is_told(content: bytes) -> None:
    assert [one.code for one in read_geojson(content).mistakes] == ["not_geojson"]
