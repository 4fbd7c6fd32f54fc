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


STARTED = """\
profile: made-up
kind: water_station
title: {vi: Thử, en: Test}
maker: nobody
evidence: {grade: design, source: made up for a test}
start:
  - {write: holding/1, words: [7]}
wait: 500ms
points:
  - {quantity: ph, register: holding/0x10, type: float32, valid: {register: holding/0x20, mask: 4}}
  - {quantity: turbidity, register: holding/0x12, type: uint16, unit: {register: holding/0x21, scales: {7: 1, 9: 10}}}
  - {quantity: error_code, register: holding/0x14, type: uint16, mask: 0xFF00}
  - {quantity: status_bits, register: holding/0x14, type: uint16, mask: 0x00FF}
checked_with:
  - {quantity: ph, words: [0x40F0, 0], value: 7.5, origin: counted on paper}
  - {quantity: ph, words: [0x40F0, 0], beside: {holding/0x20: 4}, value: null, origin: counted on paper}
  - {quantity: turbidity, words: [5], beside: {holding/0x21: 9}, value: 50, origin: counted on paper}
  - {quantity: turbidity, words: [5], beside: {holding/0x21: 8}, value: null, origin: counted on paper}
  - {quantity: error_code, words: [0x0305], value: 3, origin: counted on paper}
"""
MAPPED = """\
profile: made-up
kind: water_station
title: {vi: Thử, en: Test}
maker: nobody
evidence: {grade: design, source: made up for a test}
map: {codes: holding/128, count: 32, status: holding/256, values: holding/384}
points:
  - {quantity: ph, code: 18}
  - {quantity: turbidity, code: [223, 37]}
checked_with:
  - {quantity: ph, words: [0x40F0, 0], value: 7.5, origin: counted on paper}
"""
GATEWAY = """\
profile: made-up
kind: luminaire
title: {vi: Thử, en: Test}
maker: nobody
evidence: {grade: design, source: made up for a test}
block: 5
blocks: 4
points:
  - {quantity: actual_level, register: holding/3004, type: uint16, curve: dali, no_value: [255]}
  - {quantity: programme_level, register: holding/3000, type: uint16, curve: dali, write: true}
reach: {all: holding/1000}
checked_with:
  - {quantity: actual_level, words: [254], value: 100, origin: counted on paper}
"""


def told(text: str, good: str, bad: str) -> str:
    """What is said of another good profile with one piece replaced."""
    assert text.count(good) == 1
    with pytest.raises(ConfigError) as error:
        parse_profile(text.replace(good, bad), "made-up.yaml")
    return str(error.value)


@pytest.mark.parametrize("text", [STARTED, MAPPED, GATEWAY])
def test_the_other_good_ones_load_too(text: str) -> None:
    assert parse_profile(text, "made-up.yaml").profile == "made-up"


