"""What the document `light` says of the luminaires of this edge; without one the sun over the edge says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from protocols.inventory import Control
from protocols.light import LightDocument
from rules.lighting import Curves, Lighting, lightings
from rules.programme import FULL

BY_SUN = ""  # the set of whoever stands in none; ids have at least one character


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One luminaire's: the set that it runs with, and what becomes of a level on its way to it."""

    set_id: str = BY_SUN
    output: float = FULL
    control: Control = "dimmable"


ALONE = Part()


@dataclass(frozen=True, slots=True, eq=False)
class LampPlan:
    """`sets` by their ids, among them BY_SUN; `release` is `None` where there is no document."""

    sets: Mapping[str, Lighting]
    lamps: Mapping[str, Part] = field(default_factory=dict)
    release: str | None = None

    def part(self, device: str) -> Part:
        """Of any luminaire."""
        return self.lamps.get(device, ALONE)

    @property
    def last_night(self) -> date | None:
        """The last night for which every set has a programme."""
        return min((night for some in self.sets.values() if (night := some.last_night) is not None), default=None)


def lamp_plan(document: LightDocument | None, curves: Curves) -> LampPlan:
    """`curves` are for the sun over this edge, which counts as long as there is no document."""
    if document is None:
        return LampPlan({BY_SUN: Lighting(curves)})
    sets = lightings(document)
    relays = frozenset(document.relays)
    lamps = {
        lamp: Part(some.id, output, "relay" if lamp in relays else "dimmable")
        for some in document.sets
        for lamp, output in some.lamps.items()
    }
    switched = {lamp: Part(control="relay") for lamp in relays - lamps.keys()}
    by_sun = Lighting(Curves(document.place, ZoneInfo(document.timezone)))
    return LampPlan({**sets, BY_SUN: by_sun}, lamps | switched, document.release)
