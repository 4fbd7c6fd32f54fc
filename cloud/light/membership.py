"""Which luminaires each group of a plan has: by its rule, and of several groups that fit the first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cloud.fleet.roll import Mask, Places, Roll
from protocols.light import LampGroup, LampRule
from rules.areas import Area


@dataclass(frozen=True, slots=True)
class Members:
    """The luminaires of a group, by their place in the city's inventory, and how many more its rule fits that groups
    further up have."""

    lamps: Places
    claimed_earlier: int


def members(groups: Sequence[LampGroup], roll: Roll) -> Mapping[str, Members]:
    """Of every group, in their order."""
    free = np.ones(len(roll), dtype=np.bool_)
    found = {}
    for group in groups:
        fits = _fits(group.rule, roll)
        found[group.id] = Members(np.flatnonzero(fits & free), int((fits & ~free).sum()))
        free &= ~fits
    return found


def _fits(rule: LampRule, roll: Roll) -> Mask:
    """Whether each luminaire is one of those that a rule means; a rule that says nothing means all."""
    fits = np.ones(len(roll), dtype=np.bool_)
    if rule.lamps is not None:
        fits &= roll.listed(rule.lamps)
    if rule.area is not None:
        fits &= _within(rule.area, roll)
    if rule.street is not None:
        fits &= roll.on_street(rule.street)
    for column, wanted in (("road_class", rule.road_class), ("use", rule.use)):
        fits &= roll.of(column, wanted) if wanted is not None else True
    return fits & roll.inside(rule.polygon, fits) if rule.polygon is not None else fits


def _within(path: str, roll: Roll) -> Mask:
    """A rule may have outlived the words for its area."""
    try:
        return roll.within(Area.parse(path))
    except ValueError:
        return np.zeros(len(roll), dtype=np.bool_)
