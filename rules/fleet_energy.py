"""Energy of many devices at once: `rules/energy.py` in numpy, one sample of each device at a time.

A register of -1 is none, a power of -1 was not told, a `dip_at` of -1 is no dip, and an `at` of -1 is a device that
has never been heard.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from rules.energy import DIP_LASTS_S, HOUR_S, LONGEST_GAP_S, SLACK_S, UWH, Counted, Event, Grade

NONE = -1

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counters:
    """`Counted` of many devices, each an array."""

    at: Ints
    register: Ints
    power: Ints
    total: Ints
    dip_at: Ints

    @classmethod
    def unheard(cls, count: int) -> "Counters":
        """Of devices that have said nothing yet."""
        return cls(*(np.full(count, empty, np.int64) for empty in (NONE, NONE, 0, 0, NONE)))

    def take(self, index: Ints) -> "Counters":
        """A copy of some of them."""
        return Counters(*(getattr(self, field.name)[index] for field in fields(self)))

    def put(self, index: Ints, others: "Counters") -> None:
        """Set some of them."""
        for field in fields(self):
            getattr(self, field.name)[index] = getattr(others, field.name)

    def one(self, index: int) -> Counted | None:
        """One device as the scalar form has it."""
        at, register, power, total, dip_at = (int(getattr(self, field.name)[index]) for field in fields(self))
        if at == NONE:
            return None
        return Counted(at, None if register == NONE else register, power, total, None if dip_at == NONE else dip_at)


@dataclass(frozen=True, slots=True)
class Steps:
    """One sample further, for each device. `used` is in micro-watt-hours."""

    after: Counters
    used: Ints
    events: NDArray[np.uint8]
    believed: Bools


@dataclass(frozen=True, slots=True)
class Edges:
    """The sum at the last hour edge of each step, where there is one: `crossed`."""

    crossed: Bools
    at: Ints
    total: Ints
    grade: NDArray[np.uint8]
    events: NDArray[np.uint8]
    register: Ints


def step(before: Counters, at: Ints, register: Ints, power: Ints, most_mw: Ints) -> Steps:
    """Count one sample of each device, later than `before`; each has a register or a power, or NONE of it."""
    first = before.at == NONE
    by_power = ~first & (before.register == NONE)
    mute = ~first & ~by_power & (register == NONE)
    steps = _by_register(before, at, register, most_mw)
    if mute.any():
        steps = _where(mute, _silent(before), steps)
    if by_power.any():
        steps = _where(by_power, _by_power(before, at, register, power), steps)
    if first.any():
        steps = _where(first, _begun(at, register, power), steps)
    return steps


def _silent(before: Counters) -> Steps:
    used = np.zeros_like(before.at)
    return Steps(before, used, np.zeros(len(used), np.uint8), np.zeros(len(used), np.bool_))


def _begun(at: Ints, register: Ints, power: Ints) -> Steps:
    opened = Counters(at, register, _kept_power(register, power), np.zeros_like(at), np.full_like(at, NONE))
    return Steps(opened, np.zeros_like(at), np.zeros(len(at), np.uint8), np.ones(len(at), np.bool_))


def _where(so: Bools, what: Steps, otherwise: Steps) -> Steps:
    names = (field.name for field in fields(Counters))
    after = (np.where(so, getattr(what.after, name), getattr(otherwise.after, name)) for name in names)
    return Steps(
        Counters(*after),
        np.where(so, what.used, otherwise.used),
        np.where(so, what.events, otherwise.events),
        np.where(so, what.believed, otherwise.believed),
    )


def _by_register(before: Counters, at: Ints, register: Ints, most_mw: Ints) -> Steps:
    """Below 0.9 of the last one it counts from zero again; a smaller dip is not believed, unless it lasts."""
    lower = register < before.register
    reset = register * 10 < before.register * 9
    dip = lower & ~reset
    passing = dip & ((before.dip_at == NONE) | (at - before.dip_at < DIP_LASTS_S))
    rise = np.where(lower, register, register - before.register) * UWH
    swap = (dip & ~passing) | (~dip & (rise > _energy(most_mw, at - before.at + SLACK_S)))
    used = np.where(swap | passing, 0, rise)
    events = np.select([passing, swap, reset], [int(Event.DIP), int(Event.SWAP), int(Event.RESET)], 0)
    dip_at = np.where(passing, np.where(before.dip_at == NONE, at, before.dip_at), NONE)
    after = Counters(
        np.where(passing, before.at, at),
        np.where(passing, before.register, register),
        np.zeros_like(at),
        before.total + used,
        dip_at,
    )
    return Steps(after, used, events.astype(np.uint8), ~passing)


def _by_power(before: Counters, at: Ints, register: Ints, power: Ints) -> Steps:
    gap = at - before.at
    known = (power != NONE) & (gap < LONGEST_GAP_S)
    used = np.where(known, _energy(before.power + np.maximum(power, 0), gap) // 2, 0)
    total = before.total + used
    after = Counters(at, register, _kept_power(register, power), total, np.full_like(at, NONE))
    return Steps(after, used, np.zeros(len(at), np.uint8), np.ones(len(at), np.bool_))


def _kept_power(register: Ints, power: Ints) -> Ints:
    return np.where(register == NONE, np.maximum(power, 0), 0)


def _energy(milliwatts: Ints, seconds: Ints) -> Ints:
    return milliwatts * seconds * 5 // 18


def last_edges(before: Counters, steps: Steps) -> Edges:
    """The start of the hour in which each believed sample stands, when it lies behind the sample before it."""
    after = steps.after
    edge = after.at // HOUR_S * HOUR_S
    first = before.at == NONE
    gap = np.where(first, LONGEST_GAP_S, after.at - before.at)
    part, exact = edge - before.at, edge == after.at
    crossed = steps.believed & (first | (part > 0))
    gap, part = np.maximum(gap, 1), np.where(first, 0, part)
    between = before.register + _share(after.register - before.register, part, gap)
    register = np.where(exact, after.register, np.where(_is_straight(before, steps), between, NONE))
    return Edges(
        crossed,
        edge,
        np.where(first, 0, before.total + _share(steps.used, part, gap)),
        _grades(before, steps, np.where(exact, 0, gap)),
        np.where(first | exact | (gap < LONGEST_GAP_S), 0, int(Event.GAP)).astype(np.uint8),
        register,
    )


def _is_straight(before: Counters, steps: Steps) -> Bools:
    straight: Bools = (before.register != NONE) & (steps.after.register != NONE) & (steps.events == 0)
    return straight


def _grades(before: Counters, steps: Steps, gap: Ints) -> NDArray[np.uint8]:
    """A gap of 0 means that a sample stands at the edge."""
    metered = np.where(before.at == NONE, steps.after.register, before.register) != NONE
    vague = ~metered | (gap >= LONGEST_GAP_S) | ((steps.events != 0) & (gap > 0))
    grades = np.where(gap > 0, int(Grade.INTERPOLATED), int(Grade.MEASURED))
    return np.where(vague, int(Grade.ESTIMATED), grades).astype(np.uint8)


def _share(whole: Ints, part: Ints, gap: Ints) -> Ints:
    """whole * part // gap without leaving 64 bits."""
    return whole // gap * part + whole % gap * part // gap
