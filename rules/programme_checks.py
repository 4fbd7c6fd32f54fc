"""What is wrong with a programme on some night: by day, at dusk, or between its steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from protocols.light import Step
from rules.light_findings import FindingCode
from rules.many_nights import Column, Nights, brightest, minutes_after_noon, moments, own_moments

# Vietnamese cities switch half an hour after sunset and before sunrise (lighting practice of 2023: Ho Chi Minh City,
# Dong Ha). In Ha Long that is up to 7 minutes on the dark side of civil dusk and dawn.
GRACE_S = 600


@dataclass(frozen=True, slots=True)
class Fault:
    """`step` is its place among the steps; `None` is the whole programme. The first night that shows it is named."""

    step: int | None
    code: FindingCode
    figures: Mapping[str, float | str]


def faults(steps: Sequence[Step], nights: Nights) -> Iterator[Fault]:
    """All but darkness, which only a road with a class forbids."""
    yield from _crossed_limits(steps)
    if nights.dates:
        comes = moments(steps, nights)
        yield from _overlaps(steps, nights, comes)
        yield from _long_ramps(steps, nights, comes)
        yield from _burning(steps, nights, comes)


def darkness_faults(steps: Sequence[Step], nights: Nights) -> Iterator[Fault]:
    """Where it is off between civil dusk and civil dawn, for longer than GRACE_S next to them. A ramp upwards is light
    from its begin on."""
    comes = moments(steps, nights)
    for run in _runs(steps, nights, comes, lit=False):
        for n, night in enumerate(nights.dates):
            dusk, dawn = nights.civil_dusk[n], nights.civil_dawn[n]
            since, until = max(run.since[n], dusk), min(run.until[n], dawn)
            if max(since, dusk + GRACE_S) < min(until, dawn - GRACE_S):
                figures = {"night": str(night), "since": nights.clock(since), "until": nights.clock(until)}
                yield Fault(run.dark_because(steps), FindingCode.DARK_AT_DUSK, figures)
                break


# --- between the steps ------------------------------------------------------------------------------------------------


def _crossed_limits(steps: Sequence[Step]) -> Iterator[Fault]:
    for place, step in enumerate(steps):
        first, last = step.not_before, step.not_after
        if first and last and minutes_after_noon(first) > minutes_after_noon(last):
            figures = {"not_before": f"{first:%H:%M}", "not_after": f"{last:%H:%M}"}
            yield Fault(place, FindingCode.LIMITS_CROSSED, figures)


def _overlaps(steps: Sequence[Step], nights: Nights, comes: Sequence[Column]) -> Iterator[Fault]:
    for place in range(1, len(steps)):
        own, before = own_moments(steps[place], nights), comes[place - 1]
        n = _first_overlap(steps[place - 1], steps[place], nights, own, before)
        if n is not None:
            clocks = {"at": nights.clock(own[n]), "before": nights.clock(before[n])}
            yield Fault(place, FindingCode.OVERLAPPING_STEPS, {"night": str(nights.dates[n]), **clocks})


def _first_overlap(above: Step, step: Step, nights: Nights, own: Column, before: Column) -> int | None:
    """Two local times are compared as clocks show them: that an hour is left out once a year is nobody's mistake."""
    if above.at is not None and step.at is not None:
        return None if minutes_after_noon(above.at) < minutes_after_noon(step.at) else 0
    ends = zip(own, before, nights.civil_dusk, nights.civil_dawn, strict=True)
    overlaps = (at <= earlier and not at == earlier == dusk == dawn for at, earlier, dusk, dawn in ends)
    return next((n for n, overlap in enumerate(overlaps) if overlap), None)


def _long_ramps(steps: Sequence[Step], nights: Nights, comes: Sequence[Column]) -> Iterator[Fault]:
    for place, step in enumerate(steps):
        if not step.ramp_s or step.level == _level_before(steps, place):
            continue
        nexts = comes[place + 1] if place + 1 < len(steps) else nights.end
        for n, (at, until) in enumerate(zip(comes[place], nexts, strict=True)):
            if 0 < until - at < step.ramp_s:
                room = {"ramp_s": step.ramp_s, "room_s": until - at}
                yield Fault(place, FindingCode.RAMP_TOO_LONG, {"night": str(nights.dates[n]), **room})
                break


def _level_before(steps: Sequence[Step], place: int) -> float:
    return steps[place - 1].level if place else 0.0


# --- by day -----------------------------------------------------------------------------------------------------------


def _burning(steps: Sequence[Step], nights: Nights, comes: Sequence[Column]) -> Iterator[Fault]:
    runs, bright_moments = list(_runs(steps, nights, comes, lit=True)), brightest(nights)
    for run in runs:
        for n, noons in enumerate(bright_moments):
            bright = next((at for at in noons if run.since[n] <= at < run.until[n]), None)
            if bright is not None:
                figures = {"night": str(nights.dates[n]), "at": nights.clock(bright)}
                yield Fault(run.last, FindingCode.ALWAYS_ON, figures)
                break
    if runs and not any(since < until for run in runs for since, until in zip(run.since, run.until, strict=True)):
        yield Fault(None, FindingCode.NEVER_LIT, {"nights": len(nights.dates)})


# --- light and darkness -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Run:
    """Steps in a row that are all lit, or all off, and from when until when. Before its first step a programme is off:
    `first` is -1 then."""

    first: int
    last: int
    since: Column
    until: Column

    def dark_because(self, steps: Sequence[Step]) -> int | None:
        """The step that puts it off, or the one that lights it too late."""
        if self.first >= 0:
            return self.first
        return self.last + 1 if self.last + 1 < len(steps) else None


def _runs(steps: Sequence[Step], nights: Nights, comes: Sequence[Column], *, lit: bool) -> Iterator[_Run]:
    """It is lit until it has gone down to nothing, and off from then on."""
    levels, first = [0.0, *(step.level for step in steps)], 0
    for place in range(1, len(levels) + 1):
        if place < len(levels) and (levels[place] > 0) is (levels[first] > 0):
            continue
        if (levels[first] > 0) is lit:
            yield _Run(first - 1, place - 2, _edge(steps, nights, comes, first), _edge(steps, nights, comes, place))
        first = place


def _edge(steps: Sequence[Step], nights: Nights, comes: Sequence[Column], place: int) -> Column:
    """When the step in a place, counted from 1, has lit, or has put off."""
    if place == 0:
        return nights.begin
    if place > len(steps):
        return nights.end
    step = steps[place - 1]
    down = step.ramp_s if step.level == 0 else 0
    return list(map(min, (at + down for at in comes[place - 1]), nights.end))
