"""The third way out of the inbox: from readings to hours and sums, the same whichever engine keeps them.

An hour is closed when the time of the stream has passed its end and the grace: everything that was received until then
has been read. Its rows are written until the store has them, and only then forgotten here. `position` is what a file
holds together with everything that was counted, so a restart goes on from there and counts nothing twice.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

from cloud.fleet.fleet import LUMINAIRE
from cloud.ingest.feed import MOST_TOGETHER, Feed, Item
from cloud.ingest.inbox import Inbox
from cloud.ingest.pause import Pause
from cloud.ingest.store_cursor import reached
from cloud.rollups import state, written
from cloud.rollups.frames import rows_by_kind
from cloud.rollups.late import Late
from cloud.rollups.recovery import adopt, doubt, keep_corrected
from cloud.rollups.topology import Topology
from cloud.rollups.touched import Touched
from cloud.telemetry.store import StoreAway, StoreError, StoreRefused, Summaries, TelemetryStore
from protocols.clock import DomainClock
from rules.energy import HOUR_S, LONGEST_GAP_S
from rules.fleet_hours import STEP_S, STEPS, Closed, Rows

GRACE_S = LONGEST_GAP_S + 60  # a register's edge may be told by a reading so long after it
_STEP_GRACE_S = 120

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look, to save, and to try again; seconds of the wall."""

    look_every_s: float = 2.0
    save_every_s: float = 60.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0


