"""What it takes to switch many lamps at once: a password again and a reason, and for very many a second person."""

from dataclasses import dataclass
from enum import StrEnum


class Need(StrEnum):
    """What has to come with a command, in the order in which it is asked for."""

    REASON = "reason"
    PASSWORD = "password"  # noqa: S105 - that it is asked for again
    SECOND_PERSON = "second_person"


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
class Given:
    """What has come with a command. `second` is who agrees, if somebody who may give this command does."""

    who: str
    reason: str = ""
    password_again: bool = False
    second: str | None = None


def missing(lamps: int, limits: Limits, given: Given) -> tuple[Need, ...]:
    """What a command to so many lamps still lacks. Nobody is his own second person."""
    has = {
        Need.REASON: bool(given.reason.strip()),
        Need.PASSWORD: given.password_again,
        Need.SECOND_PERSON: given.second is not None and given.second != given.who,
    }
    return tuple(need for need in needs(lamps, limits) if not has[need])


def needs(lamps: int, limits: Limits) -> tuple[Need, ...]:
    """What a command to so many lamps takes."""
    if lamps <= limits.alone:
        return ()
    sure = (Need.REASON, Need.PASSWORD)
    return sure if lamps <= limits.one_person else (*sure, Need.SECOND_PERSON)
