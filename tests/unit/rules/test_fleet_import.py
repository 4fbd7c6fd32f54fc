"""A table of luminaires is judged whole: each mistake by row and column, with what would be right."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.inventory import Group, Luminaire
from protocols.lamp_table import COLUMNS, MistakeCode, Row, Table, read_csv
from rules.fleet_import import Judged, judge, merged, strays
from rules.lamp_cells import Taken
from tests.unit.rules.tables import NAME, SEEDED, as_csv, big_city, lamp, rows_of, with_mistakes

CITY = big_city(100)
TAKEN = Taken(frozenset({"MC-000001", "TC000"}), frozenset({"MC-TC001-A"}))
ROW = rows_of([lamp(7)])[0]


def judged(*rows: dict[str, str], **options: Any) -> Judged:
    return judge(read_csv(as_csv(list(rows))), CITY, TAKEN, **options)


def told(*rows: dict[str, str], **options: bool) -> list[tuple[int, str, str, dict[str, Any]]]:
    return [(one.row, one.column, one.code, dict(one.figures)) for one in judged(*rows, **options).mistakes]


def test_ten_thousand_rows_with_25_mistakes_tell_each_by_row_and_column() -> None:
    city = big_city()
    found = judge(read_csv(as_csv(with_mistakes(rows_of(city.luminaires)))), city, TAKEN)

    assert len(SEEDED) == 25
    assert {(one.row, one.column, one.code) for one in found.mistakes} == SEEDED.keys()
    assert len(found.mistakes) == 25
    assert (found.rows, len(found.lamps)) == (10_000, 10_000 - 20), "what is wrong beside others is read all the same"


@pytest.mark.parametrize(
    ("changes", "column", "code", "figures"),
    [
        ({"latitude": "20,95"}, "latitude", MistakeCode.DECIMAL_COMMA, {"right": "20.95"}),
        ({"longitude": "1e999"}, "longitude", MistakeCode.NOT_A_NUMBER, {}),
        ({"longitude": "nan"}, "longitude", MistakeCode.NOT_A_NUMBER, {}),
        ({"longitude": "1_07"}, "longitude", MistakeCode.NOT_A_NUMBER, {}),
        ({"cabinet": "TCOO1"}, "cabinet", MistakeCode.UNKNOWN_CABINET, {"right": "TC001"}),
        ({"type": "?"}, "type", MistakeCode.UNKNOWN_TYPE, {"right": ""}),
        ({"phase": "a"}, "phase", MistakeCode.UNKNOWN_PHASE, {"known": "A, B, C"}),
        ({"installed_on": "31/05/2024"}, "installed_on", MistakeCode.BAD_DATE, {"right": "2024-05-31"}),
        ({"installed_on": "2024-02-30"}, "installed_on", MistakeCode.BAD_DATE, {"right": ""}),
        ({"height_m": "0"}, "height_m", MistakeCode.OUT_OF_RANGE, {"low": 0, "high": 60}),
        ({"pole": "P" * 41}, "pole", MistakeCode.TOO_LONG, {"most": 40}),
        ({"id": "TC000"}, "id", MistakeCode.ID_TAKEN, {}),
        ({"id": ""}, "id", MistakeCode.MISSING, {}),
        (
            {"longitude": "20.91", "latitude": "107.08"},
            "longitude",
            MistakeCode.EXCHANGED,
            {"longitude": 107.08, "latitude": 20.91},
        ),
        ({"latitude": "0"}, "latitude", MistakeCode.OUTSIDE_CITY, {"low": 20.85, "high": 21.05}),
        ({"longitude": "107.25"}, "ward", MistakeCode.OUTSIDE_WARD, {"right": "W2"}),
        ({"longitude": "107.33"}, "ward", MistakeCode.OUTSIDE_WARD, {"right": ""}),
    ],
)
def test_a_mistake_says_what_would_be_right(
    changes: dict[str, str], column: str, code: MistakeCode, figures: dict[str, Any]
) -> None:
    assert told({**ROW, **changes}) == [(2, column, code, figures)]


def test_a_segment_hangs_where_most_of_it_hangs_also_with_what_is_not_in_the_file() -> None:
    assert told({**ROW, "cabinet": "TC001"}) == [
        (2, "cabinet", "segment_on_two_cabinets", {"segment": "S0000", "right": "TC000"})
    ]
    assert told({**ROW, "cabinet": "TC001"}, retire=True) == []


def test_a_pole_stands_in_one_place_also_with_what_is_not_in_the_file() -> None:
    beside = {**ROW, "pole": "P00006"}
    assert told(beside) == [(2, "pole", "pole_in_two_places", {"other": "HL-000006", "metres": 31})]
    assert told({**beside, "longitude": str(lamp(6).longitude + 0.00005)}) == [], "two arms of one pole"
    assert told({**ROW, "pole": ""}, {**rows_of([lamp(9)])[0], "pole": ""}) == [], "without a name there is no pole"


def test_a_new_segment_has_to_be_meant() -> None:
    new = {**ROW, "segment": "S0009"}
    assert told(new) == [(2, "segment", "unknown_segment", {"right": "S0003"})]
    assert told(new, new_segments=True) == []


def test_who_lights_a_bridge_may_stand_in_no_ward() -> None:
    assert told({**ROW, "longitude": "107.33", "use": "bridge"}) == []


def test_a_file_without_rows_retires_nobody() -> None:
    assert [one.code for one in judge(Table((), ()), CITY, TAKEN, retire=True).mistakes] == ["no_rows"]


def test_an_empty_cell_empties_and_a_column_that_is_not_there_leaves() -> None:
    held = lamp(7).model_copy(update={"height_m": 9.0, "installed_on": date(2024, 5, 31)})
    city = CITY.model_copy(update={"luminaires": (held,)})
    without = judge(read_csv(as_csv([ROW], COLUMNS[:-2])), city, TAKEN)
    emptied = judge(read_csv(as_csv([{**ROW, "road_class": ""}])), city, TAKEN)

    assert list(without.lamps) == [held]
    assert [(one.height_m, one.road_class) for one in emptied.lamps] == [(None, None)]


def test_luminaires_keep_their_places_and_new_ones_come_last() -> None:
    moved = lamp(1).model_copy(update={"pole": "moved"})
    some = merged(CITY, [lamp(500), moved, lamp(2)], retire=False)

    assert [one.id for one in some.city.luminaires] == [*(one.id for one in CITY.luminaires), "HL-000500"]
    assert some.city.luminaires[1] == moved
    assert (some.added, some.changed, some.unchanged) == (["HL-000500"], ["HL-000001"], ["HL-000002"])
    assert some.retired == []


def test_who_retires_says_so_and_groups_go_with_their_last_luminaire() -> None:
    groups = (
        Group(id="G1", name=NAME, members=("HL-000001", "HL-000002")),
        Group(id="G2", name=NAME, members=("HL-000003",)),
    )
    left = merged(CITY.model_copy(update={"groups": groups}), [lamp(1)], retire=True)

    assert [one.id for one in left.city.luminaires] == ["HL-000001"]
    assert len(left.retired) == 99
    assert [(group.id, group.members) for group in left.city.groups] == [("G1", ("HL-000001",))]


def test_luminaires_outside_their_ward_are_found_with_the_ward_that_they_stand_in() -> None:
    out = [lamp(1), lamp(2).model_copy(update={"longitude": 107.25}), lamp(3).model_copy(update={"latitude": 20.8})]
    assert [(one.place, one.right) for one in strays(CITY, out)] == [(1, "W2"), (2, None)]


TEXT = st.text(max_size=12) | st.sampled_from([*ROW.values(), "W2", "1e5", "-0.0", "2024-01-01", "٣"])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), TEXT), max_size=4), st.booleans())
def test_any_table_is_answered_and_every_row_is_taken_or_told(rows: list[dict[str, str]], complete: bool) -> None:
    filled = [{**ROW, **row} if complete else row for row in rows]
    found = judge(Table([Row(n, row) for n, row in enumerate(filled, 2)], ()), CITY, TAKEN)
    taken: list[Luminaire] = list(found.lamps)

    assert len(taken) + len({one.row for one in found.mistakes}) >= (len(rows) if complete else 0)


def test_a_luminaire_that_is_locked_out_does_not_leave_its_edge() -> None:
    first, second = CITY.cabinets[:2]
    two_edges = CITY.model_copy(
        update={"edges": ("E1", "E2"), "cabinets": (first, second.model_copy(update={"edge": "E2"}))}
    )
    moved = read_csv(as_csv([{**ROW, "cabinet": "TC001", "segment": "S0001"}]))
    codes = [
        (one.row, one.column, one.code) for one in judge(moved, two_edges, TAKEN, locked_out={lamp(7).id}).mistakes
    ]
    assert (2, "cabinet", "locked_out") in codes
    assert not [
        one for one in judge(moved, two_edges, TAKEN, locked_out={lamp(8).id}).mistakes if one.code == "locked_out"
    ]
    stays = read_csv(as_csv([{**ROW, "pole": "P9"}]))
    assert judge(stays, two_edges, TAKEN, locked_out={lamp(7).id}).mistakes == []
    gone = judge(stays, two_edges, TAKEN, retire=True, locked_out={lamp(8).id}).mistakes
    assert [(one.row, one.column, one.value, one.code) for one in gone] == [(1, "id", lamp(8).id, "locked_out")]