class Rollups:
    """Run by `Cursors`: `start` once, then `step` after step, and `save` at the end."""

    def __init__(
        self,
        topology: Topology,
        clock: DomainClock,
        inbox: Inbox,
        store: TelemetryStore,
        file: Path,
        pace: Pace | None = None,
    ) -> None:
        self._topology, self._clock, self._inbox, self._store = topology, clock, inbox, store
        self._file, self._pace = file, pace or Pace()
        self._feed: Feed
        self._stored: Callable[[], int]
        self._touched = Touched(file.with_name("rollups-touched.json"))
        self._take_up(state.fresh(self._topology))
        self.position = self._began = 0
        self._save_at, self._is_unsaved = 0.0, False
        self.refused = 0  # summaries that the store would not take
        self.waits = False  # for a store that is away

    async def start(self, feed: Feed, stored: Callable[[], int]) -> None:
        """Take up where the last run ended; `stored` is how far the store has come in the inbox."""
        self._feed, self._stored, self._began = feed, stored, self._clock.seconds()
        self._take_up(await asyncio.to_thread(self._load))
        if not self._state.inbox and self._inbox.last_position():
            await self._insist(partial(adopt, self._state, self._topology, self._store, self._clock.seconds()))
        if self._state.inbox != self._inbox.uuid or not reached(self._inbox, self._state.position):
            doubt(self._state)
        self._state.inbox = self._inbox.uuid
        self.position = feed.position = self._state.position

    async def step(self) -> None:
        """Count what has come, close what is over, and when nothing more waits, see to what was late."""
        asked = self._clock.seconds()
        items = await self._feed.next(0.0)
        await self._count(items)
        if not items:
            await self._pass(asked)
        if len(items) < MOST_TOGETHER:
            is_busy = await self._tidy()
            await asyncio.sleep(0 if is_busy else self._pace.look_every_s)

    def save(self) -> None:
        """Write down everything that was counted, with its place in the inbox; on a full disk, later."""
        self._save_at = time.monotonic() + self._pace.save_every_s
        try:
            state.save(self._state, self._topology, self._file)
        except OSError as error:
            self._cannot_save(error)
        else:
            self.position, self._is_unsaved = self._state.position, False

    @property
    def backlog(self) -> tuple[int, int]:
        """How many devices have hours to be made again, and how many hours have sums to be."""
        dirty = sum(int((hours.dirty.first < hours.first).sum()) for hours in self._state.kinds.values())
        return dirty, len(self._touched)

    def _cannot_save(self, error: OSError) -> None:
        """Said once; the inbox keeps what is not saved."""
        if not self._is_unsaved:
            log.warning("the roll-ups cannot be saved: %s", error)
        self._is_unsaved = True

    def _take_up(self, known: state.State) -> None:
        self._state = known
        self._late = Late(known, self._topology, self._store, self._touched)

    def _load(self) -> state.State:
        """Without a file that can be used, everything open is counted again from what is stored."""
        try:
            return state.load(self._file, self._topology) or state.fresh(self._topology)
        except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
            log.warning("%s cannot be used: %s; the open hours are counted again", self._file.name, error)
            return state.fresh(self._topology)

    async def _count(self, items: Sequence[Item]) -> None:
        """In the order of the inbox; whatever is over before a batch was received is closed before it is counted."""
        together: list[Item] = []
        for item in items:
            if self._is_over(item.delivery.received_at):
                await self._in_thread(partial(self._fold, together))
                together = []
                await self._pass(int(item.delivery.received_at))
            together.append(item)
        if together:
            await self._in_thread(partial(self._fold, together))

    def _fold(self, items: Sequence[Item]) -> None:
        if not items:
            return
        position, now = items[-1].delivery.position, int(max(item.delivery.received_at for item in items))
        for kind, rows in self._rows(items):
            self._state.kinds[kind].take(rows, position, now)
        self._state.position, self._state.now = position, max(self._state.now, now)

    def _rows(self, items: Sequence[Item]) -> Iterator[tuple[str, Rows]]:
        tables = (table for item in items if item.batch for table in item.batch.tables)
        yield from rows_by_kind(tables, self._topology.kinds).items()

    def _is_over(self, now: float) -> bool:
        return now >= self._state.first + HOUR_S + GRACE_S

    async def _pass(self, now: int) -> None:
        """The stream's time goes on."""
        self._state.now = max(self._state.now, now)
        while self._is_over(self._state.now):
            if self._state.is_empty:
                self._state.skip_to((self._state.now - GRACE_S) // HOUR_S * HOUR_S)
            else:
                await self._close()

    async def _close(self) -> None:
        """Write the earlier open hour until it is there; everything that takes long is done in a thread."""
        closed: Mapping[str, Closed] = await asyncio.to_thread(self._closed)
        if self._state.now <= self._began:
            closed = await self._corrected(closed)
        parts = self._written(closed)
        while (summaries := await asyncio.to_thread(next, parts, None)) is not None:
            await self._insist(partial(self._store.write_summaries, summaries))
        await self._in_thread(self._state.forget)

    def _closed(self) -> dict[str, Closed]:
        return {name: hours.close() for name, hours in self._state.kinds.items()}

    async def _corrected(self, closed: Mapping[str, Closed]) -> Mapping[str, Closed]:
        """What was saved before the start may be older than what was written."""
        ask = partial(keep_corrected, self._state, self._topology, self._store, closed)
        kept = await self._insist(ask) or closed
        if len(kept[LUMINAIRE].devices) < len(closed[LUMINAIRE].devices):
            await asyncio.to_thread(self._touched.add, [closed[LUMINAIRE].at])
        return kept

    def _written(self, closed: Mapping[str, Closed]) -> Iterator[Sequence[Summaries]]:
        """Everything that an hour leaves behind, some thousand rows at a time."""
        for name, one in closed.items():
            for rows in written.device_hours(name, self._topology.kinds[name].ids, one):
                yield [rows]
        lamps = closed[LUMINAIRE]
        if len(lamps.devices):
            yield written.sums_of_hour(self._topology, lamps.at, written.lamp_hour(self._topology, lamps))
            yield self._steps(lamps.at, lamps.at + HOUR_S)

    def _steps(self, start: int, end: int) -> Sequence[Summaries]:
        """The 5-minute sums between two moments of the open hours."""
        powers = self._state.kinds[LUMINAIRE].powers()
        first, last = ((at - self._state.first) // STEP_S for at in (start, end))
        return written.sums_of_steps(self._topology, written.steps_of(start, powers[first:last]))

    async def _tidy(self) -> bool:
        """What has time until nothing more waits; true when there is more of it."""
        try:
            await self._tell_steps()
            is_busy = await self._late.some(self._stored())
            if not is_busy:
                await self._late.sums()
        except StoreAway:
            is_busy = False
        except StoreRefused as error:
            is_busy = False
            self._note(error)
        if time.monotonic() >= self._save_at:
            await self._in_thread(self.save)
        return is_busy

    async def _tell_steps(self) -> None:
        """The 5-minute sums that are over, before their hour is: a chart of today needs them."""
        end = min((self._state.now - _STEP_GRACE_S) // STEP_S * STEP_S, self._state.first + 2 * STEPS * STEP_S)
        start = max(self._state.told, self._state.first)
        if end > start:
            await self._store.write_summaries(await asyncio.to_thread(self._steps, start, end))
            self._state.told = end

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T | None:
        """Until the store is there; the store's own cursor says that it is away. `None` when it refuses."""
        pause = Pause(self._pace.first_pause_s, self._pace.longest_pause_s)
        while True:
            try:
                return await call()
            except StoreAway:
                self.waits = True
                await asyncio.sleep(pause.next())
                self.waits = False
            except StoreError as error:
                self._note(error)
                return None

    def _note(self, error: StoreError) -> None:
        """A summary that the store will never take must not stop all others."""
        if not self.refused:
            log.error("the telemetry store refuses a summary: %s", error)
        self.refused += 1

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Nothing is left half done: whoever cancels waits for the thread."""
        done = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait([done])
            raise
