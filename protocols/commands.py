"""One command, there and back: its shape on the wire and its life cycle.

A command is `requested` by a person or a rule, `sent` to the edge (again and again until it is answered or expires),
`acknowledged` when the edge has it, `waiting` while the edge keeps it for a device that sleeps, and `confirmed` when
the device's actual value has been read back. It ends `failed` when the edge or the device refused it, `expired` when
nobody took it in time or its device slept through, and `unknown` when the edge took it and never said how it ended. An
answer that was on its way when the cloud gave up still corrects the record: the edge keeps answers durably, so a late
one is the truth.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from protocols.names import Id, Words

DEFAULT_OVERRIDE = timedelta(hours=2)  # OMA LwM2M object 3416, resource 53: default override duration 7200 s
LONGEST_OVERRIDE = timedelta(hours=24)


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


ENDS_BADLY = frozenset({Step.REFUSED, Step.TOO_LATE})


class Refusal(StrEnum):
    """Why an edge has not done what it was told. The words for it are the console's, one text a language."""

    CAME_TOO_LATE = "came_too_late"  # after the command's expiry
    SLEPT_THROUGH = "slept_through"  # the device slept until the command had expired
    NO_SUCH_LAMP = "no_such_lamp"  # the target is no luminaire of this edge
    ALREADY_OVER = "already_over"  # the end of the override had passed
    SUPERSEDED = "superseded"  # a command that was issued later took its place
    NO_CONNECTION = "no_connection"  # the bus cannot be reached
    NO_ANSWER = "no_answer"  # the controller was silent
    GARBLED = "garbled"  # the controller's answer does not fit the question
    DEVICE_REFUSED = "device_refused"  # the controller said no; `detail` has its exception code
    LAMP_SILENT = "lamp_silent"  # the controller answers, and does not hear its lamp
    STILL_HELD = "still_held"  # after a resume the lamp is still driven by an override
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


Action = Annotated[Override | Resume, Field(discriminator="type")]


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
        if isinstance(self.action, Override) and self.action.until - self.issued_at > LONGEST_OVERRIDE:
            raise ValueError(f"an override lasts {LONGEST_OVERRIDE.total_seconds() / 3600:g} h at most")
        return self


class Answer(_Model):
    """What the edge says of a command, on its event stream.

    `actual_level` (%) and `active_power` (W) were read from the device after the write; `None` is not known.
    An answer that ends a command badly, and no other, has a `refusal`. What goes with it: the level that should have
    been there (%), how long the edge kept looking (of a person's time), and a code that tells a technician more.
    """

    type: Literal["command"] = "command"
    id: Id
    step: Literal[Step.ACCEPTED, Step.WAITING, Step.READ_BACK, Step.REFUSED, Step.TOO_LATE]
    at: AwareDatetime
    actual_level: float | None = None
    active_power: float | None = None
    refusal: Refusal | None = None
    wanted_level: float | None = None
    waited_s: float | None = Field(default=None, ge=0)
    detail: Words | None = Field(default=None, max_length=100)

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if (self.refusal is not None) != (self.step in ENDS_BADLY):
            raise ValueError(f"{self.step} with refusal {self.refusal}: a bad end has one, and no other answer")
        return self


def is_expired(command: Command, now: datetime) -> bool:
    """True when the command may no longer be carried out."""
    return now >= command.expires_at
