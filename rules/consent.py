"""What it takes to switch many lamps at once: a password again and a reason, and for very many a second person.

What one person has commanded within the last WINDOW counts together, with what machines of his making have, so that
neither a hundred small commands nor a handful of tokens are a way around it. A lamp counts once, however often it was
commanded, and towards a limit only when what that limit asks for had not been given with it: who has said once why 100
lamps are dimmed, does not say it again for the next one.

More light is never held up: full light, by hand or for an emergency, and the way back to the programme take nothing and
do not count. A lock-out makes a lamp dark, so it counts; whoever locks out or unlocks always says why. Whoever
needs light at an accident needs it now; a street that is too bright harms nobody within the hours that an override
lasts, and a wrong command to many lamps must be undone at once.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from protocols.commands import Action, Emergency, LockOut, Override, Resume, Unlock
from rules.lamp_state import FULL

WINDOW = timedelta(minutes=10)  # of a person's time
DECIDE_WITHIN = timedelta(minutes=10)  # of a person's time: a second person agrees until then, or it is void
OF_MACHINES = "#"  # between the name of who made a machine's token and the machine's own


class Need(StrEnum):
    """What has to come with a command, in the order in which it is asked for."""

    REASON = "reason"
    PASSWORD = "password"  # noqa: S105 - that it is asked for again
    SECOND_PERSON = "second_person"


class Sure(StrEnum):
    """What came with a command to a lamp."""

    EXEMPT = "exempt"  # more light: nothing was asked for, and it does not count
    ALONE = "alone"  # nothing
    ONE_PERSON = "one_person"  # a reason and the password again
    TWO_PERSONS = "two_persons"


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of lamps up to which a command takes nothing more, and up to which one person is enough."""

    alone: int
    one_person: int

    def __post_init__(self) -> None:
        if not 0 <= self.alone <= self.one_person:
            raise ValueError(
                f"one person alone may not switch more ({self.alone}) than one who is sure ({self.one_person})"
            )


@dataclass(frozen=True, slots=True)
class Past:
    """A lamp that the same person has commanded within the WINDOW, and what came with that."""

    lamp: str
    sure: Sure


def person_of(who: str) -> str:
    """Whose commands these are: a machine is called `maker#name`, and nobody else has a # in his name."""
    return who.partition(OF_MACHINES)[0]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many different lamps count towards each of the two limits."""

    alone: int
    one_person: int


@dataclass(frozen=True, slots=True)
class Given:
    """What has come with a command. `second` is who agrees, if somebody who may give this command does."""

    who: str
    reason: str = ""
    password_again: bool = False
    second: str | None = None


def brings_light(action: Action) -> bool:
    """True for what never leaves a lamp darker than full light or than its programme."""
    if isinstance(action, Override | Emergency):
        return action.level >= FULL
    return isinstance(action, Resume | Unlock)


def counted(lamps: Collection[str], past: Iterable[Past]) -> Counts:
    """These lamps, and those before them."""
    unsure, single = set(lamps), set(lamps)
    for one in past:
        if one.sure is Sure.ALONE:
            unsure.add(one.lamp)
        if one.sure in (Sure.ALONE, Sure.ONE_PERSON):
            single.add(one.lamp)
    return Counts(len(unsure), len(single))


def needs(action: Action, counts: Counts, limits: Limits) -> tuple[Need, ...]:
    """What a command takes with which so many lamps count."""
    always = (Need.REASON,) if isinstance(action, LockOut | Unlock) else ()
    return always if brings_light(action) else (_by_number(counts, limits) or always)


def _by_number(counts: Counts, limits: Limits) -> tuple[Need, ...]:
    if counts.one_person > limits.one_person:
        return (Need.REASON, Need.PASSWORD, Need.SECOND_PERSON)
    return (Need.REASON, Need.PASSWORD) if counts.alone > limits.alone else ()


def missing(wanted: Iterable[Need], given: Given) -> tuple[Need, ...]:
    """What of it has not come. Nobody is his own second person."""
    has = {
        Need.REASON: bool(given.reason.strip()),
        Need.PASSWORD: given.password_again,
        Need.SECOND_PERSON: given.second is not None and given.second != given.who,
    }
    return tuple(need for need in wanted if not has[need])


def sureness(wanted: Collection[Need]) -> Sure:
    """What came with a command of which nothing is missing."""
    if Need.SECOND_PERSON in wanted:
        return Sure.TWO_PERSONS
    return Sure.ONE_PERSON if Need.PASSWORD in wanted else Sure.ALONE
