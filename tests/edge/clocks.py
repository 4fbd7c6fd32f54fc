"""Clocks that a test sets."""

import time
from datetime import UTC, datetime

from protocols.clock import ClockSettings, DomainClock

NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)  # 12:00 in Hạ Long
MIDNIGHT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


class SetClock:
    """Stands still until a test moves it. `clock` is what the agent sees."""

    def __init__(self, at: datetime = MIDNIGHT) -> None:
        self.wall = 0.0
        self.clock = DomainClock(ClockSettings(origin=at, started=0.0), lambda: self.wall)

    def forward(self, seconds: float) -> None:
        self.wall += seconds


class HeldClock:
    """Stands still until a test lets it go: then it runs from there, `speed` times as fast as the wall."""

    def __init__(self, at: datetime, speed: float) -> None:
        self._since: float | None = None
        self.clock = DomainClock(ClockSettings(origin=at, started=0.0, speed=speed), self._wall)

    def let_go(self) -> None:
        self._since = time.monotonic()

    def _wall(self) -> float:
        return 0.0 if self._since is None else time.monotonic() - self._since


def running_clock(at: datetime = MIDNIGHT, speed: float = 1.0) -> DomainClock:
    """Runs from `at`, `speed` times as fast as the wall."""
    return DomainClock(ClockSettings(origin=at, started=time.time(), speed=speed), time.time)
