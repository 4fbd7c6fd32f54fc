"""Whether the system says that its clock is synchronised: adjtimex(2), which needs no right and no package."""

import ctypes
import sys

_STA_UNSYNC = 0x0040  # linux/timex.h
_TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """The front of struct timex; only `status` is read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def synchronised() -> bool | None:
    """`None` where nobody can say."""
    if sys.platform != "linux":
        return None
    seen = _Timex()
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.byref(seen))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR and not seen.status & _STA_UNSYNC
