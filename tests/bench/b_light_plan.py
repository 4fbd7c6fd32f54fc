"""What it takes to look a light plan through: 50 programmes in 50 calendars over 400 nights, and one night of it.

The sun of a night is compared with astral's own search for the same four moments, which are not always the same: ours
are of geometry alone, to the second, and are there also where the sun does not set or rise.
"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from time import process_time
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import sun as astral_sun

from protocols.inventory import Name, Place
from protocols.light import Calendar, CalendarRule, LampGroup, LampRule, LightPlan, LunarDay, Programme, Step, SunEvent
from rules.light_checks import check
from rules.nights import curve, darkness_of, window_of
from tests.bench.report import Figure, cpu_us

_PROGRAMMES, _NIGHTS = 50, 400
_FROM = date(2026, 11, 22)
_HA_LONG, _ZONE = Place(longitude=107.08, latitude=20.951), ZoneInfo("Asia/Ho_Chi_Minh")
_NAME = Name(vi="x", en="x")


def run() -> Iterator[Figure]:
    """First with a sun that nobody has asked for yet, then again."""
    yield from _sun()
    plan = _plan()
    darkness_of.cache_clear()
    window_of.cache_clear()
    cold, warm = _check_ms(plan), _check_ms(plan)
    yield Figure("ours_check_50_programmes_400_nights_first_cpu_ms", cold, "ms")
    yield Figure("ours_check_50_programmes_400_nights_again_cpu_ms", warm, "ms")
    some = plan.programmes[0]
    yield Figure("ours_curve_of_a_night_cpu_us", cpu_us(lambda: curve(some, _FROM, _HA_LONG, _ZONE)), "us")
    found = curve(some, _FROM, _HA_LONG, _ZONE)
    late = found.begin + timedelta(hours=11)
    yield Figure("ours_level_of_a_moment_cpu_us", cpu_us(lambda: found.level(late)), "us")


def _sun() -> Iterator[Figure]:
    dates = [_FROM + timedelta(days=n) for n in range(_NIGHTS)]
    observer = Observer(_HA_LONG.latitude, _HA_LONG.longitude)

    def ours() -> None:
        darkness_of.cache_clear()
        for night in dates:
            darkness_of(night, _HA_LONG, _ZONE)

    def peer() -> None:
        for night in dates:
            astral_sun(observer, night, tzinfo=_ZONE)

    one, other = (cpu_us(work, repeat=1) / _NIGHTS for work in (ours, peer))
    yield Figure("ours_sun_of_a_night_cpu_us", one, "us", "astral_sun_of_a_day_cpu_us", one / other)
    yield Figure("astral_sun_of_a_day_cpu_us", other, "us")


def _check_ms(plan: LightPlan) -> float:
    since = process_time()
    found = check(plan, _HA_LONG, _ZONE, _FROM, nights=_NIGHTS)
    if found:
        raise AssertionError(f"the plan is meant to be sound: {found[0]}")
    return (process_time() - since) * 1000


def _plan() -> LightPlan:
    numbers = range(_PROGRAMMES)
    return LightPlan(
        programmes=tuple(_programme(n) for n in numbers),
        calendars=tuple(_calendar(n) for n in numbers),
        groups=tuple(
            LampGroup(id=f"g{n}", name=_NAME, rule=LampRule(area="/halong"), calendar=f"c{n}", road_class="M3")
            for n in numbers
        ),
    )


def _programme(n: int) -> Programme:
    steps = (
        Step(sun=SunEvent.SUNSET, level=100, ramp_s=300),
        Step(at=time(22), level=70 + n % 20),
        Step(at=time(0), level=50),
        Step(at=time(5), level=100),
        Step(sun=SunEvent.SUNRISE, offset_min=n % 10, level=0),
    )
    return Programme(id=f"p{n}", name=_NAME, steps=steps)


def _calendar(n: int) -> Calendar:
    weekend, tet = (f"p{(n + k) % _PROGRAMMES}" for k in (1, 2))
    rules = (
        CalendarRule(programme=weekend, weekdays=(6, 7)),
        CalendarRule(programme=tet, lunar=LunarDay(month=1, day=1), days_before=7, days_after=7),
    )
    return Calendar(id=f"c{n}", name=_NAME, programme=f"p{n}", rules=rules)
