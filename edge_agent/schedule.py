"""When a bus is polled. Pure: seconds in, seconds out.

Rounds stand on a grid in the city's time. The phase of a bus comes from its name, so that buses do not all speak at
once, and lies in the middle of a second: at one round a second, no small delay puts two rounds into one whole second
and none into the next.
"""

import math
import zlib


def phase(name: str, period: float) -> float:
    """Where the grid of this bus begins."""
    return zlib.crc32(name.encode()) % max(1, int(period)) + 0.5


def next_slot(after: float, period: float, begins: float) -> float:
    """The first moment of the grid that is later than `after`."""
    return begins + (math.floor((after - begins) / period) + 1) * period
