"""Which programme a night has: the first exception's that fits, else the first weekday's, else the calendar's own.

A night has the date of its evening: an exception on 31 December lasts until noon of New Year's Day.
"""

from datetime import date, timedelta
from itertools import groupby

from protocols.light import Calendar, CalendarRule, Stretch, YearDay
from rules.lunar import solar_date


def programme_of(calendar: Calendar, night: date) -> tuple[str, bool]:
    """The programme's id, and whether it is an exception's."""
    rule = rule_of(calendar, night)
    return (calendar.programme, False) if rule is None else (rule.programme, rule.is_exception)


def rule_of(calendar: Calendar, night: date) -> CalendarRule | None:
    """The rule that decides a night; `None` when it has the calendar's own programme."""
    return _first(calendar, night, exceptions=True) or _first(calendar, night, exceptions=False)


def _first(calendar: Calendar, night: date, *, exceptions: bool) -> CalendarRule | None:
    return next((rule for rule in calendar.rules if rule.is_exception is exceptions and fits(rule, night)), None)


def stretches(calendar: Calendar, first: date, nights: int) -> tuple[Stretch, ...]:
    """So many nights from a first one, as an edge is told them."""
    decided = [programme_of(calendar, first + timedelta(days=n)) for n in range(nights)]
    return tuple(
        Stretch(programme=programme, is_exception=is_exception, nights=sum(1 for _ in same))
        for (programme, is_exception), same in groupby(decided)
    )


def fits(rule: CalendarRule, night: date) -> bool:
    """True when a rule is about a night, whether or not another one is stronger."""
    if rule.weekdays is not None:
        return night.isoweekday() in rule.weekdays
    if rule.dates is not None:
        return rule.dates[0] <= night <= rule.dates[1]
    if rule.yearly is not None:
        return _fits_year(*rule.yearly, night)
    return _fits_moon(rule, night)


def _fits_year(first: YearDay, last: YearDay, night: date) -> bool:
    """29 February comes in leap years. A last day before the first one lies in the next year."""
    begin, end, day = (first.month, first.day), (last.month, last.day), (night.month, night.day)
    return begin <= day <= end if begin <= end else day >= begin or day <= end


def _fits_moon(rule: CalendarRule, night: date) -> bool:
    """The last months of a lunar year lie in the solar year after it."""
    if rule.lunar is None:
        return False
    named = (solar_date(rule.lunar, year) for year in range(night.year - 1, night.year + 2))
    before, after = timedelta(days=rule.days_before), timedelta(days=rule.days_after)
    return any(day is not None and -before <= night - day <= after for day in named)
