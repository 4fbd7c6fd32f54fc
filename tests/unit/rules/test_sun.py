"""The sun over Ha Long to the minute, and one rule of darkness for everybody."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.inventory import Place
from rules.sun import HORIZON, elevation, is_dark, next_sunrise, next_sunset

HA_LONG = Place(longitude=107.080, latitude=20.951)
TROMSO = Place(longitude=18.96, latitude=69.65)
VIETNAM = timezone(timedelta(hours=7))
# NOAA's equations for 20.951 N 107.080 E, UTC+7, in whole minutes: sunrise, sunset, civil dawn, civil dusk.
TABLE = {
    date(2026, 1, 1): ("06:28", "17:21", "06:04", "17:45"),
    date(2026, 3, 20): ("05:56", "18:02", "05:33", "18:24"),
    date(2026, 6, 21): ("05:11", "18:35", "04:46", "19:00"),
    date(2026, 9, 23): ("05:40", "17:47", "05:18", "18:09"),
    date(2026, 12, 21): ("06:23", "17:15", "05:59", "17:39"),
}
MINUTE = timedelta(minutes=1)

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
cities = st.builds(Place, longitude=st.floats(-180, 180), latitude=st.floats(-60, 60))
anywhere = st.builds(Place, longitude=st.floats(-180, 180), latitude=st.floats(-90, 90))


def local(day: date, clock: str) -> datetime:
    return datetime.combine(day, datetime.strptime(clock, "%H:%M").time(), VIETNAM)  # noqa: DTZ007


@pytest.mark.parametrize("day", TABLE, ids=str)
def test_sunrise_and_sunset_in_ha_long_are_those_of_the_table(day: date) -> None:
    midnight = local(day, "00:00")
    sunrise, sunset = next_sunrise(HA_LONG, midnight), next_sunset(HA_LONG, midnight)
    assert sunrise is not None
    assert sunset is not None
    assert abs(sunrise - local(day, TABLE[day][0])) <= MINUTE
    assert abs(sunset - local(day, TABLE[day][1])) <= MINUTE


@pytest.mark.parametrize("day", TABLE, ids=str)
def test_the_sun_stands_6_degrees_below_the_horizon_at_civil_dawn_and_dusk(day: date) -> None:
    for clock in TABLE[day][2:]:
        assert elevation(HA_LONG, local(day, clock)) == pytest.approx(-6.0, abs=0.3)  # a minute is up to 0.25 degrees


def test_the_sun_stands_high_at_noon_and_deep_at_midnight() -> None:
    assert elevation(HA_LONG, local(date(2026, 6, 21), "11:52")) == pytest.approx(87.5, abs=0.3)  # 90 - 20.95 + 23.44
    assert elevation(HA_LONG, local(date(2026, 6, 21), "23:52")) < -45


def test_a_year_has_4327_hours_of_night_in_ha_long() -> None:
    start = local(date(2026, 1, 1), "00:00")
    dark = sum(is_dark(HA_LONG, start + n * timedelta(minutes=10)) for n in range(365 * 144))
    assert dark / 6 == pytest.approx(4327, abs=5)


@settings(max_examples=60, deadline=None)
@given(cities, moments)
def test_it_becomes_dark_at_sunset_and_light_at_sunrise_in_every_city(place: Place, at: datetime) -> None:
    sunset, sunrise = next_sunset(place, at), next_sunrise(place, at)
    assert sunset is not None
    assert sunrise is not None
    second = timedelta(seconds=1)
    assert (is_dark(place, sunset - second), is_dark(place, sunset)) == (False, True)
    assert (is_dark(place, sunrise - second), is_dark(place, sunrise)) == (True, False)
    assert is_dark(place, at) is (sunrise < sunset)
    assert max(sunset, sunrise) - at < timedelta(hours=26)


@settings(max_examples=60, deadline=None)
@given(cities, moments, st.floats(0, 1))
def test_nothing_changes_before_the_next_sunset_or_sunrise(place: Place, at: datetime, share: float) -> None:
    changes = [next_sunset(place, at), next_sunrise(place, at)]
    first = min(change for change in changes if change is not None)
    assert is_dark(place, at + (first - at) * share * 0.999) is is_dark(place, at)


@settings(max_examples=60, deadline=None)
@given(anywhere, moments)
def test_there_is_an_answer_everywhere_on_earth(place: Place, at: datetime) -> None:
    assert -90 <= elevation(place, at) <= 90
    assert isinstance(next_sunset(place, at), datetime | None)
    assert isinstance(next_sunrise(place, at), datetime | None)


def test_where_the_sun_does_not_set_there_is_no_sunset() -> None:
    midsummer, midwinter = datetime(2026, 6, 21, 12, tzinfo=UTC), datetime(2026, 12, 21, 12, tzinfo=UTC)
    assert (next_sunset(TROMSO, midsummer), next_sunrise(TROMSO, midsummer)) == (None, None)
    assert not is_dark(TROMSO, midsummer + timedelta(hours=11))
    assert (next_sunset(TROMSO, midwinter), next_sunrise(TROMSO, midwinter)) == (None, None)
    assert is_dark(TROMSO, midwinter)


def test_a_night_of_a_quarter_of_an_hour_is_not_overlooked() -> None:
    near_the_circle, noon = Place(longitude=0, latitude=65.72), datetime(2026, 6, 21, 12, tzinfo=UTC)
    sunset, sunrise = next_sunset(near_the_circle, noon), next_sunrise(near_the_circle, noon)
    assert sunset is not None
    assert sunrise is not None
    assert sunrise - sunset < timedelta(minutes=15)


@given(moments, st.integers(-12, 14))
def test_the_time_zone_of_the_question_does_not_matter(at: datetime, hours: int) -> None:
    elsewhere = at.astimezone(timezone(timedelta(hours=hours)))
    assert elevation(HA_LONG, elsewhere) == elevation(HA_LONG, at)


@given(cities, moments)
def test_the_sun_moves_no_faster_than_the_earth_turns(place: Place, at: datetime) -> None:
    for minutes in (1, 60):
        moved = abs(elevation(place, at + timedelta(minutes=minutes)) - elevation(place, at))
        assert moved <= 15.1 * minutes / 60 + 0.005  # the elevation is known to the second


def test_the_horizon_is_the_standard_one() -> None:
    assert pytest.approx(-(34 + 16) / 60, abs=0.001) == HORIZON
