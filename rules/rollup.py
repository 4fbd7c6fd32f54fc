"""One device's values of one quantity in one step of time: how many, the smallest, the mean, the largest and the last.

Sums are kept as whole numbers of a fine fraction of the unit, so that no order of arrival changes a mean.
`rules/fleet_hours.py` says the same for many devices at once.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocols.quantities import QUANTITIES
from protocols.readings import Quality
from rules.quality import is_plausible

STATS = ("n", "min", "mean", "max", "last")
_SUM_BITS = 62
_SAMPLES_BITS = 12  # at most one sample a second and 3600 an hour
_MOST_BITS = 32
STEP_DECIMALS = 6  # of a mean that is summed up
HOUR_DECIMALS = 4  # of a mean that is kept for ever: no meter tells more, and every further digit is bytes on the disk


@dataclass(frozen=True, slots=True)
class Stats:
    """Without any value, `n` is 0 and the rest is unknown."""

    n: int = 0
    min: float | None = None
    mean: float | None = None
    max: float | None = None
    last: float | None = None


def fraction_bits(quantity: str) -> int:
    """Binary places in which the values of an hour can be summed up as 64-bit whole numbers."""
    known = QUANTITIES[quantity]
    largest = max(abs(known.low), abs(known.high), 1.0)
    return min(_SUM_BITS - _SAMPLES_BITS - math.ceil(math.log2(largest)), _MOST_BITS)


def is_usable(quantity: str, value: float | None, flag: int | None) -> bool:
    """Does a value enter a sum? Not what is missing, failed or suspect, and not what cannot be."""
    good = flag is not None and flag <= Quality.NOT_EVALUATED
    return good and value is not None and is_plausible(quantity, value)


def stats(quantity: str, values: Sequence[float]) -> Stats:
    """Usable values of one hour in order of time."""
    if not values:
        return Stats()
    return Stats(
        len(values),
        min(values),
        mean(fixed_sum(quantity, values), len(values), quantity, HOUR_DECIMALS),
        max(values),
        values[-1],
    )


def fixed_sum(quantity: str, values: Iterable[float]) -> int:
    """The sum in fractions of 2 ** -fraction_bits."""
    scale = 2.0 ** fraction_bits(quantity)
    return sum(round(value * scale) for value in values)


def mean(total: int, n: int, quantity: str, decimals: int) -> float:
    """The mean of `n` values with this fixed sum."""
    scale = 10.0**decimals
    return round(float(total) / n / 2.0 ** fraction_bits(quantity) * scale) / scale
