"""Commands as the console asks for them and sees them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.commands.order import Order
from protocols.commands import DEFAULT_OVERRIDE, LONGEST_OVERRIDE, Action, Refusal, State
from protocols.names import Id, Words

_MINUTE_S = 60


_MINUTES = int(DEFAULT_OVERRIDE.total_seconds() // _MINUTE_S)
_MOST_MINUTES = int(LONGEST_OVERRIDE.total_seconds() // _MINUTE_S)


class _ActionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OverrideIn(_ActionIn):
    """Hold a level for so many minutes."""

    type: Literal["override"]
    level: float = Field(ge=0, le=100, description="% of full light")
    minutes: int = Field(default=_MINUTES, ge=1, le=_MOST_MINUTES)


class ResumeIn(_ActionIn):
    """Back to the programme: ends an override, and an emergency."""

    type: Literal["resume"]


class EmergencyIn(_ActionIn):
    """Light where people are in danger, for so many minutes; stronger than any override."""

    type: Literal["emergency"]
    level: float = Field(default=100, ge=0, le=100, description="% of full light")
    minutes: int = Field(default=_MINUTES, ge=1, le=_MOST_MINUTES)


class LockOutIn(_ActionIn):
    """Nothing may be lit until it is unlocked; needs a reason."""

    type: Literal["lock_out"]


class UnlockIn(_ActionIn):
    """End a lock-out, and nothing else; needs a reason."""

    type: Literal["unlock"]


class SelfTestIn(_ActionIn):
    """Take each lamp through a few levels and measure them."""

    type: Literal["self_test"]


ActionIn = Annotated[
    OverrideIn | ResumeIn | EmergencyIn | LockOutIn | UnlockIn | SelfTestIn, Field(discriminator="type")
]


class CommandIn(BaseModel):
    """What somebody wants of a lamp."""

    model_config = ConfigDict(extra="forbid")

    target: Id
    action: ActionIn
    reason: Words | None = Field(default=None, max_length=500)
    confirmation: str | None = Field(default=None, max_length=200, description="from POST /session/confirm")


class ActionOut(BaseModel):
    type: Literal["override", "resume", "emergency", "lock_out", "unlock", "self_test"]
    level: float | None = None
    until: datetime | None = None


def action_out(action: Action) -> ActionOut:
    """An action as the console sees it."""
    return ActionOut.model_validate(action.model_dump(include=set(ActionOut.model_fields)))


class MomentOut(BaseModel):
    state: State
    at: datetime


class CommandOut(BaseModel):
    """A command and how far it has come. `actual_level` (%) and `active_power` (W) were read back from the lamp.

    Where the edge refused, `refusal` says why. With it may come the level that was wanted (%), how long the edge kept
    looking (of a person's time), and a code for technicians.
    """

    id: str
    target: str
    action: ActionOut
    state: State
    who: str
    reason: str | None
    issued_at: datetime
    expires_at: datetime
    history: list[MomentOut]
    actual_level: float | None
    active_power: float | None
    refusal: Refusal | None
    wanted_level: float | None
    waited_s: float | None
    detail: str | None
    group: str | None


def command_out(order: Order) -> CommandOut:
    """An order as the console sees it."""
    command = order.command
    return CommandOut(
        id=command.id,
        target=command.target,
        action=action_out(command.action),
        state=order.state,
        who=command.who,
        reason=order.reason,
        issued_at=command.issued_at,
        expires_at=command.expires_at,
        history=[MomentOut(state=moment.state, at=moment.at) for moment in order.history],
        actual_level=order.actual_level,
        active_power=order.active_power,
        refusal=order.refusal,
        wanted_level=order.wanted_level,
        waited_s=order.waited_s,
        detail=order.detail,
        group=order.group,
    )
