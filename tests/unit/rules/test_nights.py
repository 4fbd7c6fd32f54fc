"""A programme in one night: its steps get their moments, also where the sun, or the clock, does strange things."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.inventory import Place
from protocols.light import Programme, SunEvent
from rules.nights import Curve, Point, curve, darkness_of, local_moment, night_of, window_of
from tests.unit.rules.planning import (
    BERLIN,
    CHATHAM,
    FINLAND,
    GERMANY,
    HA_LONG,
    HELSINKI_NORTH,
    NORWAY,
    TROMSO,
    VIETNAM,
    at,
    nights,
    places,
    programme,
    programmes,
    sun,
)

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
# NOAA's equations for 20.951 N 107.080 E, UTC+7, in whole minutes: sunset, civil dusk, civil dawn, sunrise of a day.
TABLE = {
    date(2026, 1, 1): ("17:21", "17:45", "06:04", "06:28"),
    date(2026, 3, 20): ("18:02", "18:24", "05:33", "05:56"),
    date(2026, 6, 21): ("18:35", "19:00", "04:46", "05:11"),
    date(2026, 9, 23): ("17:47", "18:09", "05:18", "05:40"),
    date(2026, 12, 21): ("17:15", "17:39", "05:59", "06:23"),
}


def local(zone: ZoneInfo, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


EVENING = programme(
    sun(SunEvent.SUNSET, 100), at("22:00", 70), at("00:00", 50), at("05:00", 100), sun(SunEvent.SUNRISE, 0)
)


def test_a_night_goes_from_noon_to_noon_and_is_named_by_its_evening() -> None:
    assert night_of(local(VIETNAM, "2026-03-20T12:00"), VIETNAM) == date(2026, 3, 20)
    assert night_of(local(VIETNAM, "2026-03-21T03:00"), VIETNAM) == date(2026, 3, 20)
    assert night_of(local(VIETNAM, "2026-03-21T11:59:59"), VIETNAM) == date(2026, 3, 20)


@pytest.mark.parametrize("night", TABLE, ids=str)
def test_the_sun_over_ha_long_is_that_of_the_table_to_the_minute(night: date) -> None:
    morning = night - timedelta(days=1)  # the table's dawn and sunrise end the night before
    ended, found = darkness_of(morning, HA_LONG, VIETNAM), darkness_of(night, HA_LONG, VIETNAM)
    assert ended is not None
    assert found is not None
    moments = found.sunset, found.civil_dusk, ended.civil_dawn, ended.sunrise
    for moment, clock, of in zip(moments, TABLE[night], (night, night, morning, morning), strict=True):
        assert abs(moment - local_moment(time.fromisoformat(clock), of, VIETNAM)) <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("clock", "level"),
    [
        ("2026-03-20T12:00", 0),
        ("2026-03-20T18:02:30", 0),  # the sun sets at 18:02:37
        ("2026-03-20T18:02:45", 100),
        ("2026-03-20T21:59:59", 100),
        ("2026-03-20T22:00", 70),
        ("2026-03-20T23:59:59", 70),
        ("2026-03-21T00:00", 50),
        ("2026-03-21T05:00", 100),
        ("2026-03-21T05:56", 0),  # and rises at 05:55:09
        ("2026-03-21T12:00", 0),
    ],
)
def test_a_night_in_march(clock: str, level: float) -> None:
    assert curve(EVENING, date(2026, 3, 20), HA_LONG, VIETNAM).level(local(VIETNAM, clock)) == level


def test_the_sun_may_be_early_or_late_but_not_before_and_not_after_a_local_time() -> None:
    night = date(2026, 3, 20)  # sunset 18:02:37
    for step, clock in (
        (sun(SunEvent.SUNSET, 100, -15), "17:47:37"),
        (sun(SunEvent.SUNSET, 100, 30), "18:32:37"),
        (sun(SunEvent.SUNSET, 100, 30, not_after=time(18, 20)), "18:20:00"),
        (sun(SunEvent.SUNSET, 100, -15, not_before=time(18, 0)), "18:00:00"),
        (sun(SunEvent.SUNSET, 100, 0, not_before=time(17, 0), not_after=time(19, 0)), "18:02:37"),
    ):
        (point,) = curve(programme(step), night, HA_LONG, VIETNAM).points
        assert abs(point.at - local(VIETNAM, f"2026-03-20T{clock}")) <= 2 * SECOND


def test_a_morning_limit_belongs_to_the_next_day() -> None:
    step = sun(SunEvent.SUNRISE, 0, 0, not_before=time(6, 10))
    (point,) = curve(programme(step), date(2026, 3, 20), HA_LONG, VIETNAM).points
    assert point.at == local(VIETNAM, "2026-03-21T06:10")


# --- clocks that are changed ------------------------------------------------------------------------------------------


def test_a_night_is_an_hour_shorter_when_clocks_are_set_forward_and_longer_when_they_are_set_back() -> None:
    for night, hours in ((date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (date(2026, 6, 1), 24)):
        window = window_of(night, GERMANY)
        assert window.end - window.begin == hours * HOUR


def test_a_local_time_that_does_not_exist_is_the_moment_at_which_clocks_are_changed() -> None:
    night, change = date(2026, 3, 28), datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert local_moment(time(1, 59), night, GERMANY) == change - timedelta(minutes=1)
    for clock in ("02:00", "02:30", "02:59", "03:00"):
        assert local_moment(time.fromisoformat(clock), night, GERMANY) == change
    assert local_moment(time(3, 1), night, GERMANY) == change + timedelta(minutes=1)


def test_a_local_time_that_exists_twice_is_the_first_of_the_two() -> None:
    night = date(2026, 10, 24)
    assert local_moment(time(2, 30), night, GERMANY) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local_moment(time(3, 0), night, GERMANY) == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("night", "hours_at_50"), [(date(2026, 3, 28), 4), (date(2026, 10, 24), 6), (date(2026, 6, 1), 5)]
)
def test_the_small_hours_are_as_long_as_the_clock_has_them(night: date, hours_at_50: int) -> None:
    points = curve(programme(at("18:00", 100), at("00:00", 50), at("05:00", 100)), night, BERLIN, GERMANY).points
    assert points[2].at - points[1].at == hours_at_50 * HOUR


@settings(max_examples=60)
@given(st.sampled_from([VIETNAM, GERMANY, CHATHAM]), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_local_times_follow_each_other_in_every_night(zone: ZoneInfo, night: date) -> None:
    window = window_of(night, zone)
    clocks = [time((12 + n // 2) % 24, n % 2 * 30) for n in range(48)]
    moments = [local_moment(clock, night, zone) for clock in clocks]
    assert moments[0] == window.begin
    assert all(before <= after for before, after in pairwise([*moments, window.end]))


@settings(max_examples=60)
@given(
    st.sampled_from([VIETNAM, GERMANY, CHATHAM, ZoneInfo("Pacific/Apia")]),
    st.datetimes(datetime(2011, 12, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_moment_lies_in_the_night_that_it_belongs_to(zone: ZoneInfo, moment: datetime) -> None:
    window = window_of(night_of(moment, zone), zone)
    assert window.begin <= moment < window.end


# --- where the sun does not set, or does not rise ---------------------------------------------------------------------


def test_no_lamp_is_lit_beside_the_midnight_sun() -> None:
    found = curve(EVENING, date(2026, 6, 21), TROMSO, NORWAY)
    assert found.points == ()
    assert {found.level(found.begin + n * HOUR) for n in range(24)} == {0}


def test_in_the_polar_night_sunset_is_the_begin_of_the_night_and_sunrise_its_end() -> None:
    found = curve(EVENING, date(2026, 12, 21), TROMSO, NORWAY)
    assert (found.points[0].at, found.points[-1].at) == (found.begin, found.end)
    assert {found.level(found.begin + n * HOUR) for n in range(24)} == {100, 70, 50}


def test_where_twilight_lasts_all_night_dusk_and_dawn_are_the_darkest_moment() -> None:
    night = darkness_of(date(2026, 6, 21), HELSINKI_NORTH, FINLAND)
    assert night is not None
    assert night.sunset < night.civil_dusk == night.civil_dawn < night.sunrise
    middle = night.sunset + (night.sunrise - night.sunset) / 2
    assert abs(night.civil_dusk - middle) < timedelta(minutes=2)


# --- ramps ------------------------------------------------------------------------------------------------------------


def test_a_ramp_goes_in_whole_percents_along_a_line() -> None:
    found = curve(programme(at("20:00", 40, 600), at("21:00", 0)), date(2026, 3, 20), HA_LONG, VIETNAM)
    start = local(VIETNAM, "2026-03-20T20:00")
    assert [found.level(start + n * SECOND) for n in (-1, 0, 14, 15, 29, 30, 599, 600, 3599, 3600)] == [
        0, 0, 0, 1, 1, 2, 39, 40, 40, 0,
    ]  # fmt: skip


def test_a_ramp_down_from_and_to_a_level_between_percents_ends_at_it() -> None:
    found = curve(programme(at("20:00", 52.5), at("21:00", 49.5, 60)), date(2026, 3, 20), HA_LONG, VIETNAM)
    assert [jump.level for jump in found.jumps] == [52.5, 52, 51, 50, 49.5]
    assert found.jumps[-1].at == local(VIETNAM, "2026-03-20T21:01")


def test_a_step_in_the_middle_of_a_ramp_goes_on_from_there() -> None:
    found = curve(programme(at("20:00", 100, 3600), at("20:30", 0, 60)), date(2026, 3, 20), HA_LONG, VIETNAM)
    half = local(VIETNAM, "2026-03-20T20:30")
    assert found.level(half - SECOND) == 49
    assert found.level(half + 30 * SECOND) == 25
    assert found.level(half + 60 * SECOND) == 0


def test_a_quick_ramp_moves_once_a_second_at_most() -> None:
    found = curve(programme(at("20:00", 100, 3)), date(2026, 3, 20), HA_LONG, VIETNAM)
    assert [jump.level for jump in found.jumps] == [33, 66, 100]


def test_it_is_known_when_the_level_last_changed() -> None:
    found = curve(programme(at("20:00", 40, 600), at("21:00", 40), at("22:00", 0)), date(2026, 3, 20), HA_LONG, VIETNAM)
    start = local(VIETNAM, "2026-03-20T20:00")
    assert found.changed_at(start) is None
    assert found.changed_at(start + 31 * SECOND) == start + 30 * SECOND
    assert found.changed_at(start + 90 * timedelta(minutes=1)) == start + 600 * SECOND  # 40 once more is no change


# --- properties -------------------------------------------------------------------------------------------------------


def sampled(found: Curve) -> Iterator[datetime]:
    for jump in found.jumps:
        yield from (jump.at - SECOND, jump.at, jump.at + SECOND / 2)
    yield from (found.begin + n * HOUR for n in range(-2, 28))


@settings(max_examples=40, deadline=None)
@given(programmes, nights, places)
def test_every_programme_has_an_answer_for_every_moment_of_every_night(
    some: Programme, night: date, where: tuple[Place, ZoneInfo]
) -> None:
    found = curve(some, night, *where)
    assert found == curve(some, night, *where)
    assert all(before.at <= after.at for before, after in pairwise(found.points))
    assert all(found.begin <= point.at <= found.end for point in found.points)
    assert all(before.at < after.at and before.level != after.level for before, after in pairwise(found.jumps))
    assert all(0 <= found.level(moment) <= 100 for moment in sampled(found))
    assert found.level(found.begin - SECOND) == found.level(found.end) == 0


@settings(max_examples=40, deadline=None)
@given(programmes, nights, places)
def test_the_level_stays_the_same_between_two_changes(
    some: Programme, night: date, where: tuple[Place, ZoneInfo]
) -> None:
    found = curve(some, night, *where)
    for moment in sampled(found):
        since = found.changed_at(moment)
        if since is not None:
            assert found.level(since) == found.level(moment) != found.level(since - SECOND)


@settings(max_examples=40, deadline=None)
@given(programmes, nights)
def test_a_level_is_that_of_the_last_step_or_on_the_way_to_it(some: Programme, night: date) -> None:
    found = curve(some, night, HA_LONG, VIETNAM)
    for moment in sampled(found):
        past: list[Point] = [point for point in found.points if point.at <= moment < found.end]
        if past and moment >= past[-1].at + past[-1].ramp_s * SECOND:
            assert found.level(moment) == past[-1].level
