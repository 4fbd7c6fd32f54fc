"""What stands above a luminaire's programme: how a command changes it, and which commands it does not let through."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from protocols.commands import Action, Emergency, Held, LockOut, Override, Refusal, Resume, SelfTest, Unlock
from rules.programme import OFF
from rules.resolve import standing

LOCKED_FOR = timedelta(hours=24)  # that a controller is told; the edge tells it again long before

_Ending = TypeVar("_Ending", Override, Emergency)


def in_force(held: Held, now: datetime) -> Held:
    """Without what is over: an end needs nobody to notice it."""
    return Held(held.lock_out, _before_end(held.emergency, now), _before_end(held.override, now), held.test)


def after(held: Held, action: Action) -> Held:
    """What holds a luminaire once it has been commanded. Back to the programme ends what people have asked of the
    light, the emergency too; a lock-out ends by being unlocked and by nothing else. Whatever comes ends a self-test."""
    match action:
        case Override():
            return replace(held, override=action, test=None)
        case Emergency():
            return replace(held, emergency=action, test=None)
        case LockOut():
            return replace(held, lock_out=action, test=None)
        case Resume():
            return replace(held, emergency=None, override=None, test=None)
        case Unlock():
            return replace(held, lock_out=None, test=None)
        case SelfTest():
            return held


def after_failure(before: Held, action: Action) -> Held:
    """What holds a luminaire of which a command was not confirmed: the same as before it, but that a lock-out stays. A
    lamp that cannot be reached in a flood must be dark when it is reached again."""
    return replace(before, lock_out=action) if isinstance(action, LockOut) else before


def obstacle(held: Held, action: Action) -> Refusal | None:
    """Why an action would have no effect now: something stronger stands above it."""
    if held.lock_out is not None and isinstance(action, Override | Emergency | Resume | SelfTest):
        return Refusal.LOCKED_OUT
    if held.emergency is not None and isinstance(action, Override | SelfTest):
        return Refusal.IN_EMERGENCY
    if held.override is not None and isinstance(action, SelfTest):
        return Refusal.HELD_BY_HAND
    return None


def at_a_level(held: Held, now: datetime) -> Override | None:
    """What decides of all that stands above the programme, as a controller knows it: a level, and an end by its own
    clock."""
    above = standing(held, now)
    if above is None:
        return None
    _, action = above
    if isinstance(action, LockOut):
        return Override(level=OFF, until=now + LOCKED_FOR)
    return Override(level=action.level, until=action.until)


def _before_end(action: _Ending | None, now: datetime) -> _Ending | None:
    return action if action is not None and now < action.until else None
