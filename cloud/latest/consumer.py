"""The live side of the inbox: newest values, rules, alarms and command answers, tick by tick.

What is consumed twice changes nothing: values go forward in event time only, rules do not look at what is not newer
than what they have seen, and an answer that a command has heard before is no news. Alarms and answers are saved at
once, in one transaction with everything that led to them; a tick that has only moved values is saved with a later one,
within SAVE_EVERY_S, and until then the inbox keeps its batches.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import UTC, datetime

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.alarms.episode import Episode
from cloud.alarms.lamp_out import RULE, Finding, LampOutWatch
from cloud.alarms.service import Alarms
from cloud.commands.service import Commands
from cloud.database import Database, left_out_while_away
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import LUMINAIRE
from cloud.ingest.cursors import Arrived
from cloud.latest import documents, store
from cloud.latest.values import LatestOfKind, LatestValues, Part
from cloud.latest.waves import Tally, Wave, waves
from cloud.notifications.service import Notifier
from protocols.commands import Answer
from rules.alarms import State

# A start reads again what came since: less than a second's work. While the registry is away it is tried as often: one
# that hangs keeps the live values waiting for some seconds each time.
SAVE_EVERY_S = 15.0

Moved = Set[str]  # the devices that have new values
Told = Callable[[Moved], None]
Answered = tuple[str, Answer]  # what an edge says of a command


class Live:
    """`told` hears which devices have moved. `monotonic` is seconds of wall time."""

    def __init__(
        self,
        database: Database,
        inbox: str,
        edges: Edges,
        latest: LatestValues,
        watch: LampOutWatch,
        alarms: Alarms,
        commands: Commands,
        notifier: Notifier | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._database, self._inbox, self._edges = database, inbox, edges
        self._latest, self._watch = latest, watch
        self._alarms, self._commands, self._notifier = alarms, commands, notifier
        self._monotonic = monotonic
        self._dirty: set[Part] = set()
        self._findings: list[Finding] = []  # that are not saved, nor are these answers
        self._answers: list[Answered] = []
        self._saved, self._tried_at, self._is_away = 0, -SAVE_EVERY_S, False
        self._changed_hands = False
        self.told: list[Told] = []
        self.tally = Tally()

    async def load(self, session: AsyncSession) -> None:
        """Take up values and rule states after a start."""
        async for part, document in store.load_latest(session):
            self._take_up(part, document)

    async def forget_retired(self) -> None:
        """Rules begin anew with a device that comes back: its episodes have ended meanwhile."""
        if self._changed_hands:
            async with self._database.write(patient=True) as session:
                await store.forget_latest(session)
                await store.save_latest(session, self._documents(self._latest.parts))

    async def position(self) -> int:
        """How far this inbox has been consumed."""
        async with self._database.read() as session:
            self._saved = await store.load_position(session, self._inbox)
        return self._saved

    async def consume(self, batches: Sequence[Arrived], upto: int) -> int:
        """One tick: look, write what follows, then tell. Returns what is saved. While the registry is away, what
        follows waits, and values go on. Any other error ends the service."""
        moved, findings = self._look(batches)
        self._findings += findings
        self._answers += [(arrived.edge, event) for arrived in batches for event in arrived.batch.events]
        if self._is_due():
            self._is_away = True
            with left_out_while_away("live values"):
                await self._save(upto)
                self._is_away = False
            self._tried_at = self._monotonic()
        for told in self.told:
            told(moved)
        return self._saved

    def _is_due(self) -> bool:
        is_news = bool(self._findings or self._answers) and not self._is_away
        return is_news or self._monotonic() - self._tried_at >= SAVE_EVERY_S

    async def _save(self, upto: int) -> None:
        async with self._database.write() as session:
            await store.save_latest(session, self._documents(self._dirty))
            edges = await self._edges.save(session)
            episodes = await self._alarms.note(session, self._findings)
            if self._notifier is not None:
                await self._notifier.put(session, list(_news(episodes)))
            orders = await self._commands.answer(session, self._answers)
            await store.save_position(session, self._inbox, upto)
        self._dirty.clear()
        self._findings, self._answers = [], []
        self._saved = upto
        self._edges.saved(edges)
        self._commands.keep(orders)
        self._alarms.keep(episodes)
        if self._notifier is not None:
            self._notifier.wake()

    def _look(self, batches: Sequence[Arrived]) -> tuple[Moved, list[Finding]]:
        """Bring memory forward; what comes of it is for the transaction."""
        moved: set[str] = set()
        findings: list[Finding] = []
        for arrived in batches:
            self._edges.heard(arrived.edge, arrived.stream, datetime.fromtimestamp(arrived.received_at, UTC))
            self._dirty.update((arrived.edge, table.kind) for table in arrived.batch.tables)
        for columns, wave in waves(batches, self._latest, self.tally):
            findings += self._taken(columns, wave, moved)
        return moved, findings

    def _taken(self, columns: LatestOfKind, wave: Wave, moved: set[str]) -> list[Finding]:
        places = np.concatenate([columns.take(rows) for rows in wave])
        self.tally.late += sum(map(len, wave)) - len(places)
        moved.update(columns.devices[place] for place in places.tolist())
        return self._watch.look(columns, places) if columns.kind == LUMINAIRE else []

    def _documents(self, parts: Iterable[Part]) -> Iterator[tuple[Part, bytes]]:
        for part in parts:
            _, kind = part
            if (places := self._latest.parts.get(part)) is not None:
                rules = {RULE: self._watch.remembered(places)} if kind == LUMINAIRE else {}
                yield part, documents.encode(self._latest.kinds[kind], places, rules)

    def _take_up(self, part: Part, raw: bytes) -> None:
        columns = self._latest.kinds.get(part[1])
        if columns is None:
            self._changed_hands = True
            return
        document = documents.decode(columns, raw)
        fresh = np.isin(document.rows.places, columns.take(document.rows))
        is_as_before = document.is_whole and np.array_equal(document.rows.places, self._latest.parts.get(part, ()))
        self._changed_hands |= not is_as_before
        if RULE in document.rules:
            states = {name: column[fresh] for name, column in document.rules[RULE].items()}
            self._watch.remember(document.rows.places[fresh], states)


def _news(episodes: Iterable[Episode]) -> Iterator[Episode]:
    """What a technician is told: that it began. A message about an episode is never sent twice anyway."""
    return (episode for episode in episodes if episode.state is State.UNACKED)
