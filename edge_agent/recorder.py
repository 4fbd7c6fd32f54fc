"""The one door through which readings go into the outbox: a device's time only goes forward, unless its clock was wrong
before."""

import logging
import sqlite3
from collections.abc import Callable, Sequence

from edge_agent.database import disk_refuses
from edge_agent.outbox import Outbox
from protocols import readings as columns
from protocols import wire
from protocols.readings import Reading
from protocols.topics import Stream
from rules.quality import doubted, graded
from rules.reporting import Reporting, Said, worth_sending

log = logging.getLogger(__name__)

_SHIPPED = Reporting()
_PUT_BACK_S = 3600  # domain time; a late reading of a fast city is no clock that was put back


def _always() -> bool:
    """The time is known."""
    return True


class Recorder:
    """`stream` says, at the moment of the append, whether readings are live or late; `reporting` which values of them
    are worth sending. After what was sent late or was lost, the next reading goes out whole: whoever sees only what is
    live must not wait for it."""

    def __init__(
        self,
        outbox: Outbox,
        stream: Callable[[], Stream],
        reporting: Reporting = _SHIPPED,
        is_time_known: Callable[[], bool] = _always,
    ) -> None:
        self._outbox = outbox
        self._stream = stream
        self._is_time_known = is_time_known
        self._rule = reporting.rule()
        self._said: dict[str, Said] = {}
        self._said_on: Stream | None = None
        self._last: dict[str, int] = {}
        self._disk_refuses = False
        self.repeated = 0  # readings of a second that the device had already
        self.lost = 0  # readings that the disk did not take

    async def record(self, readings: Sequence[Reading]) -> None:
        """Keep what is new. When this returns, it is on the disk."""
        self._notice_a_clock_put_back(readings)
        fresh = [self._graded(reading) for reading in readings if reading.at >= self.free_second(reading.device)]
        self.repeated += len(readings) - len(fresh)
        if fresh:
            self._last.update((reading.device, reading.at) for reading in fresh)
            await self._send(fresh)

    def clock_was_set(self) -> None:
        """The seconds of before are another clock's: what is read now is recorded by the new one."""
        self._last.clear()
        self._said.clear()

    def _graded(self, reading: Reading) -> Reading:
        found = graded(reading)
        return found if self._is_time_known() else doubted(found)

    def _notice_a_clock_put_back(self, readings: Sequence[Reading]) -> None:
        """Until the old time is reached again everything would be dropped: for days, after a clock that was wrong."""
        if any(self.free_second(reading.device) - reading.at > _PUT_BACK_S for reading in readings):
            log.warning("the clock was put back: readings are recorded by its new time")
            self.clock_was_set()

    def free_second(self, device: str) -> int:
        """The first second for which a device has no reading yet: the store has one place for each."""
        return self._last.get(device, -1) + 1

    async def _send(self, fresh: Sequence[Reading]) -> None:
        stream = self._stream()
        if stream is not self._said_on:
            self._said.clear()
            self._said_on = stream
        news = [going for reading in fresh if (going := self._news(reading))]
        if news:
            await self._append(stream, news)

    def _news(self, reading: Reading) -> Reading | None:
        news, self._said[reading.device] = worth_sending(reading, self._said.get(reading.device), self._rule)
        return news

    async def _append(self, stream: Stream, fresh: Sequence[Reading]) -> None:
        """A disk that is full or failing must not put the street out: the readings are lost, and somebody is told."""
        try:
            await self._outbox.append(stream, wire.encode_tables(columns.tables(fresh)))
            self._the_disk_takes()
        except sqlite3.OperationalError as error:
            if not disk_refuses(error):
                raise
            if not self._disk_refuses:
                log.error("the disk takes nothing (%s): readings are lost until it does", error)  # noqa: TRY400
            self._disk_refuses = True
            self._said.clear()
            self.lost += len(fresh)

    def _the_disk_takes(self) -> None:
        if self._disk_refuses:
            log.info("the disk takes readings again; %d were lost since the start", self.lost)
        self._disk_refuses = False
