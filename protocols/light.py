"""How bright, and when: programmes, calendars and groups as people plan them, and the document that an edge runs by.

A night runs from noon to noon, local time, and is named by the date on which it begins (TALQ 2.7: dayOffset 12), so
that no night is cut by a change of date. Levels are % of a luminaire's full light.
"""

from collections.abc import Iterator, Mapping
from datetime import date, time
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, model_validator

from protocols.config import Bounded, few_keys
from protocols.inventory import Name, Place, Timezone
from protocols.names import Id, Words

LIGHT = "light"  # the document's name
LARGEST = 2_000_000  # bytes of it
MOST_NIGHTS = 400  # that a document carries
_LATEST = date(9998, 1, 1)  # the calendar ends soon after
LONGEST_RAMP_S = 3600

Level = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Degrees = Annotated[float, Field(allow_inf_nan=False)]  # JSON could not write down what is none


def _whole_minute(at: time) -> time:
    if at.tzinfo is not None or at.second or at.microsecond:
        raise ValueError("a local time in whole minutes is wanted, as in 22:00")
    return at


LocalTime = Annotated[time, AfterValidator(_whole_minute)]


class SunEvent(StrEnum):
    """What the sun does over the city."""

    SUNSET = "sunset"
    CIVIL_DUSK = "civil_dusk"
    CIVIL_DAWN = "civil_dawn"
    SUNRISE = "sunrise"


class Step(Bounded):
    """From a moment on, another level. The moment is a local time, or what the sun does and so many minutes later
    (negative: earlier), but not before and not after a local time. It is reached over `ramp_s` seconds, in a line."""

    at: LocalTime | None = None
    sun: SunEvent | None = None
    offset_min: int = Field(default=0, ge=-180, le=180)
    not_before: LocalTime | None = None
    not_after: LocalTime | None = None
    level: Level
    ramp_s: int = Field(default=0, ge=0, le=LONGEST_RAMP_S)

    @model_validator(mode="after")
    def _has_one_moment(self) -> Self:
        if (self.at is None) == (self.sun is None):
            raise ValueError("a step has either `at` or `sun`")
        if self.at is not None and (self.offset_min or self.not_before or self.not_after):
            raise ValueError("`offset_min`, `not_before` and `not_after` belong to `sun`")
        return self


class Programme(Bounded):
    """One night: dark until the first step, and each step holds until the next."""

    id: Id
    name: Name
    steps: tuple[Step, ...] = Field(min_length=1, max_length=24, fail_fast=True)


class YearDay(Bounded):
    """A day of every year."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)


class LunarDay(Bounded):
    """A day of the Vietnamese lunar year; Tết Nguyên Đán is the first of the first month."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=30)


