"""The sealed files of the embedded store, by name:

    samples/luminaire/2026-10-31/h07.parquet            an hour
    samples/luminaire/2026-10-31/h07.late-003.parquet   what came for it later
    summaries/ward_1h/2026-10/d31.parquet               a day
    numbers.parquet                                     whose number is which

A file stands under its name only when it is whole and on the disk.
"""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cloud.telemetry.families import Family, Part, family
from cloud.telemetry.shelves import MAIN, File
from cloud.telemetry.store import StoreRefused

UNFINISHED = ".tmp"
NUMBERS = "numbers.parquet"
_FOLDER = {Part.SAMPLES: "%Y-%m-%d", Part.SUMMARIES: "%Y-%m"}
_STEM = {Part.SAMPLES: "h%H", Part.SUMMARIES: "d%d"}
_NAME = re.compile(r"([hd]\d\d)(?:\.late-(\d+))?\.parquet")


def path_of(root: Path, of: Family, period: int, generation: int) -> Path:
    """Where a period's file stands."""
    start = datetime.fromtimestamp(period * of.period_s, UTC)
    late = "" if generation == MAIN else f".late-{generation:03d}"
    name = start.strftime(f"{_FOLDER[of.part]}/{_STEM[of.part]}")
    return root / of.part / of.name / f"{name}{late}.parquet"


def found(root: Path) -> Iterator[tuple[Family, int, int, File]]:
    """Every sealed file: its family, period and generation. What has another name is not ours."""
    for part in Part:
        for path in sorted((root / part).glob("*/*/*.parquet")):
            place = _place(part, path)
            if place is not None:
                yield *place, File(path, path.stat().st_size)


def forget_unfinished(root: Path) -> None:
    """What the last run did not finish."""
    for path in sorted(root.rglob(f"*{UNFINISHED}")):
        path.unlink()


def publish(path: Path) -> int:
    """Give the finished file beside `path` its name, durably; its size in bytes."""
    unfinished = temporary(path)
    sync(unfinished)
    size = unfinished.stat().st_size
    unfinished.rename(path)
    sync(path.parent)
    return size


def temporary(path: Path) -> Path:
    """Where a file is written before it is whole. Its folder is made, durably."""
    missing = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync(folder.parent)
    return path.with_name(path.name + UNFINISHED)


def remove_if_empty(folders: Iterable[Path]) -> None:
    """Folders that the last file has left."""
    for folder in set(folders):
        if not any(folder.iterdir()):
            folder.rmdir()


def sync(path: Path) -> None:
    """A file or a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _place(part: Part, path: Path) -> tuple[Family, int, int] | None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    try:
        start = datetime.strptime(f"{path.parent.name}/{match[1]}+0000", f"{_FOLDER[part]}/{_STEM[part]}%z")
        of = family(part, path.parent.parent.name)
    except (ValueError, StoreRefused):
        return None
    return of, int(start.timestamp()) // of.period_s, int(match[2] or MAIN)
