"""The light that a city has when nobody has said anything, and what an override changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.commands import Held, Override
from protocols.inventory import Place
from rules.lighting import Curves, Lighting
from rules.programme import Decision, Reason, astronomical_default, astronomical_level
from rules.resolve import Light, resolve
from rules.sun import is_dark

HA_LONG = Place(longitude=107.080, latitude=20.951)
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
places = st.builds(Place, longitude=st.floats(-180, 180), latitude=st.floats(-90, 90))
spans = st.timedeltas(timedelta(milliseconds=1), timedelta(days=1))
levels = st.floats(0, 100)


def planned(clock: str, day: str = "2026-03-20") -> float:
    return astronomical_level(HA_LONG, VIETNAM, datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=VIETNAM))


def by_sun(place: Place, override: Override | None, at: datetime) -> Decision:
    return resolve(Light(Lighting(Curves(place, VIETNAM))), Held(override=override), at)


@pytest.mark.parametrize(
    ("clock", "level"),
    [
        ("12:00", 0),
        ("18:01", 0),  # the sun sets at 18:02:37
        ("18:04", 100),
        ("21:59:59", 100),
        ("22:00", 50),
        ("23:59:59", 50),
        ("00:00", 50),
        ("04:59:59", 50),
        ("05:00", 100),
        ("05:55", 100),  # and rises at 05:56:07
        ("05:57", 0),
    ],
)
def test_a_night_in_march(clock: str, level: float) -> None:
    assert planned(clock) == level


def test_the_steps_are_hours_of_local_time() -> None:
    at = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)  # 22:00 in Ha Long, 19:00 in Moscow
    assert astronomical_level(HA_LONG, VIETNAM, at) == 50
    assert astronomical_level(HA_LONG, ZoneInfo("Europe/Moscow"), at) == 100


def test_the_default_saves_29_5_percent_of_full_light_over_a_year() -> None:
    start = datetime(2026, 1, 1, tzinfo=VIETNAM)
    levels_found = [astronomical_level(HA_LONG, VIETNAM, start + n * timedelta(minutes=15)) for n in range(365 * 96)]
    lit = [level for level in levels_found if level > 0]
    assert 1 - sum(lit) / (100 * len(lit)) == pytest.approx(0.295, abs=0.002)


@given(places, moments)
def test_no_lamp_burns_by_day_and_none_is_dark_by_night(place: Place, at: datetime) -> None:
    decision = by_sun(place, None, at)
    assert decision.reason is Reason.ASTRONOMICAL
    assert decision.level in ({50, 100} if is_dark(place, at) else {0})


@given(places, moments, levels, spans)
def test_an_override_wins_until_just_before_its_end(place: Place, at: datetime, level: float, left: timedelta) -> None:
    assert by_sun(place, Override(level=level, until=at + left), at) == Decision(level, Reason.OVERRIDE)


@given(places, moments, levels, spans)
def test_an_expired_override_never_counts(place: Place, at: datetime, level: float, ago: timedelta) -> None:
    for until in (at, at - ago):
        override = Override(level=level, until=until)
        assert by_sun(place, override, at) == astronomical_default(place, VIETNAM, at)


@given(moments, levels, st.integers(-12, 14))
def test_the_end_of_an_override_is_a_moment_and_no_wall_clock(at: datetime, level: float, hours: int) -> None:
    zone = ZoneInfo(f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT")
    elsewhere = Override(level=level, until=(at + timedelta(seconds=1)).astimezone(zone))
    assert by_sun(HA_LONG, elsewhere, at).reason is Reason.OVERRIDE


def test_the_ladder_of_reasons_is_that_of_the_design() -> None:
    assert [str(reason) for reason in Reason] == [
        "safety_lock_out",
        "emergency",
        "manual_override",
        "self_test",
        "adaptive",
        "calendar_exception",
        "weekly_programme",
        "astronomical_default",
        "hardware_default",
    ]
