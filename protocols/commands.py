"""One command, there and back: its shape on the wire and its life cycle.

A command is `requested` by a person or a rule, `sent` to the edge (again and again until it is answered or expires),
`acknowledged` when the edge has it, `waiting` while the edge keeps it for a device that sleeps, and `confirmed` when
the device's actual value has been read back. It ends `failed` when the edge or the device refused it, `expired` when
nobody took it in time or its device slept through, and `unknown` when the edge took it and never said how it ended. An
answer that was on its way when the cloud gave up still corrects the record: the edge keeps answers durably, so a late
one is the truth.

A group is many commands of one edge in one message, and nothing more: each luminaire has a command of its own, whose
id is that of the message and the luminaire's place in it, and everything above holds for it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from protocols.names import Id, Words

DEFAULT_OVERRIDE = timedelta(hours=2)  # OMA LwM2M object 3416, resource 53: default override duration 7200 s
LONGEST_OVERRIDE = timedelta(hours=24)
MOST_LAMPS = 800  # in one message: with the longest ids it still has less than 64 kB


class State(StrEnum):
    """Where a command stands."""

    REQUESTED = "requested"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Step(StrEnum):
    """What happened to a command."""

    PUBLISHED = "published"
    ACCEPTED = "accepted"  # the edge has it
    WAITING = "waiting"  # the device sleeps: it is told when it wakes
    READ_BACK = "read_back"  # the device's actual value is the commanded one
    REFUSED = "refused"  # by the edge or by the device
    TOO_LATE = "too_late"  # the edge received it after its expiry, or its device slept until then: nothing was done
    RAN_OUT = "ran_out"  # the cloud's expiry passed without a last word


class TestPoint(BaseModel):
    """What a self-test has read at a level (%): the level that the luminaire said it had, and its power (W)."""

    __test__ = False  # pytest looks at names
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    level: float
    actual_level: float | None = None
    power: float | None = None


AnswerStep = Literal[Step.ACCEPTED, Step.WAITING, Step.READ_BACK, Step.REFUSED, Step.TOO_LATE]
ENDS_BADLY = frozenset({Step.REFUSED, Step.TOO_LATE})


class Refusal(StrEnum):
    """Why an edge has not done what it was told. The words for it are the console's, one text a language."""

    CAME_TOO_LATE = "came_too_late"  # after the command's expiry
    SLEPT_THROUGH = "slept_through"  # the device slept until the command had expired
    NO_SUCH_LAMP = "no_such_lamp"  # the target is no luminaire of this edge
    ALREADY_OVER = "already_over"  # the end of the override had passed
    SUPERSEDED = "superseded"  # a command that was issued later took its place
    LOCKED_OUT = "locked_out"  # it has to be unlocked first
    IN_EMERGENCY = "in_emergency"  # emergency light stands above what was commanded
    HELD_BY_HAND = "held_by_hand"  # an override stands above a self-test
    INTERRUPTED = "interrupted"  # the edge started again in the middle of a self-test
    NO_CONNECTION = "no_connection"  # the bus cannot be reached
    NO_ANSWER = "no_answer"  # the controller was silent
    GARBLED = "garbled"  # the controller's answer does not fit the question
    DEVICE_REFUSED = "device_refused"  # the controller said no; `detail` has its exception code
    LAMP_SILENT = "lamp_silent"  # the controller answers, and does not hear its lamp
    STILL_HELD = "still_held"  # after a resume the lamp is still driven by an override
    STILL_POWERED = "still_powered"  # locked out, it says that it is dark and takes power
    LEVEL_NOT_REACHED = "level_not_reached"  # `actual_level` is not `wanted_level`


