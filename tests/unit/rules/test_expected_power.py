"""The power of a healthy luminaire between the points of its curve."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.expected_power import expected_power

CURVE = ((0.5, 6.0), (25.0, 28.0), (50.0, 52.0), (75.0, 76.0), (100.0, 100.0))


@st.composite
def curves(draw: st.DrawFn) -> list[tuple[float, float]]:
    levels = sorted(draw(st.sets(st.integers(0, 200), min_size=2, max_size=6)))
    powers = draw(st.lists(st.floats(0, 500), min_size=len(levels), max_size=len(levels)))
    return [(level / 2, power) for level, power in zip(levels, powers, strict=True)]


@pytest.mark.parametrize(
    ("level", "power"),
    [(0, 0), (0.2, 6), (0.5, 6), (25, 28), (37.5, 40), (50, 52), (60, 61.6), (100, 100), (120, 100)],
)
def test_straight_lines_between_the_points(level: float, power: float) -> None:
    assert expected_power(CURVE, level) == pytest.approx(power)


def test_a_curve_from_zero_knows_its_standby_power() -> None:
    assert expected_power(((0, 0.5), (100, 41)), 0) == 0.5


@given(curves())
def test_the_points_themselves_are_met(curve: list[tuple[float, float]]) -> None:
    for level, power in curve:
        assert expected_power(curve, level) == pytest.approx(power)


@given(curves(), st.floats(0, 100))
def test_the_power_stays_between_the_neighbouring_points(curve: list[tuple[float, float]], level: float) -> None:
    power = expected_power(curve, level)
    for (left, at_left), (right, at_right) in pairwise(curve):
        if left <= level <= right:
            assert min(at_left, at_right) - 1e-9 <= power <= max(at_left, at_right) + 1e-9


@given(curves(), st.floats(0, 100), st.floats(0, 100))
def test_more_light_takes_no_less_power_where_the_curve_rises(
    curve: list[tuple[float, float]], one: float, other: float
) -> None:
    rising = list(zip((level for level, _ in curve), sorted(power for _, power in curve), strict=True))
    low, high = expected_power(rising, min(one, other)), expected_power(rising, max(one, other))
    assert low <= high + 1e-9
