"""What five ways to light a year in Ha Long save, and what a night takes."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from protocols.light import Programme, SunEvent
from rules.light_energy import full_light, night_kwh, saving
from rules.nights import Curve, curve
from tests.unit.rules.planning import HA_LONG, NORWAY, TROMSO, VIETNAM, at, programme, sun

IN_PROPORTION = ((0.0, 0.0), (100.0, 100.0))  # W of a luminaire of 100 W
WITH_LOSS = ((1.0, 4.96), (100.0, 100.0))  # 4 W in the driver whenever it is lit, 96 W by level
WITH_STANDBY = ((0.0, 0.5), (10.0, 14.0), (100.0, 100.0))
YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]


def profile(first: float, *steps: tuple[str, float]) -> Programme:
    return programme(sun(SunEvent.SUNSET, first), *(at(*step) for step in steps), sun(SunEvent.SUNRISE, 0))


# The profiles of the domain's table, in % from sunset to sunrise.
A = profile(100, ("22:00", 70), ("00:00", 50), ("05:00", 100))
B = profile(100, ("22:00", 50), ("05:00", 100))
C = profile(100, ("23:00", 60), ("05:00", 100))
D = profile(100, ("21:00", 70), ("23:00", 40), ("04:30", 70))
E = profile(80, ("22:00", 60), ("00:00", 40), ("05:00", 80))


def year_kwh(curves: Iterator[Curve], power: tuple[tuple[float, float], ...]) -> float:
    return sum(night_kwh(found, power) for found in curves)


def full_year() -> Iterator[Curve]:
    return (full_light(night, HA_LONG, VIETNAM) for night in YEAR)


@pytest.mark.parametrize(
    ("some", "in_proportion", "with_loss"),
    [(A, 26.2, 25.1), (B, 29.5, 28.3), (C, 20.2, 19.4), (D, 36.2, 34.7), (E, 40.2, 38.6)],
    ids="ABCDE",
)
def test_a_year_saves_what_the_table_says(some: Programme, in_proportion: float, with_loss: float) -> None:
    for power, percent in ((IN_PROPORTION, in_proportion), (WITH_LOSS, with_loss)):
        found = saving(
            year_kwh((curve(some, night, HA_LONG, VIETNAM) for night in YEAR), power), year_kwh(full_year(), power)
        )
        assert found is not None
        assert 100 * found == pytest.approx(percent, abs=0.3)


def test_a_year_has_4327_hours_from_sunset_to_sunrise_and_4044_from_dusk_to_dawn() -> None:
    twilight = programme(sun(SunEvent.CIVIL_DUSK, 100), sun(SunEvent.CIVIL_DAWN, 0))
    assert year_kwh(full_year(), IN_PROPORTION) * 10 == pytest.approx(4327, abs=2)
    short = year_kwh((curve(twilight, night, HA_LONG, VIETNAM) for night in YEAR), IN_PROPORTION)
    assert short * 10 == pytest.approx(4044, abs=2)


def test_a_night_takes_watts_times_hours() -> None:
    found = curve(programme(at("20:00", 100), at("22:00", 50), at("00:00", 0)), YEAR[0], HA_LONG, VIETNAM)
    assert night_kwh(found, IN_PROPORTION) == pytest.approx(0.3)  # 100 W for 2 h, 50 W for 2 h
    assert night_kwh(found, IN_PROPORTION, output=80) == pytest.approx(0.24)
    assert night_kwh(found, IN_PROPORTION, output=80, control="relay") == pytest.approx(0.4), "on is on"


def test_a_ramp_takes_what_its_line_takes() -> None:
    found = curve(programme(at("20:00", 100, 3600), at("21:00", 0)), YEAR[0], HA_LONG, VIETNAM)
    assert night_kwh(found, IN_PROPORTION) == pytest.approx(0.05, rel=0.02)  # half of 100 W for an hour


def test_standby_counts_from_noon_to_noon() -> None:
    found = curve(programme(at("20:00", 100), at("22:00", 0)), YEAR[0], HA_LONG, VIETNAM)
    assert night_kwh(found, WITH_STANDBY) == pytest.approx(0.2 + 22 * 0.0005)


def test_where_the_sun_does_not_set_nothing_is_taken_and_nothing_saved() -> None:
    full = night_kwh(full_light(date(2026, 6, 21), TROMSO, NORWAY), IN_PROPORTION)
    assert full == 0
    assert saving(0, full) is None


def test_more_than_full_light_is_no_saving() -> None:
    assert saving(1.1, 1.0) == pytest.approx(-0.1)
