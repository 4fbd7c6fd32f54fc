"""Bad plans are refused with their place and the reason; good ones are let through."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.inventory import Name, Place
from protocols.light import (
    Adaptation,
    Calendar,
    CalendarRule,
    LampGroup,
    LampRule,
    LightPlan,
    Programme,
    Step,
    SunEvent,
    YearDay,
)
from rules.light_checks import MOST_FINDINGS, Finding, FindingCode, check
from rules.many_nights import moments, nights_of
from rules.nights import curve
from tests.unit.rules.planning import (
    BERLIN,
    GERMANY,
    HA_LONG,
    NORWAY,
    TROMSO,
    VIETNAM,
    at,
    nights,
    places,
    programmes,
    sun,
)

FROM = date(2026, 11, 22)
ON, OFF = sun(SunEvent.SUNSET, 100), sun(SunEvent.SUNRISE, 0)
EVENING = (ON, at("22:00", 70), at("00:00", 50), at("05:00", 100), OFF)
NAME = Name(vi="x", en="x")
GOOD = Programme(id="good", name=NAME, steps=EVENING)
Told = tuple[str, FindingCode]


def group(**fields: object) -> LampGroup:
    said = {"id": "g", "name": NAME, "rule": LampRule(area="/halong"), "calendar": "c", "road_class": "M3"}
    return LampGroup.model_validate({**said, **fields})


def plan(*steps: Step, rules: Sequence[CalendarRule] = (), groups: Sequence[LampGroup] | None = None) -> LightPlan:
    return LightPlan(
        programmes=(Programme(id="p", name=NAME, steps=steps), *([GOOD] if rules else ())),
        calendars=(Calendar(id="c", name=NAME, programme="p", rules=tuple(rules)),),
        groups=(group(),) if groups is None else tuple(groups),
    )


def findings(some: LightPlan, place: Place = HA_LONG, zone: ZoneInfo = VIETNAM) -> tuple[Finding, ...]:
    return check(some, place, zone, FROM)


def told(some: LightPlan, place: Place = HA_LONG, zone: ZoneInfo = VIETNAM) -> list[Told]:
    return [(".".join(map(str, one.path)), one.code) for one in findings(some, place, zone)]


def only(some: LightPlan, place: Place = HA_LONG, zone: ZoneInfo = VIETNAM) -> Finding:
    (found,) = findings(some, place, zone)
    return found


@pytest.mark.parametrize(
    "steps",
    [
        EVENING,
        (sun(SunEvent.SUNSET, 100, -10, ramp_s=600), sun(SunEvent.SUNRISE, 0, 10, ramp_s=600)),
        (sun(SunEvent.CIVIL_DUSK, 80, ramp_s=300), at("22:00", 50), sun(SunEvent.CIVIL_DAWN, 0, ramp_s=300)),
        (at("17:00", 100), at("06:40", 0)),
        (sun(SunEvent.SUNSET, 100, not_before=time(17, 20), not_after=time(18, 0)), OFF),
    ],
)
def test_a_good_programme_is_let_through(steps: tuple[Step, ...]) -> None:
    assert findings(plan(*steps)) == ()


# --- by day and at dusk -----------------------------------------------------------------------------------------------


def test_a_light_that_nothing_puts_off_is_always_on() -> None:
    found = only(plan(ON, at("22:00", 50)))
    assert (found.path, found.code, found.severity) == (("programmes", 0, "steps", 1), "always_on", "refused")
    assert found.figures == {"night": "2026-11-22", "at": "11:37"}  # the sun is highest


def test_a_light_from_noon_on_is_always_on() -> None:
    assert told(plan(at("12:00", 100), OFF)) == [("programmes.0.steps.0", FindingCode.ALWAYS_ON)]


def test_an_hour_after_sunrise_is_not_always() -> None:
    assert told(plan(ON, at("07:30", 0))) == []


def test_a_light_that_comes_after_civil_dusk_is_dark_at_dusk() -> None:
    found = only(plan(at("18:00", 100), OFF))  # in November it is dusk at 17:32
    assert (found.path, found.code) == (("programmes", 0, "steps", 0), "dark_at_dusk")
    assert found.figures == {"night": "2026-11-22", "since": "17:32", "until": "18:00"}


def test_half_an_hour_after_sunset_and_before_sunrise_is_a_custom_and_a_little_more_is_not() -> None:
    assert told(plan(sun(SunEvent.SUNSET, 100, 30), sun(SunEvent.SUNRISE, 0, -30))) == []
    assert told(plan(sun(SunEvent.SUNSET, 100, 40), OFF)) == [("programmes.0.steps.0", FindingCode.DARK_AT_DUSK)]


def test_a_light_that_goes_before_civil_dawn_is_named_by_the_step_that_puts_it_off() -> None:
    found = only(plan(ON, at("22:00", 50), at("05:00", 0)))
    assert (found.path, found.code) == (("programmes", 0, "steps", 2), "dark_at_dusk")


def test_a_light_that_is_off_in_the_small_hours_is_dark_on_a_road() -> None:
    assert told(plan(ON, at("01:00", 0), at("04:00", 100), OFF)) == [("programmes.0.steps.1", FindingCode.DARK_AT_DUSK)]


def test_where_no_road_asks_for_light_it_may_be_off() -> None:
    assert told(plan(ON, at("22:00", 0), groups=[group(road_class=None)])) == []
    assert told(plan(at("18:00", 0), groups=[group(road_class=None)])) == []
    assert told(plan(at("18:00", 0))) == [("programmes.0", FindingCode.DARK_AT_DUSK)]


def test_a_light_that_never_comes_is_named() -> None:
    steps = (sun(SunEvent.SUNRISE, 100), at("12:00", 0))
    assert (("programmes.0"), FindingCode.NEVER_LIT) in told(plan(*steps, groups=[]))


# --- between steps ----------------------------------------------------------------------------------------------------


def test_a_step_not_after_the_one_above_it_is_named_with_the_night() -> None:
    found = only(plan(ON, at("05:30", 60), OFF))  # from April on the sun rises earlier
    assert (found.path, found.code) == (("programmes", 0, "steps", 2), "overlapping_steps")
    assert found.figures == {"night": "2027-04-19", "at": "05:29", "before": "05:30"}


def test_local_times_out_of_order_overlap_on_every_night() -> None:
    found = only(plan(ON, at("23:00", 70), at("22:00", 50), OFF))
    assert (found.path, found.code) == (("programmes", 0, "steps", 2), "overlapping_steps")
    assert found.figures == {"night": "2026-11-22", "at": "22:00", "before": "23:00"}


def test_two_steps_at_one_moment_overlap() -> None:
    assert told(plan(ON, at("22:00", 70), at("22:00", 50), OFF)) == [
        ("programmes.0.steps.2", FindingCode.OVERLAPPING_STEPS)
    ]


def test_an_hour_that_clocks_leave_out_is_no_mistake_of_the_planner() -> None:
    steps = (sun(SunEvent.SUNSET, 100), at("02:00", 70), at("03:00", 60), sun(SunEvent.SUNRISE, 0))
    assert told(plan(*steps), BERLIN, GERMANY) == []


def test_dusk_and_dawn_do_not_overlap_where_twilight_lasts_all_night() -> None:
    steps = (sun(SunEvent.CIVIL_DUSK, 100), sun(SunEvent.CIVIL_DAWN, 0))
    assert told(plan(*steps), TROMSO, NORWAY) == []


def test_a_programme_is_judged_by_the_nights_that_it_has() -> None:
    """At 05:00 the sun is up in Berlin from April to August."""
    ordinary = (ON, at("22:30", 70), at("04:30", 100), OFF)
    winter = CalendarRule(programme="good", yearly=(YearDay(month=11, day=1), YearDay(month=2, day=28)))
    summer = CalendarRule(programme="good", yearly=(YearDay(month=5, day=1), YearDay(month=8, day=15)))
    assert told(plan(*ordinary, rules=[winter]), BERLIN, GERMANY) == []
    assert told(plan(*ordinary, rules=[summer]), BERLIN, GERMANY) == [
        ("programmes.1.steps.4", FindingCode.OVERLAPPING_STEPS)
    ]


def test_a_ramp_that_the_next_step_cuts_off_is_too_long() -> None:
    found = only(plan(ON, at("22:00", 50, 3600), at("22:30", 60), OFF))
    assert (found.path, found.code) == (("programmes", 0, "steps", 1), "ramp_too_long")
    assert found.figures == {"night": "2026-11-22", "ramp_s": 3600, "room_s": 1800}


def test_limits_that_exclude_each_other_are_named() -> None:
    crossed = sun(SunEvent.SUNSET, 100, not_before=time(18, 0), not_after=time(17, 0))
    assert ("programmes.0.steps.0", FindingCode.LIMITS_CROSSED) in told(plan(crossed, OFF))
    across_midnight = sun(SunEvent.SUNRISE, 0, not_before=time(23, 0), not_after=time(7, 0))
    assert told(plan(ON, across_midnight)) == []


# --- how bright -------------------------------------------------------------------------------------------------------


def test_a_step_below_the_class_needs_a_reason() -> None:
    found = only(plan(ON, at("23:00", 40), OFF))  # M3 may go down to M5: 50 %
    assert (found.path, found.code, found.severity) == (
        ("groups", 0, "below_class_reason"),
        "below_class",
        "needs_reason",
    )
    assert found.figures == {
        "group": "g",
        "programme": "p",
        "step": 2,
        "level": 40.0,
        "road_class": "M3",
        "lowest_class": "M5",
        "lowest_level": 50.0,
    }


@pytest.mark.parametrize(("lowest", "code"), [("M4", ["below_class"]), ("M5", []), ("M6", [])])
def test_a_group_may_name_its_lowest_class(lowest: str, code: list[str]) -> None:
    some = plan(ON, at("23:00", 50), OFF, groups=[group(lowest_class=lowest)])
    assert [str(one.code) for one in findings(some)] == code


@pytest.mark.parametrize(
    ("roads", "judged_by"),
    [
        ({}, []),
        ({"g": ["M4", "M5"]}, []),
        ({"g": ["M3", "M5"]}, ["M3"]),
        ({"g": ["A"]}, []),  # another norm's: nobody can compare them
        ({"other": ["M1"]}, []),
    ],
)
def test_a_group_is_judged_by_its_brightest_road(roads: dict[str, list[str]], judged_by: list[str]) -> None:
    some = plan(ON, at("23:00", 45), OFF, groups=[group(road_class="M4")])
    found = check(some, HA_LONG, VIETNAM, FROM, roads=roads)
    assert [one.figures["road_class"] for one in found] == judged_by


def test_only_programmes_that_a_group_has_are_held_against_its_class() -> None:
    rule = CalendarRule(programme="good", weekdays=(1, 2, 3, 4, 5, 6, 7))
    assert told(plan(ON, at("23:00", 40), OFF, rules=[rule])) == []


def test_of_very_many_findings_those_are_told_that_keep_the_plan_from_being_taken() -> None:
    dim = [at(f"{hour:02d}:00", 10) for hour in range(19, 24)]
    excused = [group(id=f"e{n}", below_class_reason="closed") for n in range(MOST_FINDINGS)]
    found = findings(plan(ON, *dim, OFF, groups=[*excused, group(id="late"), group(id="lost", calendar="none")]))
    assert len(found) == MOST_FINDINGS
    assert found[0].code == "unknown_calendar"
    assert [one.figures["group"] for one in found[1:7]] == ["late"] * 5 + ["e0"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"road_class": "M9"}, [("groups.0.road_class", "unknown_class")]),
        ({"lowest_class": "Z"}, [("groups.0.lowest_class", "unknown_class")]),
        ({"lowest_class": "M2"}, [("groups.0.lowest_class", "lowest_above_class")]),
        ({"lowest_class": "E"}, [("groups.0.lowest_class", "other_table")]),
        ({"road_class": None, "lowest_class": "M5"}, [("groups.0.lowest_class", "lowest_above_class")]),
        ({"calendar": "none"}, [("groups.0.calendar", "unknown_calendar")]),
    ],
)
def test_a_group_that_names_what_is_not_there_is_told(fields: dict[str, object], expected: list[Told]) -> None:
    assert told(plan(*EVENING, groups=[group(**fields)])) == expected


def test_an_adaptation_names_a_device_and_a_quantity() -> None:
    some = Adaptation(id="a", name=NAME, source="camera", quantity="wishes", limit=3, clear=1, level=100)
    listening = plan(*EVENING, groups=[group(adaptations=(some, some))])
    assert [str(one.code) for one in check(listening, HA_LONG, VIETNAM, FROM, sources={"camera"})] == [
        "id_twice",
        "unknown_quantity",
        "unknown_quantity",
    ]
    assert "unknown_source" in [str(one.code) for one in check(listening, HA_LONG, VIETNAM, FROM, sources=())]


# --- names and days ---------------------------------------------------------------------------------------------------


def test_every_name_stands_once() -> None:
    some = plan(*EVENING, rules=[CalendarRule(programme="good", weekdays=(1,))])
    twice = LightPlan(programmes=some.programmes * 2, calendars=some.calendars * 2, groups=some.groups * 2)
    assert [(one.path, one.figures) for one in findings(twice) if one.code is FindingCode.ID_TWICE] == [
        (("programmes", 2, "id"), {"id": "p"}),
        (("programmes", 3, "id"), {"id": "good"}),
        (("calendars", 1, "id"), {"id": "c"}),
        (("groups", 1, "id"), {"id": "g"}),
    ]


def test_a_calendar_names_programmes_that_are_there_and_days_that_exist() -> None:
    rules = [
        CalendarRule(programme="none", weekdays=(1,)),
        CalendarRule(programme="good", yearly=(YearDay(month=2, day=29), YearDay(month=4, day=31))),
    ]
    assert told(plan(*EVENING, rules=rules)) == [
        ("calendars.0.rules.0.programme", FindingCode.UNKNOWN_PROGRAMME),
        ("calendars.0.rules.1.yearly.1", FindingCode.NO_SUCH_DAY),
    ]
    lost = LightPlan(calendars=plan(ON, OFF).calendars)
    assert told(lost) == [("calendars.0.programme", FindingCode.UNKNOWN_PROGRAMME)]


# --- the columns are the same nights ----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(programmes, nights, places)
def test_the_columns_say_what_the_curve_of_each_night_says(
    some: Programme, first: date, where: tuple[Place, ZoneInfo]
) -> None:
    columns = nights_of([first + timedelta(days=n) for n in range(2)], *where)
    for n, night in enumerate(columns.dates):
        found = [datetime.fromtimestamp(column[n], UTC) for column in moments(some.steps, columns)]
        assert found == [point.at for point in curve(some, night, *where).points]


@settings(max_examples=40, deadline=None)
@given(st.lists(programmes, min_size=1, max_size=2), nights)
def test_whatever_is_let_through_burns_on_no_noon_and_is_dark_in_no_night(some: list[Programme], first: date) -> None:
    planned = plan(*some[0].steps)
    if check(planned, HA_LONG, VIETNAM, first, nights=1):
        return
    found = curve(some[0], first, HA_LONG, VIETNAM)
    assert found.level(found.begin) == 0
    assert found.level(found.begin + timedelta(hours=10)) > 0
    assert found.level(found.end - timedelta(seconds=1)) == 0
