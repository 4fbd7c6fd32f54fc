"""A luminaire that can only be switched never leaves a road dark that is planned dim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.inventory import Control
from rules.fleet_relay import carried_out_by
from rules.relay import carried_out

CONTROLS: tuple[Control, ...] = ("dimmable", "relay")


@pytest.mark.parametrize(("level", "taken"), [(0, 0), (0.5, 100), (30, 100), (50, 100), (100, 100)])
def test_a_relay_is_on_at_any_level_above_none(level: float, taken: float) -> None:
    assert carried_out("relay", level) == taken
    assert carried_out("dimmable", level) == level


@given(st.lists(st.tuples(st.sampled_from(CONTROLS), st.floats(0, 100)), max_size=20))
def test_a_city_takes_what_each_of_its_luminaires_takes(lamps: list[tuple[Control, float]]) -> None:
    is_relay = np.array([control == "relay" for control, _ in lamps], dtype=np.bool_)
    together = carried_out_by(is_relay, np.array([level for _, level in lamps], dtype=np.float64))
    assert together.tolist() == [carried_out(control, level) for control, level in lamps]


def test_a_level_that_is_not_known_stays_unknown() -> None:
    assert np.isnan(carried_out_by(np.array([True, False]), np.array([np.nan, np.nan]))).all()
