"""Values of many devices summed up step by step: `rules/rollup.py` in numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols.quantities import QUANTITIES
from protocols.readings import Quality
from rules.rollup import HOUR_DECIMALS, fraction_bits

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """How many values each cell has had, and their fixed sum."""

    n: NDArray[np.uint16]
    sum: Ints

    @classmethod
    def empty(cls, count: int) -> "Sums":
        return cls(np.zeros(count, np.uint16), np.zeros(count, np.int64))

    def means(self, quantity: str, decimals: int) -> Floats:
        """NaN where there were no values."""
        with np.errstate(invalid="ignore"):
            exact = self.sum.astype(np.float64) / self.n / 2.0 ** fraction_bits(quantity)
        scale = 10.0**decimals
        means: Floats = np.rint(exact * scale) / scale
        return means


@dataclass(frozen=True, slots=True)
class Tallies:
    """`Stats` of every cell while its values come in. A cell without values has NaN."""

    sums: Sums
    min: Floats
    max: Floats
    last: Floats

    @classmethod
    def empty(cls, count: int) -> "Tallies":
        return cls(Sums.empty(count), *(np.full(count, np.nan) for _ in range(3)))

    def stats(self, quantity: str) -> dict[str, Floats]:
        """The statistics by name, for every cell; NaN where there were no values."""
        n, means = self.sums.n.astype(np.float64), self.sums.means(quantity, HOUR_DECIMALS)
        return {"n": np.where(n > 0, n, np.nan), "min": self.min, "mean": means, "max": self.max, "last": self.last}


@dataclass(frozen=True, slots=True)
class Groups:
    """Values in order, and where the values of each cell begin: a cell's stand together."""

    cells: Ints
    starts: Ints
    values: Floats


def usable(quantity: str, values: Floats, flags: NDArray[np.uint8]) -> Floats:
    """Values that may enter a sum; NaN for all others. A flag of 0 is that of a quantity that was not read."""
    known = QUANTITIES[quantity]
    told = (flags > 0) & (flags <= Quality.NOT_EVALUATED) & (values >= known.low) & (values <= known.high)
    return np.where(told, values, np.nan)


def grouped(cells: Ints, values: Floats) -> Groups:
    """What there is of a column whose missing values are NaN; the rows of one cell must be neighbours."""
    there = ~np.isnan(values)
    if not there.all():
        cells, values = cells[there], values[there]
    starts = np.flatnonzero(np.concatenate([[len(cells) > 0], cells[1:] != cells[:-1]]))
    return Groups(cells[starts], starts, values)


def add(sums: Sums, groups: Groups, quantity: str) -> None:
    """Take more values into the sums."""
    if not len(groups.starts):
        return
    fixed = np.rint(groups.values * 2.0 ** fraction_bits(quantity)).astype(np.int64)
    counts = np.diff(np.append(groups.starts, len(fixed)))
    sums.n[groups.cells] += counts.astype(np.uint16)
    sums.sum[groups.cells] += np.add.reduceat(fixed, groups.starts)


def tally(tallies: Tallies, groups: Groups, quantity: str) -> None:
    """Take more values, later than all before them."""
    if not len(groups.starts):
        return
    cells, ends = groups.cells, np.append(groups.starts[1:], len(groups.values)) - 1
    add(tallies.sums, groups, quantity)
    tallies.min[cells] = np.fmin(tallies.min[cells], np.minimum.reduceat(groups.values, groups.starts))
    tallies.max[cells] = np.fmax(tallies.max[cells], np.maximum.reduceat(groups.values, groups.starts))
    tallies.last[cells] = groups.values[ends]
