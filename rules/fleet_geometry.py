"""Which of many places lie inside a polygon."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def inside(
    longitudes: NDArray[np.float64], latitudes: NDArray[np.float64], corners: Sequence[tuple[float, float]]
) -> NDArray[np.bool_]:
    """Which points lie in a polygon, by the even-odd rule; the last corner is joined to the first.

    Nothing is divided: an edge that hardly rises would end in infinity.
    """
    within = np.zeros(len(longitudes), dtype=np.bool_)
    for edge in zip(corners, [*corners[1:], corners[0]], strict=True):
        (x0, y0), (x1, y1) = sorted(edge, key=lambda corner: corner[1])
        crosses = (y0 <= latitudes) & (latitudes < y1)
        within ^= crosses & ((longitudes - x0) * (y1 - y0) < (latitudes - y0) * (x1 - x0))
    return within
