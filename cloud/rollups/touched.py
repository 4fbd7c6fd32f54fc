"""Hours whose sums have to be made again: on disk before the rows of their lamps change, until the sums are written."""

import os
from collections.abc import Iterable
from pathlib import Path

import orjson


class Touched:
    """A small file of hours, Unix seconds."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._hours: set[int] = set(orjson.loads(file.read_bytes())) if file.exists() else set()

    def __len__(self) -> int:
        return len(self._hours)

    def hours(self) -> list[int]:
        return sorted(self._hours)

    def add(self, hours: Iterable[int]) -> None:
        """Raises OSError."""
        new = set(hours) - self._hours
        if new:
            self._hours |= new
            self._write()

    def done(self, hour: int) -> None:
        """The sums of an hour are written. Raises OSError."""
        self._hours.discard(hour)
        self._write()

    def _write(self) -> None:
        draft = self._file.with_name(f"{self._file.name}.tmp")
        with draft.open("wb") as opened:
            opened.write(orjson.dumps(self.hours()))
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(self._file)
