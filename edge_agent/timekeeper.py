"""The time that this edge goes by: the machine's clock as long as it can be believed, and what is better otherwise.

`clock` is a domain clock like any other; whoever has it need not know that the machine's own was set, or never right.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

from edge_agent.database import Database, disk_refuses
from edge_agent.ntp import synchronised
from protocols.clock import DomainClock
from rules.clock_trust import TOLERANCE_S, Sight, Trust, judge
from rules.clock_words import Words

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS moment (one INTEGER PRIMARY KEY CHECK (one = 1), at REAL NOT NULL);
"""

LOOK_EVERY_S = 5.0
_KEEP_EVERY_S = 60.0


def steady() -> float:
    """Seconds of a clock that nobody can set and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Timekeeper:
    """`machine` is the clock that may be wrong. Wall seconds inside; moments on the disk are the city's."""

    def __init__(
        self,
        machine: DomainClock,
        steady: Callable[[], float] = steady,
        ntp: Callable[[], bool | None] = synchronised,
    ) -> None:
        self._machine, self._steady, self._ntp = machine, steady, ntp
        self._plain = machine.settings.origin.timestamp() == machine.settings.started and machine.settings.speed == 1
        self._ahead = machine.wall() - steady()  # of the steady clock: the time that we go by
        self._machine_ahead = self._ahead
        self._words = Words()
        self._known: float | None = None
        self._kept_at: float | None = None
        self._was_checked = False
        self.trust = Trust.UNCHECKED
        self.on_set: Callable[[], None] = _nobody
        self.clock = DomainClock(machine.settings, self._wall)

    @property
    def is_known(self) -> bool:
        """False while there is no time to go by."""
        return self.trust is not Trust.WRONG

    @property
    def _was_compared(self) -> bool:
        return self.trust in (Trust.CHECKED, Trust.CARRIED)

    @property
    def offset_s(self) -> float | None:
        """The machine's clock less the cloud's; `None` when it has not been heard for long."""
        return self._words.ahead(self._steady())

    def seconds(self) -> float | None:
        """The city's time in Unix seconds; `None` while it was compared with nothing: what is thrown away for its age
        must not be so by a clock that may stand years ahead."""
        return self.clock.now().timestamp() if self._was_compared else None

    def heard(self, at: datetime) -> None:
        """What time it is in the cloud, told just now."""
        self._notice_a_jump(self._machine.wall() - self._steady())
        late = (self._machine.now() - at).total_seconds() / self._machine.settings.speed
        self._words.hear(self._steady(), late)
        self.look()

    def look(self) -> None:
        """Compare the clocks."""
        machine, steady = self._machine.wall(), self._steady()
        self._notice_a_jump(machine - steady)
        sight = Sight(
            machine=machine,
            carried=steady + self._ahead,
            offset=self.offset_s,
            synchronised=self._ntp() if self._plain else None,
            was_checked=self._was_checked,
            known=self._known,
        )
        trust, now = judge(sight)
        self._tell(trust)
        self._was_checked |= trust is Trust.CHECKED
        self._set(now, sight.carried, steady)

    async def load(self, database: Database) -> None:
        """The last moment that has certainly been, from a database that has SCHEMA."""
        rows = await database.run(lambda connection: connection.execute("SELECT at FROM moment").fetchall())
        self._known = self._machine_seconds(rows[0][0]) if rows else None
        self.look()

    async def run(self, database: Database) -> NoReturn:
        """Look again and again, and keep the moment on the disk, until cancelled."""
        while True:
            self.look()
            await self._keep(database)
            await asyncio.sleep(LOOK_EVERY_S)

    def _wall(self) -> float:
        return self._steady() + self._ahead

    def _machine_seconds(self, city: float) -> float:
        """A moment of the city as the machine's clock would show it."""
        settings = self._machine.settings
        return settings.started + (city - settings.origin.timestamp()) / settings.speed

    def _notice_a_jump(self, ahead: float) -> None:
        jump, self._machine_ahead = ahead - self._machine_ahead, ahead
        if abs(jump) > TOLERANCE_S:
            log.warning("the machine's clock has jumped by %+.1f s", jump)
            self._words.forget()

    def _set(self, now: float, carried: float, steady: float) -> None:
        self._ahead = now - steady
        if abs(now - carried) > TOLERANCE_S:
            log.warning("the time is set by %+.1f s", now - carried)
            self.on_set()

    def _tell(self, trust: Trust) -> None:
        if trust is not self.trust and Trust.WRONG in (trust, self.trust):
            log.error(_NO_TIME if trust is Trust.WRONG else "the time is known again; the sun decides the light")
        elif trust is not self.trust:
            log.info("the clock is %s", trust.name.lower())
        self.trust = trust

    async def _keep(self, database: Database) -> None:
        """Once a minute, and only what was compared with something."""
        if not self._was_compared:
            return
        if self._kept_at is not None and self._steady() - self._kept_at < _KEEP_EVERY_S:
            return
        self._kept_at, now = self._steady(), self.clock.now().timestamp()
        try:
            await database.run(lambda db: db.execute("INSERT OR REPLACE INTO moment VALUES (1, ?)", (now,)).fetchall())
        except sqlite3.OperationalError as error:
            if not disk_refuses(error):
                raise


_NO_TIME = (
    "the machine's clock stands before a moment that has been, and nobody says what time it is: no lamp is driven by "
    "the sun, and values are flagged as suspect"
)


def _nobody() -> None:
    """Nobody wants to know."""
