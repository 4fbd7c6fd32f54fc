"""The sum over a street is that of its lamps, and what is not known of one of them is said."""

import numpy as np

from rules.energy import Event, Grade
from rules.fleet_rollup import Floats
from rules.fleet_sums import LampHour, Members, hour_sums, step_sums

NAN = float("nan")
MEMBERS = Members(np.array([0, 1, 2, 3, 2]), np.array([0, 0, 1, 1, 2]), 4)  # lamp 2 is in two groups; the last is empty


def column(*values: float) -> Floats:
    return np.array(values, np.float64)


def as_lists(fields: dict[str, Floats]) -> dict[str, list[float | None]]:
    return {name: [None if np.isnan(value) else value for value in found.tolist()] for name, found in fields.items()}


def test_an_hour_is_summed_up_with_what_is_estimated_and_what_is_missing() -> None:
    hour = LampHour(
        energy=column(60, 50, 40, NAN),
        grade=column(Grade.MEASURED, Grade.ESTIMATED, Grade.INTERPOLATED, Grade.MISSING),
        events=column(0, Event.GAP, Event.RESET, NAN),
        power=column(60.1, 50.2, 40.3, 30.4),
    )
    assert as_lists(hour_sums(hour, MEMBERS)) == {
        "energy_wh": [110, 40, 40, None],
        "lamps_n": [2, 2, 1, 0],
        "energy_estimated_wh": [50, 0, 0, 0],
        "energy_missing_n": [0, 1, 0, 0],
        "energy_events": [Event.GAP, Event.RESET, Event.RESET, 0],
        "active_power_mean": [110.3, 70.7, 40.3, None],
    }


def test_a_lamp_without_a_row_is_missing() -> None:
    hour = LampHour.of(4, np.array([1]), {"energy_wh": column(50), "energy_q": column(1)})
    sums = as_lists(hour_sums(hour, MEMBERS))
    assert (sums["energy_wh"], sums["energy_missing_n"]) == ([50, None, None, None], [1, 2, 1, 0])


def test_five_minutes_are_summed_up_over_the_lamps_that_are_heard() -> None:
    assert as_lists(step_sums(column(60, NAN, 40, 30), MEMBERS)) == {
        "active_power_sum": [60, 70, 40, None],
        "active_power_n": [1, 2, 1, 0],
        "active_power_min": [60, 30, 40, None],
        "active_power_max": [60, 40, 40, None],
    }
