"""A light document is made anew when it says something else, and by day before its nights run short."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from protocols.inventory import Place
from protocols.light import MOST_NIGHTS
from rules.light_renewal import Hanging, Stamp, is_due, is_turn

TONIGHT = date(2026, 11, 21)
HANGING = Hanging(frozenset({"a"}), frozenset(), Place(longitude=107.08, latitude=20.95), "Asia/Ho_Chi_Minh")
WANTED = Stamp("2", TONIGHT, HANGING)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
CALM = MIDNIGHT.replace(hour=14, minute=30)  # every edge's own minute has come


def left(nights: int) -> Stamp:
    """Made so that there are so many nights left."""
    return Stamp("2", TONIGHT - timedelta(days=MOST_NIGHTS - nights), HANGING)


@pytest.mark.parametrize(
    ("made", "by_night", "by_day"),
    [
        (None, True, True),
        (WANTED, False, False),
        (Stamp("1", TONIGHT, HANGING), True, True),
        (Stamp("2", TONIGHT, Hanging(frozenset(), frozenset(), HANGING.place, HANGING.timezone)), True, True),
        (left(365), False, False),
        (left(364), False, True),
        (left(330), False, True),
        (left(329), True, True),
        (left(401), True, True),  # made for nights that are still to come: the clock was put back
    ],
)
def test_a_document_is_due(made: Stamp | None, by_night: bool, by_day: bool) -> None:
    assert [is_due("e", made, WANTED, at) for at in (MIDNIGHT, CALM)] == [by_night, by_day]


def test_each_edge_has_its_own_minute_between_mornings_and_evenings() -> None:
    def first_minute(edge: str) -> int:
        return next(m for m in range(24 * 60) if is_turn(edge, MIDNIGHT + timedelta(minutes=m)))

    minutes = [first_minute(f"HL-E{n:02d}") for n in range(40)]
    assert all(10 * 60 <= minute < 14 * 60 for minute in minutes)
    assert len(set(minutes)) > 30
    assert not is_turn("HL-E01", MIDNIGHT.replace(hour=15))
