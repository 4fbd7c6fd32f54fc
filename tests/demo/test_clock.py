"""The city's clock from one start to the next."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from haidang import clock


def test_without_a_file_the_city_lives_in_wall_time() -> None:
    before = datetime.now(UTC)
    shown = clock.load(None).now()
    assert before <= shown <= datetime.now(UTC) + timedelta(milliseconds=1)  # what is rounded on its way


def test_every_role_that_loads_the_file_has_the_same_time(tmp_path: Path) -> None:
    started = clock.start(tmp_path / "clock.json", 60, datetime(2026, 11, 21, 10, tzinfo=UTC))
    loaded = clock.load(tmp_path / "clock.json")
    assert loaded.settings == started.settings
    assert loaded.settings.at(loaded.settings.started + 60) == datetime(2026, 11, 21, 11, tzinfo=UTC)


def test_a_city_that_ran_ahead_never_goes_back(tmp_path: Path) -> None:
    ahead = clock.start(tmp_path / "clock.json", 1, datetime.now(UTC) + timedelta(days=3))
    clock.remember(tmp_path / "clock.json", ahead)
    reached = ahead.now()
    assert clock.start(tmp_path / "clock.json", 1, None).now() >= reached - timedelta(seconds=1)


def test_the_night_that_the_city_was_switched_off_is_not_skipped_at_high_speed(tmp_path: Path) -> None:
    fast = clock.start(tmp_path / "clock.json", 3600, datetime.now(UTC))
    clock.remember(tmp_path / "clock.json", fast)
    later = clock.start(tmp_path / "clock.json", 1, None)
    assert later.now() - datetime.fromtimestamp(time.time(), UTC) < timedelta(minutes=30)
