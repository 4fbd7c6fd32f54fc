"""`rules.relay` for a whole city at once; a property test proves them equal."""

import numpy as np
from numpy.typing import NDArray

from rules.relay import FULL, OFF


def carried_out_by(is_relay: NDArray[np.bool_], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The levels (%) that luminaires really take; NaN is not known, and stays."""
    switched = np.where(levels > 0, FULL, OFF)
    return np.where(is_relay & ~np.isnan(levels), switched, levels)
