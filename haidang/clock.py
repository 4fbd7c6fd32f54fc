"""The file through which every role of a city shares one domain clock."""

import time
from datetime import UTC, datetime
from pathlib import Path

from protocols import config
from protocols.clock import ClockSettings, DomainClock


def load(path: Path | None) -> DomainClock:
    """The clock that a file describes; without one, the wall's. Raises ConfigError, OSError."""
    if path is not None:
        return DomainClock(config.load(path.read_bytes(), str(path), ClockSettings), time.time)
    now = time.time()
    return DomainClock(ClockSettings(origin=datetime.fromtimestamp(now, UTC), started=now), time.time)


def start(path: Path, speed: float, at: datetime | None) -> DomainClock:
    """Set a city's clock going, from `at` or from now.

    It never starts before the moment that it had reached: live state only goes forward in event time, so a city that
    ran ahead of the wall yesterday would stand still today.
    """
    now = time.time()
    origin = max(at or datetime.fromtimestamp(now, UTC), _reached(path))
    settings = ClockSettings(origin=origin, started=now, speed=speed)
    _write(path, settings.model_dump_json())
    return DomainClock(settings, time.time)


def remember(path: Path, clock: DomainClock) -> None:
    """Write down the moment that the city has reached."""
    _write(_beside(path), clock.now().isoformat())


def _write(path: Path, text: str) -> None:
    """Whole or not at all: whoever is killed meanwhile leaves a file that the next start can read."""
    draft = path.with_name(f".{path.name}")
    draft.write_text(text)
    draft.replace(path)


def _reached(path: Path) -> datetime:
    seen = _beside(path)
    return datetime.fromisoformat(seen.read_text()) if seen.exists() else datetime.fromtimestamp(0, UTC)


def _beside(path: Path) -> Path:
    return path.with_suffix(".reached")
