"""Live tables into sealed files: written beside its name, synced, named, and only then is the table dropped.

A kill at any moment leaves either the table, and then its file is nothing, or the file alone. Late files are folded
into the main one when there are several; those that are folded in are deleted oldest first, so that what is left of
them still stands rightly above the main file.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

import duckdb

from cloud.telemetry import merging, sealed
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.encoding import Laid, lay_down
from cloud.telemetry.families import Family, Part
from cloud.telemetry.shelves import MAIN, File, Hot, Shelf, Sources
from cloud.telemetry.store import StoreAway
from cloud.telemetry.transactions import transaction

MOST_LATE_FILES = 3  # of one period: whoever reads it merges them every time
_DAY_GRACE_S = 3 * 3_600  # the hours of last night are computed, and computed again, in the morning

Reached = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Locks:
    """Taken in this order. Whoever holds one is alone with it; closing takes all three."""

    sealing: Lock = field(default_factory=Lock)
    reading: Lock = field(default_factory=Lock)
    writing: Lock = field(default_factory=Lock)


class Sealer:
    """Works in a thread of its own, with a cursor of its own. `reached` hears of every step."""

    def __init__(
        self, db: duckdb.DuckDBPyConnection, catalogue: Catalogue, locks: Locks, closing: Event, reached: Reached
    ) -> None:
        self._db, self._catalogue, self._locks, self._closing = db, catalogue, locks, closing
        self._reached = reached
        self._saved_numbers = 0
        self._over: dict[Family, int] = {}  # the period up to which late rows were sealed last

    def seal(self, now: int, grace_s: int) -> int:
        """Seal every period that has been over for `grace_s` seconds; how many files that made."""
        made = sum(self._seal(shelf, now, grace_s) for shelf in list(self._catalogue.shelves.values()))
        if made:
            with self._locks.writing:
                self._db.execute("CHECKPOINT")
            self._reached("checkpointed")
        return made

    def drop_before(self, name: str, time: int) -> None:
        """Forget rows before a moment, in whole files where that is enough."""
        for shelf in filter(None, (self._catalogue.known(part, name) for part in Part)):
            self._drop_before(shelf, time)

    def _drop_before(self, shelf: Shelf, time: int) -> None:
        with self._locks.writing:
            for hot in shelf.tables():
                self._db.execute(f'DELETE FROM {hot.name} WHERE "at" < ?', [time])  # noqa: S608
        first, rest = divmod(time, shelf.family.period_s)
        if rest and first in shelf.files:
            self._fold(shelf, first, time)
        for period in sorted(period for period in shelf.files if period < first):
            self._forget(shelf, period)

    def _seal(self, shelf: Shelf, now: int, grace_s: int) -> int:
        grace_s = grace_s if shelf.family.part is Part.SAMPLES else max(grace_s, _DAY_GRACE_S)
        over = (now - grace_s) // shelf.family.period_s
        self._freeze(shelf, over)
        made = [self._seal_period(shelf, period, hot) for period, hot in sorted(shelf.frozen.items())]
        made += [self._seal_late(shelf, generation) for generation in sorted(shelf.late.keys() - {shelf.writing})]
        for period in [period for period in sorted(shelf.files) if _is_to_fold(shelf, period, over)]:
            self._fold(shelf, period)
        return sum(made)

    def _freeze(self, shelf: Shelf, over: int) -> None:
        """Tables of past periods take no more rows, nor does, once in a period, the table of late ones."""
        with self._locks.writing:
            for period in [period for period in shelf.open if period < over]:
                shelf.frozen[period] = shelf.open[period]
                del shelf.open[period]
            if self._over.get(shelf.family) != over:
                shelf.writing = None
                self._over[shelf.family] = over
        self._reached("frozen")

    def _seal_period(self, shelf: Shelf, period: int, hot: Hot) -> int:
        laid = self._publish(shelf, period, MAIN, hot, "TRUE")
        with self._swapped(shelf, hot, {period: laid} if laid else {}, MAIN):
            del shelf.frozen[period]
        return int(laid is not None)

    def _seal_late(self, shelf: Shelf, generation: int) -> int:
        late, period_s = shelf.late[generation], shelf.family.period_s
        rows = self._db.execute(f'SELECT DISTINCT "at" // {period_s} AS period FROM {late.name} ORDER BY 1').fetchall()  # noqa: S608
        laid = {
            period: self._publish(shelf, period, generation, late, merging.span(*shelf.span(period)))
            for (period,) in rows
        }
        with self._swapped(shelf, late, {period: one for period, one in laid.items() if one}, generation):
            del shelf.late[generation]
        return len(laid)

    def _publish(self, shelf: Shelf, period: int, generation: int, hot: Hot, where: str) -> tuple[File, Laid] | None:
        """A table's rows of one period as a whole, durable file that nobody knows of yet."""
        self._go_on()
        self._save_numbers()
        path = sealed.path_of(self._catalogue.root, shelf.family, period, generation)
        laid = lay_down(self._db, shelf.family, hot.name, where, sorted(hot.columns), sealed.temporary(path))
        self._reached("copied")
        if not laid.rows:
            return None
        size = sealed.publish(path)
        self._reached("renamed")
        return File(path, size), laid

    @contextmanager
    def _swapped(
        self, shelf: Shelf, hot: Hot, laid: Mapping[int, tuple[File, Laid]], generation: int
    ) -> Iterator[None]:
        """The table goes and its files come, in one step for whoever reads."""
        with self._locks.reading, self._locks.writing:
            with transaction(self._db):
                self._db.execute(f"DROP TABLE {hot.name}")
                for period, (_, one) in laid.items():
                    self._count(shelf, period, generation, one.samples)
            self._reached("dropped")
            for period, (file, _) in laid.items():
                shelf.files.setdefault(period, {})[generation] = file
            yield

    def _fold(self, shelf: Shelf, period: int, since: int = 0) -> None:
        """All files of a period into its main one, without what was before a moment."""
        self._go_on()
        start, end = shelf.span(period)
        files = dict(sorted(shelf.files[period].items()))
        names, path = sorted(shelf.columns), sealed.path_of(self._catalogue.root, shelf.family, period, MAIN)
        everything = Sources(ranked_files=tuple(file.path for file in files.values()), ranked_periods=(period,))
        rows = merging.rows(shelf, everything, names, merging.span(max(start, since), end))
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE folded AS {rows}")
        laid = lay_down(self._db, shelf.family, "folded", "TRUE", names, sealed.temporary(path))
        self._db.execute("DROP TABLE folded")
        self._reached("folded")
        if not laid.rows:
            self._forget(shelf, period)
            return
        self._replace(shelf, period, path)
        for generation in [generation for generation in files if generation != MAIN]:
            files[generation].path.unlink()
            self._reached("late file deleted")
        self._db.execute("DELETE FROM own.tally WHERE family = ? AND period = ?", [str(shelf.family), period])
        self._count(shelf, period, MAIN, laid.samples)

    def _replace(self, shelf: Shelf, period: int, path: Path) -> None:
        sealed.sync(sealed.temporary(path))
        with self._locks.reading, self._locks.writing:
            size = sealed.publish(path)
            shelf.files[period] = {MAIN: File(path, size)}
        self._reached("replaced")

    def _forget(self, shelf: Shelf, period: int) -> None:
        with self._locks.reading, self._locks.writing:
            files = shelf.files.pop(period)
        self._db.execute("DELETE FROM own.tally WHERE family = ? AND period = ?", [str(shelf.family), period])
        for generation in sorted(files):
            files[generation].path.unlink()
        sealed.remove_if_empty(path.path.parent for path in files.values())

    def _count(self, shelf: Shelf, period: int, generation: int, samples: int) -> None:
        row = [str(shelf.family), period, generation, samples]
        self._db.execute("INSERT INTO own.tally VALUES (?, ?, ?, ?)", row)

    def _save_numbers(self) -> None:
        """Sealed files can be read without the database."""
        numbers = len(self._catalogue.numbers)
        if numbers == self._saved_numbers:
            return
        path = self._catalogue.root / sealed.NUMBERS
        target = merging.literal(sealed.temporary(path))
        self._db.execute(f"COPY (FROM own.numbers ORDER BY number) TO {target} (FORMAT parquet, COMPRESSION zstd)")
        sealed.publish(path)
        self._saved_numbers = numbers

    def _go_on(self) -> None:
        if self._closing.is_set():
            raise StoreAway("the store is closing")


def _is_to_fold(shelf: Shelf, period: int, over: int) -> bool:
    """Too many late files, or late ones alone of a period that is over."""
    files = shelf.files[period]
    if period in shelf.frozen or period in shelf.open:
        return False
    late = len(files.keys() - {MAIN})
    return late > MOST_LATE_FILES or (late == len(files) and period < over)
