"""Late readings change as many hours as they must, and no row whose readings are gone."""

import pytest

from rules.energy import HOUR_S, UWH, Counted, Event, Grade, Hour
from rules.revision import Plan, Readings, before, counted_of, energy_fields, is_gone, plan, revise

MOST_MW = 150_000


def counted(minute: int, register: int) -> Counted:
    return Counted(minute * 60, register, 0, (register - 1000) * UWH)


def readings(registers: dict[int, int]) -> Readings:
    """Registers in Wh by the minute."""
    at = [minute * 60 for minute in registers]
    return Readings(at, {"active_energy": [wh / 1000 for wh in registers.values()]})


STORED = {0: counted(50, 1050), HOUR_S: counted(50, 1050), 2 * HOUR_S: counted(170, 1170)}


def test_hours_are_made_again_from_the_one_in_which_something_was_last_counted() -> None:
    assert plan(2 * HOUR_S, STORED) == Plan(0, None)
    assert plan(3 * HOUR_S, STORED) == Plan(2 * HOUR_S, counted(50, 1050))
    assert before(HOUR_S, STORED) == counted(50, 1050)


def test_nothing_is_made_again_behind_the_hour_whose_end_is_as_it_was() -> None:
    told = readings({0: 1000, 50: 1050, 65: 1065, 110: 1110, 170: 1170, 190: 1190, 230: 1230, 250: 1250})
    revised = revise(plan(HOUR_S, STORED), HOUR_S, 4 * HOUR_S, told, STORED, MOST_MW, counts=True)
    assert list(revised.rows) == [0, HOUR_S, 2 * HOUR_S]  # the second ends otherwise than it did, the third does not
    assert revised.settled
    assert [row["energy_wh"] for row in revised.rows.values()] == [60, 60, 60]
    assert revised.rows[HOUR_S]["energy_q"] == Grade.ESTIMATED  # an hour lies between the two round its end


def test_the_last_hour_is_not_settled_before_something_is_told_after_it() -> None:
    told = readings({0: 1000, 50: 1050})
    assert not revise(Plan(0, None), 0, HOUR_S, told, {0: counted(50, 1050)}, MOST_MW, counts=True).settled


def test_a_row_whose_readings_were_forgotten_is_not_made_again() -> None:
    told = readings({110: 1110, 170: 1170})
    assert is_gone(told, STORED, 0, 3 * HOUR_S)
    assert not is_gone(told, STORED, HOUR_S, 3 * HOUR_S)


def test_a_row_that_says_what_is_no_longer_so_is_taken_back() -> None:
    """What seemed to be a gap of one meter was another meter: nobody knows that hour."""
    told = readings({0: 1000, 10: 1010, 150: 900_000, 190: 900_040})
    stored = {0: counted(10, 1010), HOUR_S: counted(10, 1010)}
    revised = revise(Plan(0, None), 2 * HOUR_S, 3 * HOUR_S, told, stored, MOST_MW, counts=True)
    assert revised.rows[HOUR_S]["energy_wh"] is None
    assert revised.rows[HOUR_S]["energy_q"] == Grade.MISSING


@pytest.mark.parametrize(
    "one", [counted(50, 1050), Counted(60, None, 60_100, 123_456_789), Counted(60, 5, 0, 7, dip_at=99), None]
)
def test_what_was_counted_comes_back_from_its_row(one: Counted | None) -> None:
    assert counted_of(energy_fields(Hour(0, None, None, None, Grade.MISSING, Event.NONE, one))) == one
