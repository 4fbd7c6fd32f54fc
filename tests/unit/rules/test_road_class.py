"""How far a road may be dimmed, by its class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.inventory import ROAD_CLASSES
from rules.road_class import CLASSES, Evidence, is_below, lowest_class, lowest_level, reached

names = st.sampled_from(ROAD_CLASSES)
levels = st.floats(0, 100)


def test_the_classes_are_those_that_a_luminaire_may_name() -> None:
    assert tuple(CLASSES) == ROAD_CLASSES


@pytest.mark.parametrize(
    ("name", "luminance"),
    [
        *[("M1", 2.0), ("M2", 1.5), ("M3", 1.0), ("M4", 0.75), ("M5", 0.5), ("M6", 0.3)],
        *[("A", 2.0), ("B1", 1.5), ("B2", 2.0), ("C1", 1.0), ("C2", 1.5), ("D1", 0.7), ("D2", 0.5), ("E", 0.3)],
    ],
)
def test_a_class_asks_for_its_luminance_in_candela_a_square_metre(name: str, luminance: float) -> None:
    assert CLASSES[name].luminance == luminance


def test_figures_that_were_read_in_a_copy_say_so() -> None:
    assert {some.evidence for some in CLASSES.values()} == {Evidence.SECONDARY}
    assert all(some.source.startswith(some.table) for some in CLASSES.values())


@pytest.mark.parametrize(
    ("designed", "level", "expected"),
    [
        ("M3", 100, "M3"),
        ("M3", 75, "M4"),
        ("M3", 74.9, "M5"),
        ("M3", 50, "M5"),
        ("M2", 50, "M4"),
        ("M3", 29.9, None),
        ("M1", 0, None),
        ("A", 100, "A"),
        ("B2", 100, "B2"),
        ("C1", 70, "D1"),
        ("D1", 100 * 0.5 / 0.7, "D2"),
        ("no", 100, None),
    ],
)
def test_a_level_reaches_a_class(designed: str, level: float, expected: str | None) -> None:
    assert reached(designed, level) == expected


@pytest.mark.parametrize(
    ("designed", "lowest", "level"),
    [
        ("M1", "M3", 50),
        ("M2", "M4", 50),
        ("M3", "M5", 50),
        ("M4", "M6", 40),
        ("M5", "M6", 60),
        ("M6", "M6", 100),
        ("A", "C1", 50),
        ("B1", "D1", 100 * 0.7 / 1.5),
        ("C1", "D2", 50),
        ("D1", "E", 100 * 0.3 / 0.7),
        ("E", "E", 100),
    ],
)
def test_who_says_nothing_may_dim_by_two_classes(designed: str, lowest: str, level: float) -> None:
    assert lowest_class(designed) == lowest
    assert lowest_level(designed) == lowest_level(designed, lowest) == pytest.approx(level)


def test_a_lowest_class_brighter_than_the_designed_one_asks_for_full_light() -> None:
    assert lowest_level("M5", "M1") == 100


@given(names)
def test_the_lowest_level_reaches_the_lowest_class_and_less_does_not(designed: str) -> None:
    lowest = lowest_level(designed)
    at_lowest, below = reached(designed, lowest), reached(designed, lowest - 0.01)
    assert at_lowest is not None
    assert CLASSES[at_lowest].luminance == CLASSES[lowest_class(designed)].luminance
    assert below is None or CLASSES[below].luminance < CLASSES[at_lowest].luminance
    assert not is_below(lowest, lowest)
    assert is_below(lowest - 0.01, lowest)


@given(names, levels, levels)
def test_more_light_never_reaches_a_darker_class(designed: str, one: float, other: float) -> None:
    low, high = (reached(designed, level) for level in sorted((one, other)))
    assert low is None or (high is not None and CLASSES[low].luminance <= CLASSES[high].luminance)
