"""`rules.expected_power` for a whole city at once; a property test proves them equal."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Curve = Sequence[tuple[float, float]]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Curves:
    """The curves of some types of luminaire, all made equally long: the last power holds for ever."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        points = 1 + max(map(len, curves), default=1)
        padded = [[*curve, *[(np.inf, curve[-1][1])] * (points - len(curve))] for curve in curves]
        both = np.array(padded, dtype=np.float64).reshape(len(curves), points, 2)
        self._levels, self._powers = both[:, :, 0], both[:, :, 1]

    @np.errstate(over="ignore", invalid="ignore")  # a level that no lamp has is not ours to complain of
    def expected(self, types: Ints, levels: Floats) -> Floats:
        """Watts of luminaires of these types (places in the list of curves) at these levels (%); NaN is not known."""
        left = np.sum(self._levels[types, 1:] < levels[:, None], axis=1)
        level_at, power_at = self._levels[types, left], self._powers[types, left]
        to_level, to_power = self._levels[types, left + 1], self._powers[types, left + 1]
        on_the_line = power_at + (to_power - power_at) * (levels - level_at) / (to_level - level_at)
        below = levels < self._levels[types, 0]
        dimmest = np.where(levels > 0, self._powers[types, 0], 0.0)
        return np.where(below, dimmest, on_the_line)
