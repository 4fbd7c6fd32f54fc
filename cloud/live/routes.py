"""The live map and the live events."""

from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.websockets import WebSocket

from cloud.caching import named
from cloud.doors import doors
from cloud.fleet.access import CityView, SiteAsked
from cloud.live.events import hear
from cloud.live.hub import Hub, Listener
from cloud.live.map_feed import MapFeed
from cloud.live.sockets import serve
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session

router = doors("live")

MapPart = Annotated[MapFeed, Depends(part(lambda parts: parts.map_feed))]
MapHub = Annotated[Hub, Depends(part(lambda parts: parts.map_hub))]
EventHub = Annotated[Hub, Depends(part(lambda parts: parts.event_hub))]
Looker = Annotated[Session, needs(Right.VIEW_CITY)]


@router.get("/map/lamps.bin", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
async def lamps(request: Request, view: CityView, feed: MapPart) -> Response:
    """Every lamp that who asks may see, as of the last frame; the form is in cloud/live/frames.py."""
    return named(request, feed.etag(view), feed.snapshot(view), "application/octet-stream")


@router.websocket("/map/live")
async def live_map(socket: WebSocket, who: Looker, hub: MapHub, site: SiteAsked = None) -> None:
    """Once a second the lamps that look different."""
    await serve(socket, hub, who, _deaf, site)


@router.websocket("/live")
async def live_events(socket: WebSocket, who: Looker, hub: EventHub, site: SiteAsked = None) -> None:
    """Overviews, alarms, commands, and the readings that were asked for."""
    await serve(socket, hub, who, hear, site)


def _deaf(_listener: Listener, _text: str) -> None:
    """The map is told, not asked."""
