"""Who may do what where: grants of rights over a province, a city or a ward, and what they come to.

An area covers itself and everything inside it, and nothing else. Written it is a path: `/` is the province, `/halong` a
city (a site) of it, `/halong/W1` a ward.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from protocols.names import is_id


@dataclass(frozen=True, slots=True, order=True)
class Area:
    """Without a site the whole province, without a ward the whole city."""

    site: str | None = None
    ward: str | None = None

    def __post_init__(self) -> None:
        if self.site is None and self.ward is not None:
            raise ValueError(f"the ward {self.ward} is in no city")

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its path. Raises ValueError."""
        root, *names = text.split("/")
        names = [] if names == [""] else names
        if root or text == "" or len(names) > 2 or not all(map(is_id, names)):
            raise ValueError(f"{text!r} is not an area; write / for the province, /city or /city/ward")
        return cls(*names)

    def __str__(self) -> str:
        return "/" + "/".join(self._names)

    def covers(self, other: "Area") -> bool:
        """True when everything in the other area is in this one, too."""
        return other._names[: len(self._names)] == self._names

    @property
    def depth(self) -> int:
        """0 for the province, 1 for a city, 2 for a ward."""
        return len(self._names)

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.site, self.ward) if name is not None)


PROVINCE = Area()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over an area, and the rights that come with it."""

    role: str
    area: Area
    rights: frozenset[str]


def may(grants: Iterable[Grant], right: str, where: Area) -> bool:
    """True when a right is held over the whole of an area. Two halves are not a whole: one grant must cover it."""
    return any(right in grant.rights and grant.area.covers(where) for grant in grants)


def may_all(grants: Iterable[Grant], right: str, wheres: Iterable[Area]) -> bool:
    """True when a right is held over the whole of each of some areas, maybe by a grant for each."""
    held = tuple(grants)
    return all(may(held, right, where) for where in wheres)


def reaches(grants: Iterable[Grant], right: str, where: Area) -> bool:
    """True when a right is held over any of an area."""
    return any(_meet(area, where) for area in visible(grants, right))


def visible(grants: Iterable[Grant], right: str) -> frozenset[Area]:
    """The areas that a right is held over, without those that lie inside others of them."""
    areas = {grant.area for grant in grants if right in grant.rights}
    return frozenset(area for area in areas if not any(other != area and other.covers(area) for other in areas))


def wards(grants: Iterable[Grant], right: str, site: str) -> frozenset[str] | None:
    """The wards of a city that a right is held over; `None` means all of it, also what lies in no ward."""
    areas = visible(grants, right)
    if any(area.covers(Area(site)) for area in areas):
        return None
    return frozenset(area.ward for area in areas if area.site == site and area.ward is not None)


def may_give(giver: Iterable[Grant], manage: str, given: Grant) -> bool:
    """True when who holds `manage` over the area holds there, too, everything that would be given."""
    held = tuple(giver)
    return may(held, manage, given.area) and all(may(held, right, given.area) for right in given.rights)


def within(wanted: Iterable[Grant], held: Iterable[Grant]) -> list[Grant]:
    """What is left of grants for who gets no more than somebody else holds: each right only where both have it."""
    theirs = tuple(held)
    shared = (
        Grant(grant.role, max(grant.area, other.area, key=lambda area: area.depth), grant.rights & other.rights)
        for grant in wanted
        for other in theirs
        if _meet(grant.area, other.area)
    )
    return list(dict.fromkeys(grant for grant in shared if grant.rights))


def _meet(one: Area, other: Area) -> bool:
    return one.covers(other) or other.covers(one)
