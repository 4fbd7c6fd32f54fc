"""The power that a healthy luminaire takes at a level."""

from collections.abc import Sequence
from itertools import pairwise


def expected_power(curve: Sequence[tuple[float, float]], level: float) -> float:
    """Watts at a level (%), between the points (level %, W) of a rising curve by straight lines.

    Echelon, CPD 3000 Lighting Controller, pages 19 and 22: five points at 0.5, 25, 50, 75 and 100 %, linear
    interpolation. A luminaire that is dimmed below the first point takes what it takes there; one that is off takes
    nothing, unless the curve starts at 0 % with its standby power.
    """
    lowest, at_lowest = curve[0]
    if level < lowest:
        return at_lowest if level > 0 else 0.0
    for (left, at_left), (right, at_right) in pairwise(curve):
        if level <= right:
            return at_left + (at_right - at_left) * (level - left) / (right - left)
    return curve[-1][1]
