"""Lines that InfluxDB reads as the samples they were made of."""

import math
import string

from hypothesis import given
from hypothesis import strategies as st

from protocols.line_protocol import blocks, code, lines, named, point, summary_lines, tag, untag
from protocols.readings import Quality, Table

FLAGS = st.sampled_from([int(flag) for flag in Quality])
VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=70)
LAMP, NEXT = "HL-000001", "HL-000002"


def lamps(*values: tuple[float | None, float | None], flags: tuple[int, int] = (1, 1)) -> Table:
    """Voltage and current of one lamp, second after second."""
    columns = [[row[n] for row in values] for n in range(2)]
    marks = [[9 if value is None else flags[n] for value in column] for n, column in enumerate(columns)]
    return Table(
        "luminaire", ("voltage", "current"), [LAMP] * len(values), [*range(10, 10 + len(values))], columns, marks
    )


def fields(line: bytes) -> dict[str, float]:
    """The numbers of one line."""
    return {name: float(text) for name, text in (part.split("=") for part in line.decode().split(" ")[1].split(","))}


def test_a_row_is_a_line_with_its_kind_its_device_its_values_and_their_flags() -> None:
    assert lines(lamps((230.1, 0.5), (231.0, 1)), "luminaire").splitlines() == [
        b"luminaire,device=HL-000001 voltage_q=1,voltage=230.1,current_q=1,current=0.5 10000",
        b"luminaire,device=HL-000001 voltage_q=1,voltage=231.0,current_q=1,current=1 11000",
    ]


def test_what_is_not_known_has_a_flag_and_no_number() -> None:
    assert lines(lamps((None, 0.5), (231.0, None)), "luminaire").splitlines() == [
        b"luminaire,device=HL-000001 voltage_q=9,current_q=1,current=0.5 10000",
        b"luminaire,device=HL-000001 voltage_q=1,voltage=231.0,current_q=9 11000",
    ]


def test_a_flag_stands_beside_its_number() -> None:
    [line] = lines(lamps((400.0, 0.5), flags=(3, 1)), "luminaire").splitlines()
    assert line == b"luminaire,device=HL-000001 voltage_q=3,voltage=400.0,current_q=1,current=0.5 10000"


def test_what_is_no_number_never_leaves() -> None:
    table = lamps((math.nan, math.inf), (-math.inf, 1.0))
    for line in lines(table, "luminaire").splitlines():
        assert not {"voltage", "current"} & fields(line).keys() or fields(line)["current"] == 1.0
        assert point(None, fields(line)["voltage_q"]) == (None, Quality.GOOD)


def test_nothing_makes_no_lines() -> None:
    assert lines(lamps(), "luminaire") == b""
    assert lines(Table("luminaire", (), [LAMP], [10], [], []), "luminaire") == b""
    assert summary_lines("ward_1h", [], [], {"energy_wh": []}, []) == b""


def test_a_row_of_a_summary_names_what_it_does_not_know() -> None:
    columns: dict[str, list[float | None]] = {"energy_wh": [1.0, None], "energy_q": [None, None], "lamps_n": [7.0, 8.0]}
    assert summary_lines("ward_1h", ["HL-W01", "HL-W02"], [0, 3_600], columns, ["old"]).splitlines() == [
        b'ward_1h,key=HL-W01 unknown="old,energy_q",energy_wh=1.0,lamps_n=7.0 0',
        b'ward_1h,key=HL-W02 unknown="old,energy_wh,energy_q",lamps_n=8.0 3600000',
    ]
    assert summary_lines("ward_1h", ["HL-W01"], [0], {"lamps_n": [7.0]}, []) == (
        b'ward_1h,key=HL-W01 unknown="",lamps_n=7.0 0\n'
    )


def test_a_large_table_is_cut_between_its_rows() -> None:
    table = lamps(*[(float(n), 1.0) for n in range(10)])
    parts = list(blocks(table, 6))
    assert [len(part) for part in parts] == [3, 3, 3, 1]
    assert b"".join(lines(part, "luminaire") for part in parts) == lines(table, "luminaire")


@given(st.lists(st.tuples(VALUES, FLAGS), min_size=1, max_size=20))
def test_every_value_and_flag_comes_back(samples: list[tuple[float | None, int]]) -> None:
    values, flags = [value for value, _ in samples], [flag for _, flag in samples]
    table = Table("meter", ("voltage",), [LAMP] * len(samples), [*range(len(samples))], [values], [flags])
    for line, (value, flag) in zip(lines(table, "meter").splitlines(), samples, strict=True):
        read = fields(line)
        assert point(read.get("voltage"), read["voltage_q"]) == (None if value is None else float(value), flag)


@given(VALUES, FLAGS, st.floats())
def test_a_number_that_is_written_over_by_none_is_void(value: float | None, flag: int, before: float) -> None:
    """The engine keeps the number of before: only the code says that it counts no more."""
    assert point(before if value is None else value, code(value, flag)) == (value, flag)
    assert point(before, None) == (None, None)


@given(FLAGS)
def test_only_a_value_that_counts_has_a_code_below_fail(flag: int) -> None:
    """What roll-ups ask for."""
    assert (code(1.0, flag) < Quality.FAIL) == (flag < Quality.FAIL)
    assert code(None, flag) > Quality.FAIL


@given(NAMES, st.integers(0, 9_223_372_035))
def test_a_hostile_name_means_nothing_in_a_line_and_comes_back(name: str, at: int) -> None:
    assert set(tag(name)) <= set(string.ascii_letters + string.digits + "_-.~%")
    assert tag(name)
    assert untag(tag(name)) == name
    [line] = lines(Table("luminaire", ("voltage",), [name], [at], [[1.0]], [[1]]), "luminaire").splitlines()
    assert named(line) == ("luminaire", name, at)


@given(st.lists(NAMES, unique=True))
def test_two_names_are_never_one(names: list[str]) -> None:
    assert len({tag(name) for name in names}) == len(names)
