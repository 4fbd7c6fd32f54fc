"""How much the embedded store keeps, and how fast it grows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.families import Part
from cloud.telemetry.shelves import MAIN, File, Shelf

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Figures:
    """What is sealed, and the rows that are live. Times are UTC in seconds."""

    files: int
    late_files: int
    sample_bytes: int
    samples: int
    summary_bytes: int
    live_rows: int
    oldest: int | None
    newest: int | None
    bytes_per_day: float | None  # what the newest day that is sealed took

    @property
    def bytes_per_sample(self) -> float | None:
        return self.sample_bytes / self.samples if self.samples else None


def figures(db: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> Figures:
    """As things stand."""
    shelves = list(catalogue.shelves.values())
    samples = [shelf for shelf in shelves if shelf.family.part is Part.SAMPLES]
    spans = [shelf.span(period) for shelf in samples for period in shelf.files]
    files = [(generation, file) for shelf in shelves for _, generation, file in _files(shelf)]
    sample_bytes = sum(file.bytes for shelf in samples for _, _, file in _files(shelf))
    [(counted,)] = db.execute(
        "SELECT coalesce(sum(samples), 0) FROM own.tally WHERE family LIKE 'samples.%'"
    ).fetchall()
    return Figures(
        len(files),
        sum(generation != MAIN for generation, _ in files),
        sample_bytes,
        int(counted),
        sum(file.bytes for _, file in files) - sample_bytes,
        _live(db, shelves),
        min((start for start, _ in spans), default=None),
        max((end for _, end in spans), default=None),
        _growth(shelves, spans),
    )


def _files(shelf: Shelf) -> Iterator[tuple[int, int, File]]:
    for period, files in list(shelf.files.items()):
        for generation, file in list(files.items()):
            yield period, generation, file


def _live(db: duckdb.DuckDBPyConnection, shelves: Sequence[Shelf]) -> int:
    tables = [hot.name for shelf in shelves for hot in shelf.tables()]
    return sum(db.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in tables)  # noqa: S608


def _growth(shelves: Sequence[Shelf], spans: Sequence[tuple[int, int]]) -> float | None:
    """Bytes of the last day of samples, and of the last day of summaries; less than a day counts for what it is."""
    if not spans:
        return None
    newest = max(end for _, end in spans)
    first = max(min(start for start, _ in spans), newest - _DAY_S)
    sizes = _sizes(shelves, Part.SAMPLES)
    samples = sum(size for start, size in sizes.items() if start >= first) * _DAY_S / (newest - first)
    days = _sizes(shelves, Part.SUMMARIES)
    return samples + (days[max(days)] if days else 0)


def _sizes(shelves: Sequence[Shelf], part: Part) -> Mapping[int, int]:
    """Bytes by the start of the period."""
    sizes: dict[int, int] = {}
    for shelf in shelves:
        if shelf.family.part is part:
            for period, _, file in _files(shelf):
                start, _ = shelf.span(period)
                sizes[start] = sizes.get(start, 0) + file.bytes
    return sizes
