"""The energy of many devices in the two hours that are open: what `rules/energy.py` says of one, while samples come in.

Only the last edge before a sample is kept here. Hours that lie whole in a gap, and hours that were closed before the
sample came that ends them, are named for recomputation from what is stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.energy import HOUR_S, UWH, Event, Grade
from rules.fleet_energy import NONE, Bools, Counters, Edges, Ints, Steps, last_edges, step
from rules.fleet_rollup import Floats

OPEN = 2  # hours

Flags = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Span:
    """Hours to be recomputed, for each device from the first to the last."""

    devices: Ints
    first: Ints
    last: Ints


@dataclass(frozen=True, slots=True)
class Samples:
    """Registers in Wh and powers in mW, or NONE; rows sorted by device and then by time."""

    devices: Ints
    at: Ints
    register: Ints
    power: Ints

    def rows(self, rows: NDArray[np.generic]) -> "Samples":
        return Samples(self.devices[rows], self.at[rows], self.register[rows], self.power[rows])


class OpenMeters:
    """`first` is the start of the earlier open hour. `sealed` is what had been counted when it began."""

    def __init__(self, count: int, first: int) -> None:
        self.first = first
        self.counters, self.sealed, self.ends = (Counters.unheard(count) for _ in range(3))
        self.crossed = np.zeros(count, np.bool_)  # `ends` is what had been counted at the end of the earlier hour
        self.total = np.full((OPEN, count), NONE, np.int64)  # at the start of each open hour
        self.register = np.full((OPEN, count), NONE, np.int64)
        self.grade = np.zeros((OPEN, count), np.uint8)
        self.gaps = np.zeros((OPEN, count), np.uint8)
        self.events = np.zeros((OPEN, count), np.uint8)

    def take(self, samples: Samples, most_mw: Ints) -> list[Span]:
        """Count samples of the open hours, each device's later than all before. Returns what has to be recomputed."""
        said = samples.rows((samples.register != NONE) | (samples.power != NONE))
        return [self._round(one, most_mw[one.devices]) for one in _rounds(said)]

    def close(self) -> dict[str, Floats]:
        """The earlier hour's fields for every device; NaN is unknown."""
        events = self.events[0] | self.gaps[0] | self.gaps[1]
        start, end = self.total
        known: Bools = (start != NONE) & (end != NONE)
        energy = np.where(known, end // UWH - start // UWH, NONE)
        after = self.after()
        total = np.where(end != NONE, end, after.total)
        return {
            "energy_wh": _known(energy),
            "energy_sum_wh": np.where(after.at == NONE, np.nan, total // UWH),
            "energy_register_kwh": _known(self.register[0]) / 1000,
            "energy_q": np.where(known, self._grades(events), int(Grade.MISSING)).astype(np.float64),
            "energy_events": events.astype(np.float64),
            **carried(after),
        }

    def forget(self) -> None:
        """The earlier hour is kept elsewhere: the later one takes its place."""
        self.sealed = self.after()
        self.crossed = np.zeros_like(self.crossed)
        for kept, empty in (
            (self.total, NONE),
            (self.register, NONE),
            (self.grade, 0),
            (self.gaps, 0),
            (self.events, 0),
        ):
            kept[0] = kept[1]
            kept[1] = empty
        self.first += HOUR_S

    def shift(self, device: int, by: int) -> None:
        """A recomputation has found more, or less, before the open hours: micro-watt-hours."""
        for counters in (self.counters, self.sealed, self.ends):
            counters.total[device] += by
        there = self.total[:, device] != NONE
        self.total[there, device] += by

    def after(self) -> Counters:
        """What had been counted when the earlier hour ended."""
        now, then, crossed = self.counters, self.ends, self.crossed
        names = ("at", "register", "power", "total", "dip_at")
        return Counters(*(np.where(crossed, getattr(then, name), getattr(now, name)) for name in names))

    def _grades(self, events: Flags) -> Flags:
        vague = (events & int(Event.RESET | Event.SWAP)) != 0
        grades: Flags = np.maximum(np.maximum(*self.grade), np.where(vague, np.uint8(Grade.ESTIMATED), np.uint8(0)))
        return grades

    def _round(self, samples: Samples, most_mw: Ints) -> Span:
        devices, slot = samples.devices, (samples.at - self.first) // HOUR_S
        before = self.counters.take(devices)
        self._seal((slot == 1) & ~self.crossed[devices], devices, before)
        steps = step(before, samples.at, samples.register, samples.power, most_mw)
        self.events[slot, devices] |= steps.events
        self.counters.put(devices, steps.after)
        return self._cross(devices, before, steps)

    def _seal(self, now: Bools, devices: Ints, before: Counters) -> None:
        self.ends.put(devices[now], before.take(np.flatnonzero(now)))
        self.crossed[devices[now]] = True

    def _cross(self, devices: Ints, before: Counters, steps: Steps) -> Span:
        edges = last_edges(before, steps)
        self._keep(edges, devices)
        came_from = before.at // HOUR_S * HOUR_S
        apart = (came_from < edges.at - HOUR_S) | (came_from < self.first)
        again = edges.crossed & (before.at != NONE) & (came_from < edges.at) & apart
        return Span(devices[again], came_from[again], edges.at[again] - HOUR_S)

    def _keep(self, edges: Edges, devices: Ints) -> None:
        crossed, slot = edges.crossed, (edges.at - self.first) // HOUR_S
        place = slot[crossed], devices[crossed]
        self.total[place] = edges.total[crossed]
        self.register[place] = edges.register[crossed]
        self.grade[place] = edges.grade[crossed]
        self.gaps[place] = edges.events[crossed]


def carried(after: Counters) -> dict[str, Floats]:
    """What a recomputation of the next hour begins with, as fields of a summary."""
    heard = after.at != NONE
    return {
        "energy_last_at": _known(after.at),
        "energy_last_register_wh": _known(after.register),
        "energy_last_power_w": np.where(heard, after.power / 1000, np.nan),
        "energy_last_total_wh": np.where(heard, after.total / UWH, np.nan),
        "energy_dip_at": _known(after.dip_at),
    }


def _known(whole: Ints) -> Floats:
    return np.where(whole == NONE, np.nan, whole.astype(np.float64))


def _rounds(samples: Samples) -> Iterator[Samples]:
    """The first sample of each device, then the second of each, and so on."""
    devices = samples.devices
    if not len(devices):
        return
    new = np.concatenate([[True], devices[1:] != devices[:-1]])
    nth = np.arange(len(devices)) - np.maximum.accumulate(np.where(new, np.arange(len(devices)), 0))
    order = np.argsort(nth, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(nth[order])) + 1):
        yield samples.rows(rows)
