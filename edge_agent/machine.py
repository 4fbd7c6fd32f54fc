"""What the machine of an edge gives to it, by the standard library alone; `None` where it does not say."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_MB = 1e6


@dataclass(frozen=True, slots=True)
class Machine:
    """`processor_load` is of one core in %, since the last look; memory and disk in MB."""

    processor_load: float | None
    memory_used: float | None
    disk_free: float | None


class MachineWatch:
    """Looks at our own process, and at the disk of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked_at = time.monotonic()
        self._worked_s = time.process_time()

    def look(self) -> Machine:
        """Now, and since the last look."""
        return Machine(self._load(), _memory_mb(), free_mb(self._folder))

    def _load(self) -> float | None:
        at, worked = time.monotonic(), time.process_time()
        passed, done = at - self._looked_at, worked - self._worked_s
        self._looked_at, self._worked_s = at, worked
        return round(100 * done / passed, 1) if passed > 0 else None


def _memory_mb() -> float | None:
    """What is resident, from Linux."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / _MB, 1)


def free_mb(folder: Path) -> float | None:
    """What the disk of a folder has left for us."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return round(disk.f_bavail * disk.f_frsize / _MB, 1)
