"""Counts refusals, so that an attack stands in the audit log and does not fill it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cloud.people.limiter import Bucket

EVERY_S = 60.0
_MOST_EACH = 20  # accounts, or addresses, that have rows of their own at a time; the rest share one
REST = "*"


@dataclass(frozen=True, slots=True)
class Told:
    """So many tries were refused since the last row about this bucket."""

    bucket: Bucket
    tries: int


@dataclass(slots=True)
class _Count:
    due: float  # when the next row may be written
    tries: int = 0


class Tally:
    """One row when a refusal is the first, then one a minute. `now` returns seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counts: dict[Bucket, _Count] = {}

    def count(self, bucket: Bucket) -> bool:
        """Count a refusal; True when it is the first for a while, and should be told at once."""
        named = bucket if bucket in self._counts or self._is_room(bucket) else Bucket(bucket.kind, REST)
        is_first = named not in self._counts
        self._counts.setdefault(named, _Count(self._now())).tries += 1
        return is_first

    def due(self) -> list[Told]:
        """What is to be written now; what has been quiet for a minute is forgotten."""
        now = self._now()
        ripe = {bucket: count for bucket, count in self._counts.items() if not 0 < count.due - now <= EVERY_S}
        for bucket, count in ripe.items():
            if count.tries:
                self._counts[bucket] = _Count(now + EVERY_S)
            else:
                del self._counts[bucket]
        return [Told(bucket, count.tries) for bucket, count in ripe.items() if count.tries]

    def untold(self, rows: Iterable[Told]) -> None:
        """These could not be written: they count for the next ones."""
        for row in rows:
            self._counts[row.bucket].tries += row.tries

    def _is_room(self, bucket: Bucket) -> bool:
        return sum(known.kind is bucket.kind for known in self._counts) < _MOST_EACH
