"""A city's clock that stands still until a test moves it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from protocols.clock import ClockSettings, DomainClock

EVENING = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # 19:00 in Ha Long: dark for an hour and a half
NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)


@dataclass(slots=True)
class Wall:
    """Wall time under a test's hand. Calling it gives Unix seconds."""

    seconds: float

    def __call__(self) -> float:
        return self.seconds

    def advance(self, **span: float) -> None:
        """Let time pass: `advance(minutes=5)`."""
        self.seconds += timedelta(**span).total_seconds()


def standing_clock(at: datetime = EVENING, speed: float = 1.0) -> tuple[DomainClock, Wall]:
    """A clock that shows `at`, and the hand that moves it."""
    wall = Wall(at.timestamp())
    return DomainClock(ClockSettings(origin=at, started=wall.seconds, speed=speed), wall), wall
