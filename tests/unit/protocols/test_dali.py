"""DALI's levels are no straight line: half the light is 229, and 127 is 3 %."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import dali


@pytest.mark.parametrize(
    ("level", "light"),
    [(0, 0), (1, 0.1), (10, 0.128), (85, 0.99), (127, 3.12), (128, 3.206), (170, 10.091), (229, 50.53), (244, 76.11)],
)
def test_the_light_of_a_level_is_that_of_other_peoples_tables(level: int, light: float) -> None:
    """Beckhoff's, Casambi's and DALI Cockpit's, as far as they print decimals."""
    assert dali.percent(level) == pytest.approx(light, abs=0.005)


@pytest.mark.parametrize(
    ("light", "level"), [(100, 254), (90, 250), (80, 246), (70, 241), (50, 229), (30, 210), (20, 195), (10, 170)]
)
def test_a_light_is_given_as_the_nearest_level(light: float, level: int) -> None:
    """zencontrol's table of tens; it has 228 for 50 %, which is 49.17 %, and 229 is 50.53 %."""
    assert dali.level(light) == level


def test_254_is_not_a_straight_line() -> None:
    assert dali.level(50) - 127 > 100
    assert dali.percent(127) < 4


@given(st.integers(0, 254))
def test_every_level_comes_back(level: int) -> None:
    assert dali.level(dali.percent(level)) == level


@given(st.integers(1, 253))
def test_more_is_brighter(level: int) -> None:
    assert dali.percent(level) < dali.percent(level + 1)


def test_what_is_lit_at_all_stays_lit() -> None:
    assert dali.level(0.0001) == 1
    assert dali.level(0) == 0


@pytest.mark.parametrize("light", [-1, 100.1, float("nan")])
def test_what_is_no_light_has_no_level(light: float) -> None:
    with pytest.raises(OverflowError, match="has no DALI level"):
        dali.level(light)