@pytest.mark.parametrize(
    ("text", "good", "bad", "answer"),
    [
        (
            STARTED,
            "words: [7]",
            "words: [7], count: 1",
            "7: start[0]: a step is {write: holding/0x0001, words: [1]} or {read: holding/0x2500, count: 0}",
        ),
        (STARTED, "write: holding/1", "write: input/1", "7: start[0]: input/0x0001 cannot be written; only holding"),
        (
            STARTED,
            "500ms",
            "500",
            "8: wait: 500 is not a span of time; write a number and a unit, as in 30s, 5m or 2h",
        ),
        (STARTED, "500ms", "6m", "8: wait: 360s is too long for one value; give at most 5m"),
        (
            STARTED,
            "start:\n  - {write: holding/1, words: [7]}\n",
            "",
            "6: wait: has no `start` before it; say what starts the device, or take it out",
        ),
        (STARTED, "start:", "block: 64\nstart:", "6: block: does not go with `start` or `map`: each block would start"),
        (
            STARTED,
            "mask: 0x00FF",
            "mask: 0x01FF",
            "13: points[3].register: status_bits (uint16) overlaps error_code at holding/0x0014;",
        ),
        (
            STARTED,
            "mask: 0xFF00",
            "mask: 0xFF0000",
            "12: points[2].mask: 0xFF0000 does not fit into uint16",
        ),
        (
            STARTED,
            "type: float32, valid",
            "type: float32, mask: 3, valid",
            "10: points[0].mask: a mask picks bits out of uint16 or uint32, not out of float32",
        ),
        (
            STARTED,
            "type: float32, valid",
            "type: float32, curve: dali, valid",
            "10: points[0].curve: a DALI level is a bare uint16; the curve alone makes it percent",
        ),
        (
            STARTED,
            "scales: {7: 1, 9: 10}",
            "scales: {}",
            "11: points[1].unit.scales: ",
        ),
        (
            STARTED,
            "beside: {holding/0x21: 9}",
            "beside: {holding/0x20: 9}",
            "17: checked_with[2].beside: holding/0x0020 says nothing about turbidity",
        ),
        (
            STARTED,
            "beside: {holding/0x21: 9}, value: 50",
            "beside: {holding/0x21: 9}, value: 5",
            "17: checked_with[2].value: these words mean 50.0, not 5.0; check type, order, scale",
        ),
        (
            STARTED,
            "points:",
            "forbidden: [{first: holding/0x20, last: holding/0x20}]\npoints:",
            "11: points[0].register: ph stands in the forbidden range from holding/0x0020",
        ),
        (STARTED, "type: uint16, mask: 0xFF00", "type: uint16, offset: x", "12: points[2].offset: 'x' is not a number"),
        (STARTED, "type: uint16, mask: 0xFF00", "type: uint16, code: 3", "12: points[2].code: needs a `map` that says"),
        (MAPPED, ", code: 18", "", "8: points[0].code: is missing, but there is a `map`"),
        (MAPPED, "code: 18", "code: 37", "9: points[1].code: 37 is ph already; keep one"),
        (
            MAPPED,
            "code: 18",
            "code: 18, valid: {register: holding/1}",
            "8: points[0].valid: does not belong into a profile with a `map`, which has a `status`",
        ),
        (GATEWAY, "block: 5\n", "", "6: blocks: says how many blocks, but not how far apart; add `block`"),
        (
            GATEWAY,
            "curve: dali, no_value: [255]",
            "scale: 2, curve: dali, no_value: [255]",
            "9: points[0].curve: a DALI level is a bare uint16; the curve alone makes it percent",
        ),
        (
            GATEWAY,
            ", write: true",
            "",
            "11: reach: has no words for a level; add the point programme_level with `write: true`",
        ),
        (GATEWAY, "{all: holding/1000}", "{al: holding/1000}", "11: reach.al: unknown key; did you mean `all`?"),
    ],
)
def test_a_mistake_in_what_has_to_be_asked_is_answered_too(text: str, good: str, bad: str, answer: str) -> None:
    assert f"made-up.yaml:{answer}" in told(text, good, bad)


def test_blocks_that_run_into_each_other_are_found() -> None:
    said = told(
        GATEWAY,
        "register: holding/3004, type: uint16, curve: dali, no_value: [255]",
        "register: holding/3000, type: float64",
    )
    assert said == (
        "made-up.yaml:10: points[1].register: programme_level (uint16) overlaps actual_level at holding/0x0BB8;"
        " check address and type"
    )
    wide = GATEWAY.replace("block: 5", "block: 1").replace(
        "type: uint16, curve: dali, no_value: [255]", "type: float32"
    )
    with pytest.raises(ConfigError, match="actual_level of block 1 overlaps actual_level of block 0 at holding/0x0BBD"):
        parse_profile(wide.replace("words: [254], value: 100", "words: [0, 0], value: 0"), "made-up.yaml")


def test_a_value_depends_on_what_stands_beside_it() -> None:
    profile = parse_profile(STARTED, "made-up.yaml")
    ph, turbidity = profile.point("ph"), profile.point("turbidity")
    good, bad = {ph.beside[0]: 0}, {ph.beside[0]: 5}
    assert (ph.decode([0x40F0, 0], good), ph.decode([0x40F0, 0], bad)) == (7.5, None)
    assert [turbidity.decode([5], {turbidity.beside[0]: code}) for code in (7, 9, 0)] == [5, 50, None]


def test_an_offset_is_added_after_the_scale_and_taken_away_before_it() -> None:
    degrees = point(scale="0.01", offset=-40)
    assert [degrees.decode([n]) for n in (0, 3900, 6800, 65535)] == [-40, -1, 28, 615.35]
    assert degrees.encode(28.0) == [6800]


@given(st.integers(0, 255), st.integers(0, 255))
def test_bits_of_a_number_are_read_and_written_apart(high: int, low: int) -> None:
    upper, lower = point(mask=0xFF00), point(mask=0x00FF)
    assert (upper.decode([high << 8 | low]), lower.decode([high << 8 | low])) == (high, low)
    assert upper.encode(high)[0] | lower.encode(low)[0] == high << 8 | low


def test_what_does_not_fit_into_its_bits_cannot_be_written() -> None:
    with pytest.raises(OverflowError, match=r"256 does not fit into the bits of 0x00FF"):
        point(mask=0x00FF).encode(256)


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
