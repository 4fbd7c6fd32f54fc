"""Which part of the cities is it that somebody asks for, and is what is named in it?

The dependencies are coroutines for the same reason as in cloud/parts.py.
"""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.params import Depends as Dependency

from cloud.errors import NotAllowed, NotThere
from cloud.fleet.fleet import Fleet
from cloud.fleet.view import View, Views
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id
from rules.areas import Area, may

SiteAsked = Annotated[str | None, Query(max_length=64, description="of this city alone")]
FleetPart = Annotated[Fleet, Depends(part(lambda parts: parts.fleet))]
ViewsPart = Annotated[Views, Depends(part(lambda parts: parts.views))]


def sight(right: Right) -> Dependency:
    """Declare the right and take what it is held over: `view: Annotated[View, sight(Right.VIEW_CITY)]`.

    Who asks may look at one city alone; one that there is not looks like one that is not his: empty.
    """

    async def look(who: Annotated[Session, needs(right)], views: ViewsPart, site: SiteAsked = None) -> View:
        return views.of(who.grants, right, site)

    dependency: Dependency = Depends(look)
    return dependency


def device_in_sight(right: Right) -> Dependency:
    """Declare the right and take the id of a device that it is held over; any other answers NotThere."""

    async def look(device_id: str, view: Annotated[View, sight(right)]) -> str:
        return view.find(device_id, f"device {device_id}")

    dependency: Dependency = Depends(look)
    return dependency


def city_with(right: Right) -> Dependency:
    """Declare the right and take the city that all of it is held over. One of which not all is seen answers NotThere,
    and one that is only seen NotAllowed."""

    async def look(site: Id, who: Annotated[Session, needs(right)], fleet: FleetPart) -> str:
        if site not in fleet.sites or not may(who.grants, Right.VIEW_CITY, Area(site)):
            raise NotThere(f"there is no city {site}")
        if not may(who.grants, right, Area(site)):
            raise NotAllowed(f"this needs the right {right} over all of {site}")
        return site

    dependency: Dependency = Depends(look)
    return dependency


SeenCity = Annotated[str, city_with(Right.VIEW_CITY)]
CityView = Annotated[View, sight(Right.VIEW_CITY)]
AlarmView = Annotated[View, sight(Right.VIEW_ALARMS)]
CommandView = Annotated[View, sight(Right.VIEW_COMMANDS)]
TelemetryView = Annotated[View, sight(Right.VIEW_TELEMETRY)]
SeenDevice = Annotated[str, device_in_sight(Right.VIEW_TELEMETRY)]
