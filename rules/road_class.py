"""How bright a road of a class has to be, and how far its luminaires may be dimmed.

Luminance goes with the level: a luminaire at half its light makes half the luminance, and uniformity stays as it was.
So a road designed for one class reaches another at level = luminance of that class / luminance of the designed one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Evidence(StrEnum):
    """Where a figure was read."""

    PRIMARY = "primary"  # in the standard itself
    SECONDARY = "secondary"  # in somebody's copy of it: check before a road is judged by it


@dataclass(frozen=True, slots=True)
class RoadClass:
    """`luminance` is the average that the road surface must keep, cd/m2."""

    name: str
    luminance: float
    table: str
    source: str
    evidence: Evidence


def _table(table: str, source: str, luminances: Mapping[str, float]) -> dict[str, RoadClass]:
    return {name: RoadClass(name, some, table, source, Evidence.SECONDARY) for name, some in luminances.items()}


EUROPE, VIETNAM = "EN 13201-2:2015", "QCVN 07-7:2023/BXD"
CLASSES: Mapping[str, RoadClass] = {
    **_table(
        EUROPE,
        "EN 13201-2:2015, table 1, as public software repeats it",
        {"M1": 2.0, "M2": 1.5, "M3": 1.0, "M4": 0.75, "M5": 0.5, "M6": 0.3},
    ),
    **_table(
        VIETNAM,
        "QCVN 07-7:2023/BXD, as the engineering tool neo-era/webdialux-cs (src/engine.mjs) repeats it",
        {"A": 2.0, "B1": 1.5, "B2": 2.0, "C1": 1.0, "C2": 1.5, "D1": 0.7, "D2": 0.5, "E": 0.3},
    ),
}
DOWN = 2  # classes; see lowest_class
_NEARLY = 1e-6  # %: 0.75 / 1.0 is 75 % in a computer, too


def reached(designed: str, level: float) -> str | None:
    """The brightest class of the same table that a road reaches when its luminaires are at a level (%).

    Where two classes ask for the same, the designed one comes first. `None` below the table, and for a class that
    there is not.
    """
    if designed not in CLASSES:
        return None
    there = CLASSES[designed].luminance * (level + _NEARLY) / 100
    fitting = [some for some in _of_table(designed) if some.luminance <= there]
    return max(fitting, key=lambda some: (some.luminance, some.name == designed)).name if fitting else None


def lowest_class(designed: str) -> str:
    """What a road may be dimmed to when nobody has said: two classes darker, in its own table.

    The norm lets the class follow the traffic, and its own example goes from P4 in the evening to P6 in the small hours
    (CEN/TR 13201-1); from M1, M2 and M3 that is half the light, which Ho Chi Minh City already makes after 22:00. More
    needs a person who says why. Raises KeyError for a class that there is not.
    """
    steps = sorted({some.luminance for some in _of_table(designed)}, reverse=True)
    place = steps.index(CLASSES[designed].luminance)
    wanted = steps[min(place + DOWN, len(steps) - 1)]
    return next(some.name for some in _of_table(designed) if some.luminance == wanted)


def lowest_level(designed: str, lowest: str | None = None) -> float:
    """The level (%) at which a road still has its lowest class; without one that of `lowest_class`.

    Raises KeyError for a class that there is not.
    """
    to = CLASSES[lowest_class(designed) if lowest is None else lowest]
    return min(100.0, 100 * to.luminance / CLASSES[designed].luminance)


def is_below(level: float, lowest: float) -> bool:
    """True when a level is lower than a lowest one by more than a rounding."""
    return level < lowest - _NEARLY


def _of_table(name: str) -> list[RoadClass]:
    return [some for some in CLASSES.values() if some.table == CLASSES[name].table]
