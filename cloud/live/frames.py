"""The two binary forms of the map, little-endian. console.md 2.2: five microseconds for a thousand changes.

Snapshot: b"HDL1", u32 n, u32 inventory version, u32 seq, then whole arrays of n: i32 longitude x 1e7, i32 latitude
x 1e7, u8 state, u8 level, u8 ward.
Frame: u32 seq, f64 domain Unix seconds, then arrays of k: u32 index, u8 state, u8 level.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from cloud.fleet.view import View

MAGIC = b"HDL1"

Bytes = NDArray[np.uint8]


def snapshot(view: View, seq: int, state: Bytes, level: Bytes) -> bytes:
    """Every lamp of a view, as of one frame."""
    fleet, lamps = view.fleet, view.lamps
    head = MAGIC + struct.pack("<III", len(lamps), fleet.version, seq)
    positions = (fleet.longitudes[lamps].astype("<i4"), fleet.latitudes[lamps].astype("<i4"))
    ward_numbers = view.ward_numbers
    return head + b"".join(array.tobytes() for array in (*positions, state, level, ward_numbers))


def frame(seq: int, at: float, index: NDArray[np.int64], state: Bytes, level: Bytes) -> bytes:
    """What has changed since the frame before; `state` and `level` are those of the lamps in `index`."""
    head = struct.pack("<Id", seq, at)
    return head + index.astype("<u4").tobytes() + state.tobytes() + level.tobytes()