NEXT: Mapping[tuple[State, Step], State] = {
    (State.REQUESTED, Step.PUBLISHED): State.SENT,
    (State.REQUESTED, Step.ACCEPTED): State.ACKNOWLEDGED,  # the answer was faster than our own bookkeeping
    (State.REQUESTED, Step.WAITING): State.WAITING,
    (State.REQUESTED, Step.READ_BACK): State.CONFIRMED,
    (State.REQUESTED, Step.REFUSED): State.FAILED,
    (State.REQUESTED, Step.TOO_LATE): State.EXPIRED,
    (State.REQUESTED, Step.RAN_OUT): State.EXPIRED,
    (State.SENT, Step.PUBLISHED): State.SENT,
    (State.SENT, Step.ACCEPTED): State.ACKNOWLEDGED,
    (State.SENT, Step.WAITING): State.WAITING,
    (State.SENT, Step.READ_BACK): State.CONFIRMED,
    (State.SENT, Step.REFUSED): State.FAILED,
    (State.SENT, Step.TOO_LATE): State.EXPIRED,
    (State.SENT, Step.RAN_OUT): State.EXPIRED,
    (State.ACKNOWLEDGED, Step.WAITING): State.WAITING,
    (State.ACKNOWLEDGED, Step.READ_BACK): State.CONFIRMED,
    (State.ACKNOWLEDGED, Step.REFUSED): State.FAILED,
    (State.ACKNOWLEDGED, Step.TOO_LATE): State.EXPIRED,
    (State.ACKNOWLEDGED, Step.RAN_OUT): State.UNKNOWN,
    (State.WAITING, Step.READ_BACK): State.CONFIRMED,
    (State.WAITING, Step.REFUSED): State.FAILED,
    (State.WAITING, Step.TOO_LATE): State.EXPIRED,
    (State.WAITING, Step.RAN_OUT): State.UNKNOWN,  # the device may have woken just then
    # Answers that were on their way when the cloud gave up.
    (State.EXPIRED, Step.ACCEPTED): State.UNKNOWN,
    (State.EXPIRED, Step.WAITING): State.UNKNOWN,
    (State.EXPIRED, Step.READ_BACK): State.CONFIRMED,
    (State.EXPIRED, Step.REFUSED): State.FAILED,
    (State.UNKNOWN, Step.READ_BACK): State.CONFIRMED,
    (State.UNKNOWN, Step.REFUSED): State.FAILED,
    (State.UNKNOWN, Step.TOO_LATE): State.EXPIRED,
}

OPEN = frozenset({State.REQUESTED, State.SENT, State.ACKNOWLEDGED, State.WAITING})


def after(state: State, step: Step) -> State:
    """The state after a step; a step that the table does not know changes nothing."""
    return NEXT.get((state, step), state)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Override(_Model):
    """Hold a light level until a moment; an override without an end is impossible."""

    type: Literal["override"] = "override"
    level: float = Field(ge=0, le=100, description="% of full light")
    until: AwareDatetime


class Resume(_Model):
    """End the override: back to the programme."""

    type: Literal["resume"] = "resume"


class Emergency(_Model):
    """Light where people are in danger: stronger than any override. It ends by itself."""

    type: Literal["emergency"] = "emergency"
    level: float = Field(default=100, ge=0, le=100, description="% of full light")
    until: AwareDatetime


class LockOut(_Model):
    """Nothing may be lit: flood or leakage. It stays until it is unlocked, also through restarts."""

    type: Literal["lock_out"] = "lock_out"


class Unlock(_Model):
    """End the lock-out."""

    type: Literal["unlock"] = "unlock"


class SelfTest(_Model):
    """Take a luminaire through a few levels (%), measure each, and give it back. It is measured `settle_s` after it has
    come to a level, at the first one `warm_up_s` later (domain time)."""

    type: Literal["self_test"] = "self_test"
    levels: tuple[Annotated[float, Field(gt=0, le=100)], ...] = Field(default=(100.0,), min_length=1, max_length=8)
    settle_s: float = Field(default=3, ge=0, le=60)
    warm_up_s: float = Field(default=0, ge=0, le=600)


@dataclass(frozen=True, slots=True)
class Held:
    """What stands above the programme of one luminaire. `test` is the level that a self-test has it at now."""

    lock_out: LockOut | None = None
    emergency: Emergency | None = None
    override: Override | None = None
    test: Override | None = None


Action = Annotated[Override | Resume | Emergency | LockOut | Unlock | SelfTest, Field(discriminator="type")]


class Command(_Model):
    """What travels to the edge. All times are domain time, UTC."""

    v: Literal[1] = 1
    id: Id
    target: Id
    action: Action
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    who: str = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _ends(self) -> Self:
        _check_end(self.action, self.issued_at)
        return self


class Group(_Model):
    """One command to many luminaires of one edge. Of another version, so that an edge which knows no groups names what
    it does not understand."""

    v: Literal[2] = 2
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
    lamps: tuple[Id, ...] = Field(min_length=1, max_length=MOST_LAMPS)
    action: Action
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    who: str = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _is_one_of_each(self) -> Self:
        _check_end(self.action, self.issued_at)
        if len(set(self.lamps)) != len(self.lamps):
            raise ValueError("a luminaire stands twice")
        return self

    def commands(self) -> list[Command]:
        """What it says to each of its luminaires."""
        said = {"action": self.action, "issued_at": self.issued_at, "expires_at": self.expires_at, "who": self.who}
        return [Command(id=member_id(self.id, place), target=lamp, **said) for place, lamp in enumerate(self.lamps)]


def member_id(group: str, place: int) -> str:
    """The id of the command to the luminaire in a place of a group, from 0."""
    return f"{group}-{place}"


