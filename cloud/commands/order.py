"""One command with everything that has happened to it. Pure: steps go in, a new order comes out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from protocols import commands
from protocols.commands import OPEN, Answer, Command, Emergency, LockOut, Override, Refusal, State, Step
from rules.consent import Sure
from rules.programme import OFF


@dataclass(frozen=True, slots=True)
class Moment:
    """When a command came to a state."""

    state: State
    at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """A command as the cloud follows it. The last four are what its edge said when it refused. `group` is that which it
    is a part of, `sure` what came with it."""

    command: Command
    edge: str
    reason: str | None
    history: Sequence[Moment]
    group: str | None = None
    sure: Sure = Sure.ALONE
    actual_level: float | None = None
    active_power: float | None = None
    refusal: Refusal | None = None
    wanted_level: float | None = None
    waited_s: float | None = None
    detail: str | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.history[-1].state

    @property
    def is_open(self) -> bool:
        """True while its last word is still to come."""
        return self.state in OPEN

    @property
    def made_by(self) -> str:
        """The id of the group that it is a part of, or its own."""
        return self.group or self.command.id


def issued(command: Command, edge: str, reason: str | None, group: str | None = None, sure: Sure = Sure.ALONE) -> Order:
    """A command that nobody has heard of yet."""
    return Order(command, edge, reason, (Moment(State.REQUESTED, command.issued_at),), group, sure)


def stepped(order: Order, step: Step, at: datetime) -> Order:
    """What becomes of an order; the same order when the step changes nothing."""
    state = commands.after(order.state, step)
    return order if state is order.state else replace(order, history=(*order.history, Moment(state, at)))


def answered(order: Order, answer: Answer) -> Order:
    """What becomes of an order when its edge says something. The same answer again changes nothing."""
    moved = stepped(order, answer.step, answer.at)
    if moved is order:
        return order
    return replace(
        moved,
        actual_level=_newer(answer.actual_level, order.actual_level),
        active_power=_newer(answer.active_power, order.active_power),
        refusal=answer.refusal,
        wanted_level=answer.wanted_level,
        waited_s=answer.waited_s,
        detail=answer.detail,
    )


def _newer(said: float | None, known: float | None) -> float | None:
    return known if said is None else said


Holding = Override | Emergency | LockOut


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds a lamp on one rung. `confirmed_at` is when it, or for a lock-out its edge, said so; `is_confirmed` is
    whether the lamp did. `made_by` is the id of the group, or of the single command, that it came with."""

    action: Holding
    who: str
    issued_at: datetime
    confirmed_at: datetime
    is_confirmed: bool
    made_by: str = ""
    group: str | None = None
    reason: str | None = None

    @property
    def level(self) -> float:
        """% of full light."""
        return OFF if isinstance(self.action, LockOut) else self.action.level

    @property
    def until(self) -> datetime | None:
        """`None` is until somebody ends it."""
        return None if isinstance(self.action, LockOut) else self.action.until

    def lasts(self, now: datetime) -> bool:
        """True until its end."""
        until = self.until
        return until is None or now < until


def has_effect(order: Order) -> bool:
    """True of what a lamp goes by: what it has confirmed, and a lock-out that its edge has taken, for that stays also
    when the lamp could not confirm it."""
    if isinstance(order.command.action, LockOut):
        return any(moment.state in _TAKEN for moment in order.history)
    return order.state is State.CONFIRMED


_TAKEN = frozenset({State.ACKNOWLEDGED, State.WAITING, State.CONFIRMED})


def standing(order: Order) -> Standing | None:
    """What an order that has an effect holds its lamp by; `None` where it only ends what held it."""
    command, at = order.command, order.history[-1].at
    if not isinstance(command.action, Holding):
        return None
    is_confirmed = order.state is State.CONFIRMED
    known = (command.action, command.who, command.issued_at, at, is_confirmed)
    return Standing(*known, order.made_by, order.group, order.reason)
