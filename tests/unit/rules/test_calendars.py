"""Weeks, years, feasts and the moon: which programme a night has."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.inventory import Name
from protocols.light import Calendar, CalendarRule, LunarDay, YearDay
from rules.calendars import programme_of, rule_of, stretches
from rules.lunar import solar_date

TET = LunarDay(month=1, day=1)
DAY = timedelta(days=1)
# Tết Nguyên Đán as it was, or is announced to be, held in Vietnam: from memory of public holidays and almanacs (1985,
# 2007, 2030 and 2053 are the well-known years in which Vietnam and China differ; Hồ Ngọc Đức, "Thuật toán tính âm
# lịch", tells of 1985, 2007 and 2030). The second date is the Chinese new year.
TETS = [
    (date(1968, 1, 29), date(1968, 1, 30)),  # Mậu Thân, as the North held it
    (date(1969, 2, 16), date(1969, 2, 17)),
    (date(1985, 1, 21), date(1985, 2, 20)),  # a month apart
    (date(2000, 2, 5), date(2000, 2, 5)),
    (date(2007, 2, 17), date(2007, 2, 18)),
    (date(2020, 1, 25), date(2020, 1, 25)),
    (date(2021, 2, 12), date(2021, 2, 12)),
    (date(2022, 2, 1), date(2022, 2, 1)),
    (date(2023, 1, 22), date(2023, 1, 22)),
    (date(2024, 2, 10), date(2024, 2, 10)),
    (date(2025, 1, 29), date(2025, 1, 29)),
    (date(2026, 2, 17), date(2026, 2, 17)),
    (date(2027, 2, 6), date(2027, 2, 6)),
    (date(2028, 1, 26), date(2028, 1, 26)),
    (date(2029, 2, 13), date(2029, 2, 13)),
    (date(2030, 2, 2), date(2030, 2, 3)),
    (date(2053, 2, 18), date(2053, 2, 19)),
]


def calendar(*rules: CalendarRule) -> Calendar:
    return Calendar(id="c", name=Name(vi="c", en="c"), programme="ordinary", rules=rules)


def yearly(first: tuple[int, int], last: tuple[int, int], programme: str = "exception") -> CalendarRule:
    days = tuple(YearDay(month=month, day=day) for month, day in (first, last))
    return CalendarRule(programme=programme, yearly=(days[0], days[1]))


def on(rule: CalendarRule, night: date) -> bool:
    return programme_of(calendar(rule), night)[1]


# --- the moon ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tet", "chinese"), TETS, ids=lambda day: str(day))
def test_tet_is_on_its_day_in_vietnam_also_where_china_has_another(tet: date, chinese: date) -> None:
    rule = CalendarRule(programme="tet", lunar=TET)
    assert solar_date(TET, tet.year) == tet
    assert [night for n in range(-40, 41) if on(rule, night := tet + n * DAY)] == [tet]
    assert on(rule, chinese) is (chinese == tet)


def test_a_feast_reaches_from_days_before_to_days_after() -> None:
    rule = CalendarRule(programme="tet", lunar=TET, days_before=7, days_after=3)
    assert [night for n in range(60) if on(rule, night := date(2026, 1, 20) + n * DAY)] == [
        date(2026, 2, 10) + n * DAY for n in range(11)
    ]


@pytest.mark.parametrize(
    ("year", "eve"),
    [
        (2023, date(2024, 2, 9)),  # the twelfth month of Quý Mão has 30 days
        (2024, date(2025, 1, 28)),  # that of Giáp Thìn has 29
    ],
)
def test_the_30th_of_a_month_with_29_days_is_its_last_day(year: int, eve: date) -> None:
    assert solar_date(LunarDay(month=12, day=30), year) == eve


@pytest.mark.parametrize(
    ("month", "year", "expected"),
    [
        (4, 2020, date(2020, 5, 7)),  # Phật Đản in Canh Tý, which has two fourth months: the first
        (2, 2023, date(2023, 3, 6)),  # two second months
        (6, 2025, date(2025, 7, 9)),  # two sixth months
        (8, 2025, date(2025, 10, 6)),  # Mid-Autumn, after the leap month
    ],
)
def test_a_month_that_comes_twice_counts_the_first_time(month: int, year: int, expected: date) -> None:
    assert solar_date(LunarDay(month=month, day=15), year) == expected


def test_the_leap_month_itself_has_no_feast() -> None:
    rule = CalendarRule(programme="vesak", lunar=LunarDay(month=4, day=15))
    assert not on(rule, date(2020, 6, 6))  # the 15th of the second fourth month


def test_a_feast_of_the_twelfth_month_belongs_to_the_year_before() -> None:
    rule = CalendarRule(programme="kitchen_gods", lunar=LunarDay(month=12, day=23))  # Ông Công, Ông Táo
    assert [night for n in range(400) if on(rule, night := date(2025, 12, 1) + n * DAY)] == [date(2026, 2, 10)]


def test_years_that_nobody_has_computed_have_no_feast() -> None:
    assert solar_date(TET, 1899) is None
    assert solar_date(TET, 2100) is None
    assert not on(CalendarRule(programme="tet", lunar=TET), date(9999, 1, 1) - DAY)


# --- the year ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("night", "expected"),
    [
        (date(2026, 12, 19), False),
        (date(2026, 12, 20), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 5), True),
        (date(2027, 1, 6), False),
    ],
)
def test_days_of_every_year_may_reach_into_the_next_one(night: date, expected: bool) -> None:
    assert on(yearly((12, 20), (1, 5)), night) is expected


def test_29_february_comes_in_leap_years() -> None:
    rule = yearly((2, 29), (2, 29))
    assert on(rule, date(2028, 2, 29))
    assert not any(on(rule, date(2026, 2, 27) + n * DAY) for n in range(4))
    assert on(yearly((2, 28), (3, 1)), date(2028, 2, 29))


def test_the_night_of_new_year_has_the_date_of_its_evening() -> None:
    rule = CalendarRule(programme="new_year", dates=(date(2026, 12, 31), date(2026, 12, 31)))
    assert on(rule, date(2026, 12, 31))  # until noon of 1 January
    assert not on(rule, date(2027, 1, 1))


# --- which one wins ---------------------------------------------------------------------------------------------------


def test_the_first_exception_is_stronger_than_every_weekday_and_than_later_exceptions() -> None:
    weekend = CalendarRule(programme="weekend", weekdays=(6, 7))
    sundays = CalendarRule(programme="sunday", weekdays=(7,))
    first, second = yearly((9, 1), (9, 3), "holiday"), yearly((9, 2), (9, 2), "national_day")
    planned = calendar(weekend, sundays, first, second)
    assert programme_of(planned, date(2026, 8, 31)) == ("ordinary", False)  # a Monday
    assert programme_of(planned, date(2026, 8, 30)) == ("weekend", False)  # a Sunday: the first of two
    assert programme_of(planned, date(2026, 9, 2)) == ("holiday", True)
    assert rule_of(planned, date(2026, 9, 2)) is first
    assert rule_of(planned, date(2026, 8, 31)) is None


def test_an_edge_is_told_how_many_nights_each_programme_has() -> None:
    planned = calendar(
        CalendarRule(programme="weekend", weekdays=(5, 6)),
        CalendarRule(programme="weekend", dates=(date(2026, 1, 4), date(2026, 1, 4))),
    )
    told = stretches(planned, date(2026, 1, 1), 8)  # from a Thursday
    assert [(some.programme, some.is_exception, some.nights) for some in told] == [
        ("ordinary", False, 1),
        ("weekend", False, 2),
        ("weekend", True, 1),
        ("ordinary", False, 4),
    ]


days = st.builds(YearDay, month=st.integers(1, 12), day=st.integers(1, 31))
rules = st.one_of(
    st.builds(CalendarRule, programme=st.just("w"), weekdays=st.tuples(st.integers(1, 7))),
    st.builds(CalendarRule, programme=st.just("y"), yearly=st.tuples(days, days)),
    st.builds(
        CalendarRule,
        programme=st.just("l"),
        lunar=st.builds(LunarDay, month=st.integers(1, 12), day=st.integers(1, 30)),
        days_before=st.integers(0, 30),
        days_after=st.integers(0, 30),
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(rules, max_size=5), st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.integers(1, 60))
def test_stretches_say_of_every_night_what_the_calendar_says(
    some: list[CalendarRule], first: date, nights: int
) -> None:
    planned = calendar(*some)
    told = [(s.programme, s.is_exception) for s in stretches(planned, first, nights) for _ in range(s.nights)]
    assert told == [programme_of(planned, first + n * DAY) for n in range(nights)]


def test_tet_comes_every_year_in_january_or_february() -> None:
    for year in range(1900, 2100):
        tet = solar_date(TET, year)
        assert tet is not None
        assert date(year, 1, 20) <= tet <= date(year, 2, 21)
