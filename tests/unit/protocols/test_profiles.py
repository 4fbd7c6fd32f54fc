"""Device profiles: the library loads, and a mistake in one is answered with file, line, key and advice."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import profiles
from protocols.config import ConfigError
from protocols.profiles import Point, Profile, library, parse_profile
from protocols.profiles.mqtt import parse_any_profile

FOLDER = Path(profiles.__file__).parent / "library"
FILES = [FOLDER / document.file for document in profiles.shelf() if profiles.link_of(document) is None]

GOOD = """\
profile: made-up
kind: meter
title: {vi: Thử, en: Test}
maker: nobody
evidence: {grade: design, source: made up for a test}
points:
  - {quantity: voltage, register: input/0x0010, type: uint16, scale: 0.1, no_value: [0xFFFF]}
  - {quantity: active_power, register: input/0x0012, type: uint32}
checked_with:
  - {quantity: voltage, words: [0x08FD], value: 230.1, origin: counted on paper}
"""


def refused(good: str, bad: str) -> str:
    """What is said of the good profile with one piece replaced."""
    assert GOOD.count(good) == 1
    with pytest.raises(ConfigError) as error:
        parse_profile(GOOD.replace(good, bad), "made-up.yaml")
    return str(error.value)


def test_the_good_one_loads() -> None:
    profile = parse_profile(GOOD, "made-up.yaml")
    assert profile.point("voltage").scale == Fraction(1, 10)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_of_the_library_loads_and_is_named_for_its_profile(file: Path) -> None:
    assert parse_any_profile(file.read_text("utf-8"), file.name).profile == file.stem


@pytest.mark.parametrize("profile", library().values(), ids=lambda profile: profile.profile)
def test_every_check_of_the_library_also_holds_backwards(profile: Profile) -> None:
    for check in profile.checked_with:
        if check.value is not None or profile.point(check.quantity).no_value:
            point = profile.point(check.quantity)
            back = point.decode(point.encode(check.value))
            assert back == pytest.approx(check.value, rel=1e-6) if check.value is not None else back is None


@pytest.mark.parametrize("profile", library().values(), ids=lambda profile: profile.profile)
def test_nobody_claims_a_page_that_nobody_read(profile: Profile) -> None:
    assert profile.evidence.grade == "manual" or all(p.page is None for p in profile.points)


def test_a_controller_counts_its_fault_bits_as_talq_does() -> None:
    point = library()["haidang-segment-controller"].point("fault_bits")
    assert [point.decode([1 << n, 0]) for n in range(16)] == [2**n for n in range(16)]
    assert [point.decode([0, 1 << n]) for n in range(16)] == [2 ** (n + 16) for n in range(16)]


@pytest.mark.parametrize(
    ("good", "bad", "answer"),
    [
        (
            "register: input/0x0012",
            "register: input/0x0010",
            "made-up.yaml:8: points[1].register: active_power (uint32) overlaps voltage at input/0x0010;"
            " check address and type",
        ),
        (
            "quantity: active_power, register",
            "quantity: actve_power, register",
            "made-up.yaml:8: points[1].quantity: unknown quantity 'actve_power'; did you mean `active_power`?",
        ),
        (
            "quantity: active_power, register",
            "quantity: gravity, register",
            "made-up.yaml:8: points[1].quantity: unknown quantity 'gravity'; the dictionary is protocols/quantities.py",
        ),
        (
            "quantity: active_power, register",
            "quantity: voltage, register",
            "made-up.yaml:8: points[1].quantity: voltage stands twice; keep one",
        ),
        (
            "value: 230.1",
            "value: 23.01",
            "made-up.yaml:10: checked_with[0].value: these words mean 230.1, not 23.01; check type, order, scale",
        ),
        (
            "value: 230.1",
            "value: null",
            "made-up.yaml:10: checked_with[0].value: these words mean 230.1, not None; check type, order, scale",
        ),
        (
            "words: [0x08FD]",
            "words: [0x08FD, 0]",
            "made-up.yaml:10: checked_with[0].words: uint16 has 1 registers, not 2",
        ),
        (
            "quantity: voltage, words",
            "quantity: current, words",
            "made-up.yaml:10: checked_with[0].quantity: current is not one of the points",
        ),
        (
            "scale: 0.1",
            "scal: 0.1",
            "made-up.yaml:7: points[0].scal: unknown key; did you mean `scale`?",
        ),
        (
            "scale: 0.1",
            "scale: tenth",
            "made-up.yaml:7: points[0].scale: 'tenth' is not a scale; write 0.1 or 1/10",
        ),
        (
            "scale: 0.1",
            "scale: 0",
            "made-up.yaml:7: points[0].scale: a scale of 0 makes every value 0; give the size of one step",
        ),
        (
            "register: input/0x0010",
            "register: 40001",
            "made-up.yaml:7: points[0].register: 40001 is not a register;"
            " write a table and an address, as in input/0x0010",
        ),
        (
            "register: input/0x0012",
            "register: input/0xFFFF",
            "made-up.yaml:8: points[1].register: active_power (uint32) ends beyond input/0xFFFF;"
            " check address and type",
        ),
        (
            "no_value: [0xFFFF]",
            "no_value: [0xFFFFFFFF]",
            "made-up.yaml:7: points[0].no_value: 0xFFFFFFFF does not fit into uint16, so it would never be seen",
        ),
        (
            "points:",
            "block: 16\npoints:",
            "made-up.yaml:8: points[0].register: voltage stands outside its block of 16 registers",
        ),
        (
            "points:",
            "most_registers: 1\npoints:",
            "made-up.yaml:9: points[1].type: active_power takes 2 registers, but a request may have only 1",
        ),
        (
            "points:",
            "forbidden: [{first: input/0x0000, last: input/0x0010}]\npoints:",
            "made-up.yaml:8: points[0].register: voltage stands in the forbidden range from input/0x0000",
        ),
        (
            "points:",
            "forbidden: [{first: input/9, last: input/8}]\npoints:",
            "made-up.yaml:6: forbidden[0].last: input/0x0008 is not after input/0x0009 in the same table",
        ),
        (
            "grade: design",
            "grade: hearsay",
            "made-up.yaml:5: evidence.grade: Input should be 'manual', 'driver' or 'design'; got 'hearsay'",
        ),
        ("maker: nobody\n", "", "made-up.yaml:1: maker: is missing"),
    ],
)
def test_a_mistake_is_answered_with_file_line_key_and_advice(good: str, bad: str, answer: str) -> None:
    assert refused(good, bad) == answer


def point(**given_: object) -> Point:
    return Point.model_validate({"quantity": "voltage", "register": "input/0", "type": "uint16", **given_})


def test_a_pattern_for_not_known_is_none_and_never_a_number() -> None:
    assert point(no_value=[0xFFFF]).decode([0xFFFF]) is None
    assert point(type="int16", no_value=[0x8000]).decode([0x8000]) is None
    assert point(type="uint32", no_value=[0xFFFFFFFF]).decode([0xFFFF, 0xFFFF]) is None
    assert point(type="uint32", no_value=[0xFFFFFFFF]).decode([0x0000, 0xFFFF]) == 65535


@pytest.mark.parametrize("words", [[0x7FC0, 0], [0xFFC0, 0], [0x7F80, 0], [0xFF80, 0]])
def test_nan_and_infinity_are_not_known(words: list[int]) -> None:
    assert point(type="float32").decode(words) is None


def test_a_number_beyond_every_float_is_not_known() -> None:
    point = Point.model_validate({"quantity": "voltage", "register": "input/0", "type": "float64", "scale": 1000})
    assert point.decode([0x7FEF, 0xFFFF, 0xFFFF, 0xFFFF]) is None


def test_not_known_is_written_as_its_pattern_in_the_order_of_the_point() -> None:
    for order, words in {
        "ABCD": [0x8000, 1],
        "CDAB": [1, 0x8000],
        "BADC": [0x80, 0x100],
        "DCBA": [0x100, 0x80],
    }.items():
        assert point(type="int32", order=order, no_value=[0x80000001]).encode(None) == words


def test_not_known_cannot_be_written_without_a_pattern() -> None:
    with pytest.raises(OverflowError, match="voltage has no pattern for 'not known'"):
        point().encode(None)


def test_a_value_that_would_read_as_not_known_cannot_be_written() -> None:
    with pytest.raises(OverflowError, match=r"6553.5 would read as 'not known'"):
        point(scale=0.1, no_value=[0xFFFF]).encode(6553.5)


def test_a_value_is_exact_in_the_last_digit_of_its_scale() -> None:
    tenths = point(scale=0.1)
    assert [tenths.decode([n]) for n in range(3000)] == [float(f"{n // 10}.{n % 10}") for n in range(3000)]


def test_a_scaled_float_keeps_its_decimals() -> None:
    millisiemens = point(type="float32", scale=1000)  # 32.001 as float32 is 0x42000106; 32.001 * 1000.0 is not 32001
    assert millisiemens.decode([0x4200, 0x0106]) == 32001


@given(st.integers(0, 0xFFFE), st.sampled_from(["0.1", "0.5", "0.01", "0.001", "1", "1/3", "10"]))
def test_what_was_read_can_be_written_back(raw: int, scale: str) -> None:
    scaled = point(scale=scale, no_value=[0xFFFF])
    value = scaled.decode([raw])
    assert value is not None
    assert scaled.encode(value) == [raw]
