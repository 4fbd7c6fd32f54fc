"""The city's time: an origin and a speed, the same for every role."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocols.clock import ClockSettings, DomainClock

ORIGIN = datetime(2026, 3, 20, 18, 0, tzinfo=timezone(timedelta(hours=7)))


def test_the_city_runs_as_many_times_as_fast_as_it_is_told() -> None:
    settings = ClockSettings(origin=ORIGIN, started=1000.0, speed=60)
    assert settings.at(1000.0) == ORIGIN
    assert settings.at(1010.0) == ORIGIN + timedelta(minutes=10)
    assert settings.at(999.0) == ORIGIN - timedelta(minutes=1)


def test_the_time_of_the_city_is_utc_whatever_the_origin_was_written_in() -> None:
    assert ClockSettings(origin=ORIGIN, started=0).at(0).tzinfo is UTC


def test_samples_carry_whole_seconds() -> None:
    clock = DomainClock(ClockSettings(origin=ORIGIN, started=0), lambda: 1.999)
    assert clock.seconds() == int(ORIGIN.timestamp()) + 1
    assert clock.now() == ORIGIN + timedelta(seconds=1.999)


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.floats(0.1, 3600))
def test_time_never_runs_backwards(wall: float, later: float, speed: float) -> None:
    settings = ClockSettings(origin=ORIGIN, started=0, speed=speed)
    assert settings.at(min(wall, later)) <= settings.at(max(wall, later))


@given(st.floats(0.1, 3600))
def test_every_role_reads_the_same_settings_from_json(speed: float) -> None:
    settings = ClockSettings(origin=ORIGIN, started=1.5, speed=speed)
    assert ClockSettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize("speed", [0, -1, 3601, float("nan"), float("inf")])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(ValidationError):
        ClockSettings(origin=ORIGIN, started=0, speed=speed)


def test_an_origin_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        ClockSettings(origin=datetime(2026, 3, 20), started=0)  # noqa: DTZ001


def test_wall_time_is_no_time_of_the_city() -> None:
    clock = DomainClock(ClockSettings(origin=ORIGIN, started=0, speed=60), lambda: 1.5)
    assert clock.wall_now() == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    assert clock.wall_now().tzinfo is UTC
