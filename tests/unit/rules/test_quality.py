"""A value that cannot be is kept and not believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.quantities import QUANTITIES
from protocols.readings import Quality, Reading
from rules.quality import graded


def reading(flags: dict[str, Quality] | None = None, **values: float | None) -> Reading:
    return Reading("M", "meter", 0, values, flags or {})


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (230.1, Quality.GOOD),
        (0.0, Quality.GOOD),
        (300.0, Quality.GOOD),
        (300.1, Quality.SUSPECT),
        (-0.1, Quality.SUSPECT),
        (1e308, Quality.SUSPECT),
        (None, Quality.MISSING),
    ],
)
def test_a_voltage_outside_its_plausible_range_is_suspect(value: float | None, flag: Quality) -> None:
    assert graded(reading(voltage=value)).flag("voltage") is flag


def test_the_other_values_of_a_reading_stay_good() -> None:
    found = graded(reading(voltage=6553.4, current=0.5))
    assert (found.flag("voltage"), found.flag("current")) == (Quality.SUSPECT, Quality.GOOD)
    assert found.values == {"voltage": 6553.4, "current": 0.5}


def test_what_is_known_to_be_worse_stays_so() -> None:
    assert graded(reading({"voltage": Quality.FAIL}, voltage=999.0)).flag("voltage") is Quality.FAIL


def test_what_nobody_has_judged_is_judged() -> None:
    assert graded(reading({"voltage": Quality.NOT_EVALUATED}, voltage=999.0)).flag("voltage") is Quality.SUSPECT


@given(st.sampled_from(sorted(QUANTITIES)), st.floats(0, 1))
def test_nothing_inside_a_range_is_suspect(name: str, part: float) -> None:
    quantity = QUANTITIES[name]
    inside = min(quantity.high, quantity.low + part * (quantity.high - quantity.low))
    assert graded(Reading("M", "meter", 0, {name: inside})).flag(name) is Quality.GOOD