def group_and_place(command_id: str) -> tuple[str, int] | None:
    """The reverse of member_id; `None` for an id that is not made so."""
    found = _MEMBER.fullmatch(command_id)
    return (found[1], int(found[2])) if found and int(found[2]) < MOST_LAMPS else None


_MEMBER = re.compile(r"([A-Za-z0-9_-]{1,60})-(0|[1-9][0-9]{0,2})")


def _check_end(action: Action, issued_at: datetime) -> None:
    if isinstance(action, Override | Emergency) and action.until - issued_at > LONGEST_OVERRIDE:
        raise ValueError(f"an override and an emergency last {LONGEST_OVERRIDE.total_seconds() / 3600:g} h at most")


class Answer(_Model):
    """What the edge says of a command, on its event stream.

    `actual_level` (%) and `active_power` (W) were read from the device after the write; `None` is not known.
    An answer that ends a command badly, and no other, has a `refusal`. What goes with it: the level that should have
    been there (%), how long the edge kept looking (of a person's time), and a code that tells a technician more.
    `points` are what a self-test has measured.
    """

    type: Literal["command"] = "command"
    id: Id
    step: AnswerStep
    at: AwareDatetime
    actual_level: float | None = None
    active_power: float | None = None
    refusal: Refusal | None = None
    wanted_level: float | None = None
    waited_s: float | None = Field(default=None, ge=0)
    detail: Words | None = Field(default=None, max_length=100)
    points: tuple[TestPoint, ...] | None = Field(default=None, max_length=8)

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if (self.refusal is not None) != (self.step in ENDS_BADLY):
            raise ValueError(f"{self.step} with refusal {self.refusal}: a bad end has one, and no other answer")
        return self


Place = Annotated[int, Field(ge=0, lt=MOST_LAMPS)]
Milliseconds = Annotated[int, Field(ge=0, le=253_402_300_799_999)]  # until the year 9999
Span = Annotated[float, Field(ge=0)]
TestPoints = Annotated[tuple[TestPoint, ...], Field(max_length=8)]
Detail = Annotated[Words, Field(max_length=100)]


class GroupAnswer(_Model):
    """Answers to commands of one group in columns: the n-th of each belongs to the luminaire in `places[n]`.

    `at` is in milliseconds since 1970. A column in which nothing is known is left out.
    """

    type: Literal["group"] = "group"
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
    places: tuple[Place, ...] = Field(min_length=1, max_length=MOST_LAMPS)
    at: tuple[Milliseconds, ...]
    step: tuple[AnswerStep, ...]
    actual_level: tuple[float | None, ...] | None = None
    active_power: tuple[float | None, ...] | None = None
    refusal: tuple[Refusal | None, ...] | None = None
    wanted_level: tuple[float | None, ...] | None = None
    waited_s: tuple[Span | None, ...] | None = None
    detail: tuple[Detail | None, ...] | None = None
    points: tuple[TestPoints | None, ...] | None = None

    @model_validator(mode="after")
    def _is_a_table(self) -> Self:
        for name in ("at", "step", *_FACTS):
            column = getattr(self, name)
            if column is not None and len(column) != len(self.places):
                raise ValueError(f"{name} has {len(column)} entries for {len(self.places)} luminaires")
        refusals = self.refusal or (None,) * len(self.places)
        if any((step in ENDS_BADLY) != (why is not None) for step, why in zip(self.step, refusals, strict=True)):
            raise ValueError("a bad end has a refusal, and no other answer")
        return self

    def answers(self) -> list[Answer]:
        """One by one."""
        columns = {name: column for name in _FACTS if (column := getattr(self, name)) is not None}
        return [
            Answer(
                id=member_id(self.id, place),
                at=datetime.fromtimestamp(self.at[n] / 1000, UTC),
                step=self.step[n],
                **{name: column[n] for name, column in columns.items()},
            )
            for n, place in enumerate(self.places)
        ]


_FACTS = ("actual_level", "active_power", "refusal", "wanted_level", "waited_s", "detail", "points")


def in_columns(group: str, answers: Sequence[Answer]) -> GroupAnswer:
    """Answers to commands of one group; the reverse of GroupAnswer.answers, but for what is less than a millisecond."""
    facts = {name: tuple(getattr(answer, name) for answer in answers) for name in _FACTS}
    return GroupAnswer(
        id=group,
        places=tuple(int(answer.id.removeprefix(f"{group}-")) for answer in answers),
        at=tuple(round(answer.at.timestamp() * 1000) for answer in answers),
        step=tuple(answer.step for answer in answers),
        **{name: column for name, column in facts.items() if any(value is not None for value in column)},
    )


def is_expired(command: Command, now: datetime) -> bool:
    """True when the command may no longer be carried out."""
    return now >= command.expires_at
