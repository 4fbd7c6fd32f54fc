"""Says what happens to everybody who listens to /live."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from cloud.alarms.episode import Episode
from cloud.alarms.schemas import alarm_out
from cloud.commands.order import Order
from cloud.commands.schemas import command_out
from cloud.fleet.fleet import Fleet
from cloud.latest.consumer import Moved
from cloud.latest.values import Latest, LatestValues
from cloud.lighting.overview import Overviews
from cloud.live.hub import Hub, Listener
from cloud.live.overview_text import OverviewText
from cloud.live.schemas import AlarmMessage, CommandMessage, LatestMessage, Subscribe
from cloud.people.rights import Right


class Events:
    """Each message is written once, however many listen."""

    def __init__(
        self, fleet: Fleet, latest: LatestValues, overviews: Overviews, hub: Hub, overview_every: timedelta
    ) -> None:
        self._fleet, self._latest, self._overviews, self._hub = fleet, latest, overviews, hub
        self._text = OverviewText()
        self._every_s = overview_every.total_seconds()

    def orders(self, orders: Sequence[Order]) -> None:
        """Commands have come a step further."""
        for order in orders:
            self._hub.say(CommandMessage(command=command_out(order)).model_dump_json(), Right.VIEW_COMMANDS)

    def episodes(self, episodes: Sequence[Episode]) -> None:
        """Alarms have changed."""
        for episode in episodes:
            self._hub.say(AlarmMessage(alarm=alarm_out(episode, self._fleet)).model_dump_json(), Right.VIEW_ALARMS)

    def moved(self, moved: Moved) -> None:
        """Devices have new values; each listener hears of those that it has asked for."""
        for listener in self._hub:
            if listener.devices and listener.may(Right.VIEW_TELEMETRY):
                for device in listener.devices & moved:
                    listener.offer(_latest(device, self._latest.get(device)))

    async def overview(self) -> None:
        """Say how the city is, if anybody listens."""
        if len(self._hub):
            self._hub.say(self._text.of(await self._overviews.look()), Right.VIEW_CITY)

    async def run(self) -> None:
        """Say it again and again for as long as the service runs."""
        while True:
            await self.overview()
            await asyncio.sleep(self._every_s)


def hear(listener: Listener, text: str) -> None:
    """Take note of what a listener wants; what nobody understands changes nothing."""
    try:
        listener.devices = frozenset(Subscribe.model_validate_json(text).subscribe)
    except ValidationError:
        return


def _latest(device: str, latest: Latest | None) -> str:
    assert latest is not None, device  # noqa: S101 - it has just moved
    at = datetime.fromtimestamp(latest.at, UTC)
    return LatestMessage(device=device, at=at, values=dict(latest.values)).model_dump_json()
