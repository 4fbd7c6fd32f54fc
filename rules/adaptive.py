"""When an adaptation is in force: it begins when its reading is past the limit, and ends a while after it was last past
`clear`. What is not known neither begins it nor ends it early; its hold ends it.

The state is a value that can be kept over a restart. Between readings it is asked with the time alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from protocols.light import Adaptation, Sense
from protocols.readings import Quality, Reading

# A reading counts until the next one, which is a minute later at most (rules/reporting.py): a source that falls silent
# ends a hold of no length after this long.
SILENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class State:
    """Of one adaptation. `share` is how far it was in force (0 to 1) at `turned_at`, when it last began or ended;
    `ends_at` is `None` while it is not on. `past_at` is the last reading past `clear`, `seen_at` the last at all."""

    turned_at: datetime | None = None
    share: float = 0.0
    ends_at: datetime | None = None
    past_at: datetime | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InForce:
    """An adaptation, and how far its ramp has come: from 0, not at all, to 1."""

    adaptation: Adaptation
    share: float


def measured(adaptation: Adaptation, reading: Reading) -> float | None:
    """What a reading of its source says; `None` is not known, which is what a doubtful value is."""
    value = reading.values.get(adaptation.quantity)
    return None if value is None or reading.flag(adaptation.quantity) > Quality.NOT_EVALUATED else value


def step(adaptation: Adaptation, state: State, value: float | None, at: datetime) -> State:
    """The state after a value that was measured at a moment. A value from before the last one changes nothing."""
    if value is None or (state.seen_at is not None and at < state.seen_at):
        return state
    state = replace(settled(adaptation, state, at), seen_at=at)
    if state.ends_at is None:
        return _begun(adaptation, state, at) if _is_past(adaptation, value, adaptation.limit) else state
    if _is_past(adaptation, value, adaptation.clear):
        return _kept_up(adaptation, state, at)
    return _quiet(adaptation, state, at)


def settled(adaptation: Adaptation, state: State, at: datetime) -> State:
    """The state at a moment, without anything new measured: a hold that is over has ended, when it was over."""
    if state.ends_at is None or at < state.ends_at:
        return state
    return replace(state, turned_at=state.ends_at, share=_ramped(adaptation, state, state.ends_at), ends_at=None)


def share(adaptation: Adaptation, state: State, at: datetime) -> float:
    """How far it is in force: 0 is not at all, 1 is wholly; between them it is on its ramp."""
    return _ramped(adaptation, settled(adaptation, state, at), at)


def _ramped(adaptation: Adaptation, state: State, at: datetime) -> float:
    if state.turned_at is None:
        return 0.0
    gone = max(0.0, (at - state.turned_at).total_seconds())
    ramped = 1.0 if gone >= adaptation.ramp_s else gone / adaptation.ramp_s
    return min(1.0, state.share + ramped) if state.ends_at is not None else max(0.0, state.share - ramped)


def in_force(adaptations: Sequence[Adaptation], states: Mapping[str, State], at: datetime) -> tuple[InForce, ...]:
    """Those that change the light at a moment; `states` are by the adaptation's id."""
    found = ((one, share(one, states[one.id], at)) for one in adaptations if one.id in states)
    return tuple(InForce(one, part) for one, part in found if part > 0)


def _begun(adaptation: Adaptation, state: State, at: datetime) -> State:
    begun = replace(state, share=share(adaptation, state, at), turned_at=at)
    return _kept_up(adaptation, begun, at)


def _kept_up(adaptation: Adaptation, state: State, at: datetime) -> State:
    hold = max(timedelta(seconds=adaptation.hold_s), SILENCE)
    return replace(state, past_at=at, ends_at=at + hold)


def _quiet(adaptation: Adaptation, state: State, at: datetime) -> State:
    """It ends when it has been quiet long enough since it was last past `clear`: now, if that is over already."""
    if state.past_at is None or state.ends_at is None:
        return state
    held = state.past_at + timedelta(seconds=adaptation.hold_s)
    return settled(adaptation, replace(state, ends_at=min(state.ends_at, max(held, at))), at)


def _is_past(adaptation: Adaptation, value: float, limit: float) -> bool:
    return value > limit if adaptation.sense is Sense.ABOVE else value < limit
