"""What a luminaire showed at each level, against the curve of its type."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.commands import TestPoint
from protocols.inventory import LuminaireType
from rules.expected_power import expected_power
from rules.self_test import LEVELS, Finding, judge
from rules.self_test import test_of as levels_of

LED = LuminaireType(id="LED-100", rated_power_w=100, expected_power=((10, 12), (25, 27), (50, 52), (100, 100)))
RELAY = LuminaireType(id="HPS-150", rated_power_w=170, expected_power=((50, 90), (100, 170)), control="relay")


def shown(*powers: float | None, actual: float | None = None) -> list[TestPoint]:
    found = zip(LEVELS, powers, strict=False)
    return [TestPoint(level=level, actual_level=actual or level, power=power) for level, power in found]


@pytest.mark.parametrize(
    ("points", "result", "why"),
    [
        (shown(100, 76, 52, 27), "passed", None),
        (shown(114, 87, 59, 31), "passed", None),
        (shown(116, 76, 52, 27), "failed", Finding.POWER_DIFFERS),
        (shown(100, 76, 52, 35), "failed", Finding.POWER_DIFFERS),
        (shown(0.4, 0.4, 0.4, 0.4), "failed", Finding.LAMP_OUT),
        (shown(100, 100, 99, 100), "failed", Finding.DOES_NOT_DIM),
        (shown(100, 76, 52, 27, actual=100), "failed", Finding.LEVEL_NOT_REACHED),
        (shown(100, 76, None, 27), "not_done", Finding.NO_POWER_KNOWN),
        (shown(None, None, None, None), "not_done", Finding.NO_POWER_KNOWN),
        ([], "not_done", Finding.NO_POWER_KNOWN),
    ],
)
def test_the_worst_is_named(points: list[TestPoint], result: str, why: Finding | None) -> None:
    found = judge(points, LED)
    assert (found.result, found.why) == (result, why)


def test_which_points_have_failed_stands_beside_each() -> None:
    assert [point.is_good for point in judge(shown(100, 76, 90, 27), LED).points] == [True, True, False, True]


def test_a_relay_is_taken_to_full_light_and_no_lamp_below_its_curve() -> None:
    assert levels_of(RELAY).levels == (100,)
    assert levels_of(LED).levels == LEVELS
    dim = RELAY.model_copy(update={"control": "dimmable"})
    assert levels_of(dim).levels == (100, 75, 50)
    assert judge(shown(170), RELAY).result == "passed"


@settings(max_examples=100)
@given(st.floats(0.86, 1.14))
def test_every_healthy_lamp_passes_within_its_tolerance(share: float) -> None:
    powers = [share * expected_power(LED.expected_power, level) for level in LEVELS]
    assert judge(shown(*powers), LED).result == "passed"
