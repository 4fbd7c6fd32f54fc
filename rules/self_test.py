"""What a luminaire that was taken through a few levels showed, against the curve of its type. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from protocols.commands import SelfTest, TestPoint
from protocols.inventory import LuminaireType
from rules.expected_power import expected_power
from rules.lamp_state import reached

LEVELS = (100.0, 75.0, 50.0, 25.0)  # Echelon, CPD 3000 Lighting Controller, pages 19 and 22: the points of its curve
TOLERANCE = 0.15  # of the expected power, either way; the same, page 19
OUT_BELOW = 0.20  # of the expected power a lamp is out; the same
SETTLES_S = 3.0  # after a fade, of the city's time: a meter looks once a second
_SAME_SHARE = 0.05  # of the highest power: what differs by less is the same power at every level

Result = Literal["passed", "failed", "not_done"]


class Finding(StrEnum):
    """Why a self-test has failed, the worst first."""

    LAMP_OUT = "lamp_out"  # where it should shine it takes next to no power
    DOES_NOT_DIM = "does_not_dim"  # it takes the same power at every level
    LEVEL_NOT_REACHED = "level_not_reached"  # it says itself that it did not come to a level
    POWER_DIFFERS = "power_differs"  # from the curve of its type
    NO_POWER_KNOWN = "no_power_known"  # nobody measures it: the test says nothing


@dataclass(frozen=True, slots=True)
class Judged:
    """A point, and the power of a healthy luminaire there (W); `is_good` is `None` where no power is known."""

    level: float
    actual_level: float | None
    power: float | None
    expected: float
    is_good: bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a self-test ended."""

    result: Result
    points: tuple[Judged, ...]
    why: Finding | None = None


def test_of(kind: LuminaireType) -> SelfTest:
    """What luminaires of a type are taken through: a relay only to full light, and none below where its curve begins,
    for nobody knows what it takes there."""
    lowest = kind.expected_power[0][0]
    levels = LEVELS[:1] if kind.control == "relay" else tuple(level for level in LEVELS if level >= lowest)
    return SelfTest(levels=levels or LEVELS[:1], settle_s=SETTLES_S, warm_up_s=kind.warm_up_s)


def judge(points: Iterable[TestPoint], kind: LuminaireType) -> Verdict:
    """Against the curve of the type."""
    judged = tuple(_judged(point, kind) for point in points)
    why = _why(judged)
    if why is Finding.NO_POWER_KNOWN:
        return Verdict("not_done", judged, why)
    return Verdict("failed" if why else "passed", judged, why)


def _judged(point: TestPoint, kind: LuminaireType) -> Judged:
    expected = expected_power(kind.expected_power, point.level)
    is_near = None if point.power is None else abs(point.power - expected) <= TOLERANCE * expected
    is_good = is_near if _is_reached(point) else False
    return Judged(point.level, point.actual_level, point.power, round(expected, 2), is_good)


def _why(points: Sequence[Judged]) -> Finding | None:
    known = [(point, point.power) for point in points if point.power is not None]
    if any(power < OUT_BELOW * point.expected for point, power in known):
        return Finding.LAMP_OUT
    if _is_flat([power for _, power in known]):
        return Finding.DOES_NOT_DIM
    if not all(_is_reached(point) for point in points):
        return Finding.LEVEL_NOT_REACHED
    if any(point.is_good is False for point in points):
        return Finding.POWER_DIFFERS
    return None if len(known) == len(points) and known else Finding.NO_POWER_KNOWN


def _is_flat(powers: Sequence[float]) -> bool:
    return len(powers) > 1 and max(powers) - min(powers) <= _SAME_SHARE * max(powers)


def _is_reached(point: TestPoint | Judged) -> bool:
    return point.actual_level is not None and reached(point.actual_level, point.level)
