"""Says what happens to everybody who listens to /live."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from pydantic import ValidationError

from cloud.alarms.episode import Episode
from cloud.alarms.schemas import alarm_out
from cloud.commands.consents import consent_out, covers
from cloud.commands.order import Order
from cloud.commands.progress import Progress
from cloud.commands.schemas import command_out
from cloud.commands.tables import ConsentRow
from cloud.fleet.view import View
from cloud.latest.consumer import Moved
from cloud.latest.values import Latest, LatestValues
from cloud.lighting.overview import Overviews
from cloud.live.hub import Hub, Listener
from cloud.live.overview_text import OverviewText
from cloud.live.schemas import (
    AlarmMessage,
    CommandMessage,
    ConsentMessage,
    GroupMessage,
    LatestMessage,
    Subscribe,
)
from cloud.people.rights import Right


class Events:
    """Each message is written once for all who see the same of the city, however many listen."""

    def __init__(self, latest: LatestValues, overviews: Overviews, hub: Hub, overview_every: timedelta) -> None:
        self._latest, self._overviews, self._hub = latest, overviews, hub
        self._text = OverviewText()
        self._every_s = overview_every.total_seconds()

    def orders(self, orders: Sequence[Order]) -> None:
        """Commands have come a step further; of those in a group `groups` tells the totals."""
        for order in orders:
            if order.group is None:
                self._hub.say(partial(_command, order), Right.VIEW_COMMANDS)

    def groups(self, groups: Sequence[Progress]) -> None:
        """Groups have come a step further."""
        for progress in groups:
            self._hub.say(partial(_group, progress), Right.VIEW_COMMANDS)

    def consent(self, row: ConsentRow) -> None:
        """A second person is asked for, or somebody has decided, or time is up."""
        self._hub.say(partial(_consent, row), Right.COMMAND_LAMP)

    def episodes(self, episodes: Sequence[Episode]) -> None:
        """Alarms have changed."""
        for episode in episodes:
            self._hub.say(partial(_alarm, episode), Right.VIEW_ALARMS)

    def moved(self, moved: Moved) -> None:
        """Devices have new values; each listener hears of those that it has asked for."""
        for listener in self._hub:
            wanted = listener.devices & moved if listener.devices else ()
            for device in filter(listener.view(Right.VIEW_TELEMETRY).sees, wanted):
                listener.offer(_latest(device, self._latest.get(device)))

    async def overview(self) -> None:
        """Say how the city is, if anybody listens."""
        texts = {view: await self._overview(view) for view in self._hub.views(Right.VIEW_CITY)}
        self._hub.say(texts.get, Right.VIEW_CITY)

    async def _overview(self, view: View) -> str:
        text = self._text if view.is_whole else OverviewText()
        return text.of(await self._overviews.look(view))

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


def _command(order: Order, view: View) -> str | None:
    return CommandMessage(command=command_out(order)).model_dump_json() if view.sees(order.command.target) else None


def _group(progress: Progress, view: View) -> str | None:
    states = progress.states(view)
    return GroupMessage(group=progress.group, states=dict(states)).model_dump_json() if states else None


def _consent(row: ConsentRow, view: View) -> str | None:
    return ConsentMessage(consent=consent_out(row, None)).model_dump_json() if covers(view, row) else None


def _alarm(episode: Episode, view: View) -> str | None:
    return AlarmMessage(alarm=alarm_out(episode, view)).model_dump_json() if view.sees(episode.source) else None


def _latest(device: str, latest: Latest | None) -> str:
    assert latest is not None, device  # noqa: S101 - it has just moved
    at = datetime.fromtimestamp(latest.at, UTC)
    return LatestMessage(device=device, at=at, values=dict(latest.values)).model_dump_json()
