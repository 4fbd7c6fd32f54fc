"""The console jumps to Tết by a table of its own; here it is held against the calendar that lamps follow."""

import json
from datetime import date
from pathlib import Path

from protocols.light import CalendarRule, LunarDay
from rules.calendars import fits

TABLE = Path(__file__).parents[3] / "cloud" / "web" / "src" / "light" / "tet.json"
TET = CalendarRule(programme="p", lunar=LunarDay(month=1, day=1))


def test_the_console_knows_the_first_night_of_every_lunar_year() -> None:
    nights = [date.fromisoformat(night) for night in json.loads(TABLE.read_text())]
    assert [night.year for night in nights] == list(range(2020, 2100))
    assert all(fits(TET, night) for night in nights)
