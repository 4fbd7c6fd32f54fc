"""Which lamps somebody means: a list, an area, a cabinet, a street or what is drawn on the map."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np

from cloud.commands.group_schemas import (
    AreaTarget,
    CabinetTarget,
    LampsTarget,
    PolygonTarget,
    StreetTarget,
    Targets,
)
from cloud.errors import NoSuchArea, NotAllowed, NotThere
from cloud.fleet.fleet import Fleet
from cloud.fleet.roll import Mask, Places
from cloud.fleet.view import View
from rules.areas import Area


@dataclass(frozen=True, slots=True)
class Meant:
    """Lamps by their index in the city, in order, and how many ids name no lamp."""

    lamps: Places
    strangers: int = 0


def found(targets: Targets, fleet: Fleet, acts: View, sees: View) -> Places:
    """The lamps of a target, when all of them may be commanded.

    Raises NoSuchArea for a street that may be one of several, NotThere for a target of which nothing is seen, in the
    words of one that is not there, and NotAllowed for one of which a part may be commanded. It says how many that are,
    and not how many there are besides.
    """
    return _allowed(_meant(targets, fleet), acts, sees)


def held(names: Collection[str], fleet: Fleet, acts: View, sees: View) -> Places:
    """Those lamps that a command still holds, as far as they are seen, when all of them may be commanded.

    Raises NotThere and NotAllowed, as `found` does.
    """
    lamps = fleet.roll.places(names)
    return _allowed(Meant(lamps[sees.mask[lamps] | acts.mask[lamps]]), acts, sees)


def _allowed(meant: Meant, acts: View, sees: View) -> Places:
    mine, seen = meant.lamps[acts.mask[meant.lamps]], meant.lamps[sees.mask[meant.lamps]]
    if not len(seen) and not len(mine):
        raise NotThere("there is no lamp in what you have chosen")
    if len(mine) < len(meant.lamps) or meant.strangers:
        raise NotAllowed(f"of what you have chosen you may command {len(mine)} lamps and no more; choose only those")
    return meant.lamps


def _meant(targets: Targets, fleet: Fleet) -> Meant:
    if isinstance(targets, LampsTarget):
        known = fleet.roll.places(targets.lamps)
        return Meant(known, len(set(targets.lamps)) - len(known))
    return Meant(np.flatnonzero(_within(targets, fleet)))


@singledispatch
def _within(targets: object, _fleet: Fleet) -> Mask:
    raise TypeError(targets)


@_within.register
def _(targets: AreaTarget, fleet: Fleet) -> Mask:
    return fleet.roll.within(Area.parse(targets.area))


@_within.register
def _(targets: CabinetTarget, fleet: Fleet) -> Mask:
    return fleet.roll.of("cabinet", targets.cabinet)


@_within.register
def _(targets: StreetTarget, fleet: Fleet) -> Mask:
    named = fleet.roll.on_street(targets.street)
    if targets.area is not None:
        return named & fleet.roll.within(Area.parse(targets.area))
    if len({fleet.site_of_ward[fleet.lamps[n].ward] for n in np.flatnonzero(named).tolist()}) > 1:
        raise NoSuchArea("several cities have a street of this name; give the city as `area`, as in /halong")
    return named


@_within.register
def _(targets: PolygonTarget, fleet: Fleet) -> Mask:
    return fleet.roll.inside(targets.polygon)


def by_edge(lamps: Places, fleet: Fleet) -> Mapping[str, list[int]]:
    """Indexes of lamps by the edge that looks after them, in the inventory's order of both."""
    edges: dict[str, list[int]] = {edge: [] for edge in fleet.edges}
    for index in lamps.tolist():
        edges[fleet.devices[fleet.lamps[index].id].edge].append(index)
    return {edge: indexes for edge, indexes in edges.items() if indexes}


_LONGEST_NAME = 64  # characters: that of a target in the audit log


def chosen(targets: Targets) -> dict[str, Any]:
    """As the API says it."""
    return targets.model_dump(mode="json", exclude_none=True)


def described(targets: Mapping[str, Any]) -> str:
    """What was chosen, in a line for the audit log."""
    text = ", ".join(_in_words(kind, what) for kind, what in targets.items())
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def _in_words(kind: str, what: Any) -> str:
    if not isinstance(what, list):
        return str(what)
    return f"{len(what)} {'corners' if kind == 'polygon' else kind}"
