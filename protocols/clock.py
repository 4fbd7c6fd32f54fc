"""The domain clock: the time of the city, which the simulator and a demo may run ahead of the wall.

Sun, holds, expiry, hour edges, sample times and display age use the domain clock. Time-outs, TLS, sessions and
retries use wall time. A real city runs with `speed: 1` and an origin equal to its start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

_HALF_MICROSECOND = 0.5e-6  # to which a datetime rounds


class ClockSettings(BaseModel):
    """At wall time `started` (Unix seconds) the city's time was `origin`; it runs `speed` times as fast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: AwareDatetime
    started: float
    speed: float = Field(default=1.0, gt=0, le=3600)

    def at(self, wall: float) -> datetime:
        """The city's time (UTC) at a wall time in Unix seconds."""
        return self.origin.astimezone(UTC) + timedelta(seconds=(wall - self.started) * self.speed)


@dataclass(frozen=True, slots=True)
class DomainClock:
    """A running domain clock; `wall` returns Unix seconds (`time.time` outside tests)."""

    settings: ClockSettings
    wall: Callable[[], float]

    def now(self) -> datetime:
        """The city's time, UTC."""
        return self.settings.at(self.wall())

    def wall_now(self) -> datetime:
        """Wall time, UTC: what sessions, links and codes count by."""
        return datetime.fromtimestamp(self.wall(), UTC)

    def seconds(self) -> int:
        """The city's time in whole Unix seconds, as samples carry it."""
        settings = self.settings
        return int(settings.origin.timestamp() + (self.wall() - settings.started) * settings.speed + _HALF_MICROSECOND)
