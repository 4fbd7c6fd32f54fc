"""Looks a light plan through before anybody lives under it: mistakes are named, each with its place in the plan."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta, tzinfo
from itertools import chain, islice
from types import MappingProxyType

from protocols.inventory import Place
from protocols.light import MOST_NIGHTS, Adaptation, Calendar, LampGroup, LightPlan, YearDay
from protocols.quantities import QUANTITIES
from rules.calendars import programme_of
from rules.light_findings import Finding, FindingCode, Path
from rules.many_nights import Nights, nights_of
from rules.programme_checks import Fault, darkness_faults, faults
from rules.road_class import CLASSES, is_below, lowest_class, lowest_level

__all__ = ["MOST_FINDINGS", "Finding", "FindingCode", "check"]

MOST_FINDINGS = 1000  # told of one plan: a small one has room for millions, which nobody reads
_LEAP_YEAR = 2024
Used = Mapping[str, Mapping[str, Sequence[date]]]  # by calendar: each programme's nights
Roads = Mapping[str, Collection[str]]
_NO_ROADS: Roads = MappingProxyType({})


def check(
    plan: LightPlan,
    place: Place,
    timezone: tzinfo,
    from_night: date,
    *,
    nights: int = MOST_NIGHTS,
    sources: Collection[str] | None = None,
    roads: Roads = _NO_ROADS,
) -> tuple[Finding, ...]:
    """The mistakes, over so many nights from a first one; a programme is judged by the nights that calendars give it,
    and by all of them when none does. Of more than MOST_FINDINGS those are told that keep the plan from being taken.

    `sources` are the devices that an adaptation may listen to; `None` when they are not known here. `roads` are, by
    group, the classes that the inventory gives the roads of its luminaires.
    """
    dates = [from_night + timedelta(days=n) for n in range(nights)]
    used = {calendar.id: _nights_of(calendar, dates) for calendar in plan.calendars}
    found = chain(
        _names(plan),
        _calendars(plan),
        _groups(plan, sources),
        _programmes(plan, used, _Sky(dates, place, timezone)),
        _levels(plan, used, roads),
    )
    return tuple(islice(found, MOST_FINDINGS))


def _nights_of(calendar: Calendar, dates: Sequence[date]) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    for night in dates:
        found.setdefault(programme_of(calendar, night)[0], []).append(night)
    return found


# --- names ------------------------------------------------------------------------------------------------------------


def _names(plan: LightPlan) -> Iterator[Finding]:
    yield from _twice(("programmes",), [programme.id for programme in plan.programmes])
    yield from _twice(("calendars",), [calendar.id for calendar in plan.calendars])
    yield from _twice(("groups",), [group.id for group in plan.groups])
    for n, group in enumerate(plan.groups):
        yield from _twice(("groups", n, "adaptations"), [some.id for some in group.adaptations])


def _twice(path: Path, ids: Sequence[str]) -> Iterator[Finding]:
    """Each but the first of those with one name."""
    seen = Counter[str]()
    for n, name in enumerate(ids):
        seen[name] += 1
        if seen[name] > 1:
            yield Finding((*path, n, "id"), FindingCode.ID_TWICE, figures={"id": name})


def _calendars(plan: LightPlan) -> Iterator[Finding]:
    known = {programme.id for programme in plan.programmes}
    for n, calendar in enumerate(plan.calendars):
        at: Path = ("calendars", n)
        yield from _programme(at, calendar.programme, known)
        for m, rule in enumerate(calendar.rules):
            yield from _programme((*at, "rules", m), rule.programme, known)
            for k, day in enumerate(rule.yearly or ()):
                yield from _day((*at, "rules", m, "yearly", k), day)


def _programme(path: Path, name: str, known: Collection[str]) -> Iterator[Finding]:
    if name not in known:
        yield Finding((*path, "programme"), FindingCode.UNKNOWN_PROGRAMME, figures={"programme": name})


def _day(path: Path, day: YearDay) -> Iterator[Finding]:
    try:
        date(_LEAP_YEAR, day.month, day.day)
    except ValueError:
        yield Finding(path, FindingCode.NO_SUCH_DAY, figures={"month": day.month, "day": day.day})


# --- groups -----------------------------------------------------------------------------------------------------------


def _groups(plan: LightPlan, sources: Collection[str] | None) -> Iterator[Finding]:
    known = {calendar.id for calendar in plan.calendars}
    for n, group in enumerate(plan.groups):
        at: Path = ("groups", n)
        if group.calendar not in known:
            yield Finding((*at, "calendar"), FindingCode.UNKNOWN_CALENDAR, figures={"calendar": group.calendar})
        yield from _classes(at, group)
        for m, some in enumerate(group.adaptations):
            yield from _adaptation((*at, "adaptations", m), some, sources)


def _classes(path: Path, group: LampGroup) -> Iterator[Finding]:
    designed, lowest = group.road_class, group.lowest_class
    for field, name in (("road_class", designed), ("lowest_class", lowest)):
        if name is not None and name not in CLASSES:
            yield Finding((*path, field), FindingCode.UNKNOWN_CLASS, figures={"road_class": name})
            return
    if lowest is not None:
        yield from _lowest((*path, "lowest_class"), designed, lowest)


def _lowest(path: Path, designed: str | None, lowest: str) -> Iterator[Finding]:
    figures = {"road_class": designed or "", "lowest_class": lowest}
    if designed is None or CLASSES[lowest].luminance > CLASSES[designed].luminance:
        yield Finding(path, FindingCode.LOWEST_ABOVE_CLASS, figures=figures)
    elif CLASSES[lowest].table != CLASSES[designed].table:
        yield Finding(path, FindingCode.OTHER_TABLE, figures=figures)


def _adaptation(path: Path, some: Adaptation, sources: Collection[str] | None) -> Iterator[Finding]:
    if sources is not None and some.source not in sources:
        yield Finding((*path, "source"), FindingCode.UNKNOWN_SOURCE, figures={"source": some.source})
    if some.quantity not in QUANTITIES:
        yield Finding((*path, "quantity"), FindingCode.UNKNOWN_QUANTITY, figures={"quantity": some.quantity})


# --- nights -----------------------------------------------------------------------------------------------------------


class _Sky:
    """Nights in columns. Most programmes share theirs, and each is worked out once."""

    def __init__(self, dates: Sequence[date], place: Place, timezone: tzinfo) -> None:
        self.dates, self._place, self._timezone = tuple(dates), place, timezone
        self._known: dict[tuple[date, ...], Nights] = {}

    def of(self, dates: tuple[date, ...]) -> Nights:
        """Some of them."""
        if dates not in self._known:
            self._known[dates] = nights_of(dates, self._place, self._timezone)
        return self._known[dates]


def _programmes(plan: LightPlan, used: Used, sky: _Sky) -> Iterator[Finding]:
    every = [(calendar, nights) for calendar, nights in used.items()]
    with_class = {group.calendar for group in plan.groups if group.road_class is not None}
    on_roads = [(calendar, nights) for calendar, nights in every if calendar in with_class]
    for n, programme in enumerate(plan.programmes):
        nights = _together(programme.id, every) or sky.dates
        for fault in faults(programme.steps, sky.of(nights)):
            yield _named(n, fault)
        for fault in darkness_faults(programme.steps, sky.of(_together(programme.id, on_roads))):
            yield _named(n, fault)


def _together(programme: str, used: Sequence[tuple[str, Mapping[str, Sequence[date]]]]) -> tuple[date, ...]:
    """The nights that any of some calendars gives a programme."""
    return tuple(sorted({night for _, nights in used for night in nights.get(programme, ())}))


def _named(programme: int, fault: Fault) -> Finding:
    path: Path = ("programmes", programme)
    return Finding(path if fault.step is None else (*path, "steps", fault.step), fault.code, figures=fault.figures)


# --- how bright a road has to be --------------------------------------------------------------------------------------


def _levels(plan: LightPlan, used: Used, roads: Roads) -> Iterator[Finding]:
    """Steps that leave a road darker than its lowest class, first those for which nobody has said why. Off is none of
    these: it is dark at dusk, or meant."""
    for n, group in sorted(enumerate(plan.groups), key=lambda placed: bool(placed[1].below_class_reason)):
        if group.road_class is None or any(_classes((), group)):
            continue
        designed = _brightest(group.road_class, roads.get(group.id, ()))
        lowest = group.lowest_class or lowest_class(designed)
        figures = {"group": group.id, "road_class": designed, "lowest_class": lowest}
        least = lowest_level(designed, lowest)
        for step in _too_dark(plan, used.get(group.calendar, {}), least):
            code, path = FindingCode.BELOW_CLASS, ("groups", n, "below_class_reason")
            yield Finding(path, code, "needs_reason", {**figures, **step, "lowest_level": round(least, 1)})


def _brightest(said: str, roads: Collection[str]) -> str:
    """The class that a road is judged by: as planned, or the inventory's where that asks for more light."""
    comparable = sorted(name for name in roads if CLASSES[name].table == CLASSES[said].table)
    return max([said, *comparable], key=lambda name: CLASSES[name].luminance)


def _too_dark(plan: LightPlan, nights: Collection[str], least: float) -> Iterator[dict[str, float | str]]:
    for programme in plan.programmes:
        for n, step in enumerate(programme.steps if programme.id in nights else ()):
            if step.level > 0 and is_below(step.level, least):
                yield {"programme": programme.id, "step": n + 1, "level": step.level}
