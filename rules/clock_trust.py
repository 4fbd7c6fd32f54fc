"""How far a machine's clock can be believed, and by what time to go instead. Pure: every clock is an argument.

What there is to compare with: the system's own word that it is synchronised (NTP), the city's time in what the cloud
says, a steady clock that nobody can set, and the last moment at which the time was known. In this order they decide:

    CHECKED     the system is synchronised, or the cloud's time is known: by that time
    CARRIED     it was, and now there is nothing to compare with: the steady clock carries the time on, over every jump
    UNCHECKED   there never was anything to compare with: the machine's clock is believed
    WRONG       the machine's clock stands before a moment that has been: there is no time

Without a time no lamp is driven by the sun, values are flagged SUSPECT, and nothing becomes too old to be kept.
"""

from dataclasses import dataclass
from enum import IntEnum

TOLERANCE_S = 2.0  # the cloud's word takes a while to come; a second of light by the sun means nothing


class Trust(IntEnum):
    """From the best to the worst; the number is the quantity `clock_trust`."""

    CHECKED = 0
    CARRIED = 1
    UNCHECKED = 2
    WRONG = 3


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen at one moment; all in seconds. `machine` is the clock that may be wrong, `carried` the time that
    we have gone by so far, carried on by a steady clock. `offset` is machine less cloud, `None` when it is not known.
    `known` is a moment that has certainly been, `None` when there is none."""

    machine: float
    carried: float
    offset: float | None
    synchronised: bool | None
    was_checked: bool
    known: float | None


def judge(sight: Sight) -> tuple[Trust, float]:
    """How far to trust, and the time to go by."""
    if sight.synchronised:
        return Trust.CHECKED, sight.machine
    if sight.offset is not None:
        cloud = sight.machine - sight.offset
        return Trust.CHECKED, cloud if abs(cloud - sight.carried) > TOLERANCE_S else sight.carried
    if sight.was_checked:
        return Trust.CARRIED, sight.carried
    if sight.known is not None and sight.machine < sight.known - TOLERANCE_S:
        return Trust.WRONG, sight.machine
    return Trust.UNCHECKED, sight.machine
