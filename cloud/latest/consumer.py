"""The live side of the inbox: newest values, rules, alarms and command answers, in one transaction per tick.

What is consumed twice changes nothing: values go forward in event time only, rules do not look at what is not newer
than what they have seen, and an answer that a command has heard before is no news.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.alarms.episode import Episode
from cloud.alarms.lamp_out import RULE, Finding, LampOutWatch
from cloud.alarms.service import Alarms
from cloud.commands.service import Commands
from cloud.database import Database
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import Fleet
from cloud.ingest.cursors import Arrived
from cloud.latest import store
from cloud.latest.values import Latest, LatestValues
from cloud.notifications.service import Notifier
from protocols.readings import Reading
from rules.alarms import State

log = logging.getLogger(__name__)

FROM_THE_FUTURE_S = 300  # a clock that is further ahead would stop its devices' live values until it is caught up

Moved = Mapping[str, Latest]
Told = Callable[[Moved], None]


@dataclass(slots=True)
class Tally:
    """Readings that did not move live state, since the start."""

    strangers: int = 0  # of no device of the inventory
    late: int = 0
    from_the_future: int = 0


class Live:
    """`told` hears which devices have moved, once it is durable."""

    def __init__(
        self,
        database: Database,
        inbox: str,
        fleet: Fleet,
        edges: Edges,
        latest: LatestValues,
        watch: LampOutWatch,
        alarms: Alarms,
        commands: Commands,
        notifier: Notifier | None,
    ) -> None:
        self._database, self._inbox, self._fleet, self._edges = database, inbox, fleet, edges
        self._latest, self._watch = latest, watch
        self._alarms, self._commands, self._notifier = alarms, commands, notifier
        self.told: list[Told] = []
        self.tally = Tally()

    async def load(self, session: AsyncSession) -> None:
        """Take up values and rule states after a start."""
        async for device, latest, rules in store.load_latest(session):
            if device in self._fleet.devices:
                self._latest.put(device, latest)
                if RULE in rules:
                    self._watch.remember(device, rules[RULE])

    async def forget_retired(self) -> None:
        """Rules begin anew with a device that comes back: its episodes have ended meanwhile."""
        async with self._database.write() as session:
            await store.forget_retired(session)

    async def position(self) -> int:
        """How far this inbox has been consumed."""
        async with self._database.read() as session:
            return await store.load_position(session, self._inbox)

    async def consume(self, batches: Sequence[Arrived], upto: int) -> int:
        """One tick: look, write everything that follows, then tell. An error ends the service."""
        moved, findings = await self._look(batches)
        answers = [(arrived.edge, event) for arrived in batches for event in arrived.batch.events]
        async with self._database.write() as session:
            await store.save_latest(session, self._rows(moved))
            await self._edges.save(session)
            episodes = await self._alarms.note(session, findings)
            if self._notifier is not None:
                await self._notifier.put(session, list(_news(episodes)))
            orders = await self._commands.answer(session, answers)
            await store.save_position(session, self._inbox, upto)
        self._commands.keep(orders)
        self._alarms.keep(episodes)
        self._tell(moved)
        return upto

    def _tell(self, moved: Moved) -> None:
        for told in self.told:
            told(moved)
        if self._notifier is not None:
            self._notifier.wake()

    async def _look(self, batches: Sequence[Arrived]) -> tuple[dict[str, Latest], list[Finding]]:
        """Bring memory forward; what comes of it is for the transaction."""
        moved: dict[str, Latest] = {}
        findings: list[Finding] = []
        for arrived in batches:
            self._edges.heard(arrived.edge, arrived.stream, datetime.fromtimestamp(arrived.received_at, UTC))
            for reading, latest in self._taken(arrived):
                moved[reading.device] = latest
                finding = self._watch.look(latest.reading(reading.device))
                if finding is not None:
                    findings.append(finding)
            await asyncio.sleep(0)  # the rest of the service has its turn between two batches
        return moved, findings

    def _taken(self, arrived: Arrived) -> Iterator[tuple[Reading, Latest]]:
        for table in arrived.batch.tables:
            for reading in self._known(arrived, table.readings()):
                latest = self._latest.take(reading)
                if latest is None:
                    self.tally.late += 1
                else:
                    yield reading, latest

    def _known(self, arrived: Arrived, readings: Iterable[Reading]) -> Iterator[Reading]:
        """The readings of devices that there are, and of a time that can be."""
        last = arrived.received_at + FROM_THE_FUTURE_S
        for reading in readings:
            device = self._fleet.devices.get(reading.device)
            if device is None or device.kind != reading.kind:
                self.tally.strangers += 1
                _say_first(self.tally.strangers, "no inventory names", arrived.edge, reading)
            elif reading.at > last:
                self.tally.from_the_future += 1
                _say_first(
                    self.tally.from_the_future, "is from the future; look at the edge's clock", arrived.edge, reading
                )
            else:
                yield reading

    def _rows(self, moved: Moved) -> Iterator[tuple[str, Latest, store.Remembered]]:
        for device, latest in moved.items():
            remembered = self._watch.remembered(device)
            yield device, latest, {} if remembered is None else {RULE: remembered}


def _say_first(count: int, what: str, edge: str, reading: Reading) -> None:
    """Once; the rest is counted."""
    if count == 1:
        log.warning("%s sends readings of %s %s at %d, which %s", edge, reading.kind, reading.device, reading.at, what)


def _news(episodes: Iterable[Episode]) -> Iterator[Episode]:
    """What a technician is told: that it began. A message about an episode is never sent twice anyway."""
    return (episode for episode in episodes if episode.state is State.UNACKED)