class CalendarRule(Bounded):
    """Which nights have another programme. Exactly one of `weekdays`, `dates`, `yearly` and `lunar` says which.

    `weekdays` are 1 (Monday) to 7 and make a weekly pattern; the others make exceptions. `last` of dates and of yearly
    days is inclusive; lunar days reach from `days_before` to `days_after` the named one.
    """

    programme: Id
    name: Name | None = None
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] | None = Field(
        default=None, min_length=1, max_length=7, fail_fast=True
    )
    dates: tuple[date, date] | None = None
    yearly: tuple[YearDay, YearDay] | None = None
    lunar: LunarDay | None = None
    days_before: int = Field(default=0, ge=0, le=30)
    days_after: int = Field(default=0, ge=0, le=30)

    @property
    def is_exception(self) -> bool:
        """True when the rule is stronger than the weekly pattern."""
        return self.weekdays is None

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        said = [name for name in ("weekdays", "dates", "yearly", "lunar") if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError("a rule has exactly one of `weekdays`, `dates`, `yearly` and `lunar`")
        if self.lunar is None and (self.days_before or self.days_after):
            raise ValueError("`days_before` and `days_after` belong to `lunar`")
        if self.dates is not None and self.dates[1] < self.dates[0]:
            raise ValueError("the last date is before the first")
        return self


class Calendar(Bounded):
    """Which programme a night has: the first exception's that fits, else the first weekday's, else `programme`."""

    id: Id
    name: Name
    programme: Id
    rules: tuple[CalendarRule, ...] = Field(default=(), max_length=100, fail_fast=True)


class Sense(StrEnum):
    """On which side of its limit a reading counts."""

    ABOVE = "above"
    BELOW = "below"


class Adaptation(Bounded):
    """Another level while something is measured, within what the road class allows.

    It begins when `quantity` of the device `source` is past `limit` and ends `hold_s` after it was last past `clear`;
    light changes over `ramp_s`. `effect` raises to at least, or lowers to at most, `level`; it never lights a lamp that
    the programme has off.
    """

    id: Id
    name: Name
    source: Id
    quantity: Id
    sense: Sense = Sense.ABOVE
    limit: float = Field(allow_inf_nan=False)
    clear: float = Field(allow_inf_nan=False)
    hold_s: int = Field(default=600, ge=0, le=86_400)
    ramp_s: int = Field(default=30, ge=0, le=LONGEST_RAMP_S)
    effect: Literal["raise", "lower"] = "raise"
    level: Level

    @model_validator(mode="after")
    def _clears_on_the_other_side(self) -> Self:
        if (self.clear > self.limit) if self.sense is Sense.ABOVE else (self.clear < self.limit):
            raise ValueError("`clear` lies on the quiet side of `limit`, or is the same")
        return self


# --- what an edge runs by -------------------------------------------------------------------------------------------


class Stretch(Bounded):
    """So many nights in a row with one programme."""

    programme: Id
    is_exception: bool = False
    nights: int = Field(ge=1, le=MOST_NIGHTS)


class LampSet(Bounded):
    """Luminaires that run together. `lamps` is each one's output: % of full light that counts as 100 (virtual output
    and constant light output). `floor` is the lowest level that an adaptation may leave a lit lamp at."""

    id: Id
    stretches: tuple[Stretch, ...] = Field(min_length=1, fail_fast=True)
    adaptations: tuple[Adaptation, ...] = Field(default=(), max_length=20, fail_fast=True)
    floor: Level = 0
    lamps: Mapping[Id, Annotated[float, Field(gt=0, le=100)]] = Field(fail_fast=True)


class LightDocument(Bounded):
    """The document `light` of one edge, JSON. Before `first_night`, after the last one, and for a luminaire that no set
    names, the astronomical default holds. `relays` are the edge's luminaires that can only be switched: what they do
    with a level between is rules/relay.py's."""

    v: Literal[1] = 1
    release: str = Field(max_length=64)
    made_at: AwareDatetime
    timezone: Timezone
    place: Annotated[Place, BeforeValidator(few_keys)]
    first_night: Annotated[date, Field(le=_LATEST)]
    programmes: tuple[Programme, ...] = Field(max_length=500, fail_fast=True)
    sets: tuple[LampSet, ...] = Field(max_length=2000, fail_fast=True)
    relays: tuple[Id, ...] = Field(default=(), fail_fast=True)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for advice in _misfits(self):
            raise ValueError(advice)
        return self


def _misfits(document: LightDocument) -> Iterator[str]:
    known, placed = {programme.id for programme in document.programmes}, set[str]()
    if len(known) < len(document.programmes):
        yield "a programme stands twice"
    for some in document.sets:
        if sum(stretch.nights for stretch in some.stretches) > MOST_NIGHTS:
            yield f"{some.id}: more than {MOST_NIGHTS} nights"
        for stretch in some.stretches:
            if stretch.programme not in known:
                yield f"{some.id}: there is no programme {stretch.programme}"
        if twice := placed & some.lamps.keys():
            yield f"{some.id}: {min(twice)} stands in another set, too"
        placed |= some.lamps.keys()


# --- what people plan -----------------------------------------------------------------------------------------------


class LampRule(Bounded):
    """Which luminaires a group has; every condition that is given has to hold. `area` is as in /halong/W1."""

    lamps: tuple[Id, ...] | None = Field(default=None, min_length=1, max_length=20_000, fail_fast=True)
    area: str | None = Field(default=None, max_length=130)
    street: Words | None = Field(default=None, min_length=1, max_length=120)
    road_class: str | None = Field(default=None, max_length=4)
    use: str | None = Field(default=None, max_length=20)
    polygon: tuple[tuple[Degrees, Degrees], ...] | None = Field(
        default=None, min_length=3, max_length=500, fail_fast=True
    )


class LampGroup(Bounded):
    """Luminaires that are planned together. Where groups share a luminaire, the one that stands first has it.

    `road_class` is the designed class of the road (M1 to M6, or A to E of QCVN 07-7) and `lowest_class` the one that it
    may be dimmed to; a level below that needs `below_class_reason`. `virtual_output` is the % of full light that counts
    as 100 and gives the road its designed class; `constant_output` holds the light of a new luminaire down to what it
    will have at the end of its life.
    """

    id: Id
    name: Name
    rule: LampRule
    calendar: Id
    road_class: str | None = Field(default=None, max_length=4)
    lowest_class: str | None = Field(default=None, max_length=4)
    below_class_reason: Words | None = Field(default=None, max_length=500)
    virtual_output: float = Field(default=100, gt=0, le=100)
    constant_output: bool = False
    adaptations: tuple[Adaptation, ...] = Field(default=(), max_length=20, fail_fast=True)


class LightPlan(Bounded):
    """All that one city plans. The order of `groups` is their priority."""

    programmes: tuple[Programme, ...] = Field(default=(), max_length=500, fail_fast=True)
    calendars: tuple[Calendar, ...] = Field(default=(), max_length=500, fail_fast=True)
    groups: tuple[LampGroup, ...] = Field(default=(), max_length=2000, fail_fast=True)
