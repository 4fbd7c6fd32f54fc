"""The Vietnamese lunar calendar, on this side of the library that computes it.

It is not China's: new moons are counted by the clocks of Hanoi (UTC+7), so that in 1985, 2007 or 2030 Tết has another
date than the Chinese new year. Only the cloud asks; edges are sent how many nights each programme has.
"""

from datetime import date, timedelta
from functools import lru_cache

from lunar_vn import SUPPORTED_YEAR_RANGE, LunarDate, lunar_to_solar, solar_to_lunar

from protocols.light import LunarDay

_HANOI = 7.0  # hours east of Greenwich
_FIRST_YEAR, _LAST_YEAR = SUPPORTED_YEAR_RANGE


@lru_cache(4096)
def solar_date(day: LunarDay, year: int) -> date | None:
    """The date of a lunar day in a lunar year, which is named by the year in which it begins.

    The 30th of a month that has 29 days is its last one (so that the 30th of the twelfth is always the eve of Tết).
    A month that comes twice counts the first time: feasts are not held in the leap month. `None` for years that the
    library does not know (before 1900, after 2099).
    """
    if not _FIRST_YEAR <= year < _LAST_YEAR:
        return None
    found = lunar_to_solar(LunarDate(day.day, day.month, year), _HANOI)
    return found if solar_to_lunar(found, _HANOI).day == day.day else found - timedelta(days=1)
