"""Goes along the audit log and names what is wrong with it: by the chain, and by the heads that were signed."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cloud.audit import chain
from cloud.audit.chain import Link
from protocols.audit_head import AuditHead


@dataclass(frozen=True, slots=True)
class Kept:
    """A signed head, and where it was kept."""

    head: AuditHead
    where: str

    def __str__(self) -> str:
        return f"the head that was signed at {self.head.at:%Y-%m-%d %H:%M:%S} UTC ({self.where})"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a row, in a plain sentence."""

    seq: int
    what: str

    def __str__(self) -> str:
        return f"row {self.seq}: {self.what}"


class Check:
    """`step` along the rows in the order of seq, then `end`. The heads must be signed."""

    def __init__(self, heads: Iterable[Kept]) -> None:
        self._heads: Sequence[Kept] = sorted(heads, key=lambda kept: kept.head.seq)
        self._previous = chain.START
        self._fits_until = 0  # the newest row whose signed head fits
        self._strays = 0
        self.last = 0
        self.rows = 0

    @property
    def fits_until(self) -> int:
        """The newest row that is proven by a signed head; 0 without one."""
        return self._fits_until

    def step(self, found: Link) -> Iterator[Finding]:
        """What is wrong with the next row."""
        self.rows += 1
        if found.seq <= self.last:
            yield Finding(found.seq, "it has no place in the log, which begins with row 1")
        elif found.seq > self.last + 1:
            yield Finding(self.last + 1, _missing(self.last + 1, found.seq - 1))
        elif found.previous != self._previous:
            yield Finding(
                found.seq, f"it does not follow from row {self.last}: one of the two was put in another's place"
            )
        if found.hash != chain.digest(found.seq, found.entry, found.previous):
            yield Finding(found.seq, "it was changed: what it says does not give its hash")
        yield from self._compare(found)
        self.last, self._previous = found.seq, found.hash

    def end(self) -> Iterator[Finding]:
        """What is wrong behind the last row."""
        if self._strays > 1:
            yield Finding(self.last, f"{self._strays - 1} later signed heads do not fit the log either")
        beyond = self._heads[-1] if self._heads else None
        if beyond is not None and beyond.head.seq > self.last:
            missing = f"{_missing(self.last + 1, beyond.head.seq)}, or more: there is {beyond} of row {beyond.head.seq}"
            yield Finding(self.last + 1, missing)

    def _compare(self, found: Link) -> Iterator[Finding]:
        """With every head of this row. Only the first that does not fit says where to look; all after it follow."""
        here = [kept for kept in self._of(found.seq) if kept.head.hash != found.hash]
        if here and not self._strays:
            yield Finding(found.seq, self._rewritten(found.seq, here[0]))
        self._strays += len(here)
        if not here and self._of(found.seq) and not self._strays:
            self._fits_until = found.seq

    def _rewritten(self, seq: int, kept: Kept) -> str:
        first = self._fits_until + 1
        which = f"row {seq}" if first == seq else f"one of the rows {first} to {seq}"
        return f"{which} was changed and all hashes after it computed anew: {kept} has another hash"

    def _of(self, seq: int) -> Sequence[Kept]:
        first = bisect_left(self._heads, seq, key=lambda kept: kept.head.seq)
        last = bisect_left(self._heads, seq + 1, key=lambda kept: kept.head.seq)
        return self._heads[first:last]


def findings(links: Iterable[Link], heads: Iterable[Kept] = ()) -> Iterator[Finding]:
    """Everything that is wrong with a log."""
    check = Check(heads)
    for found in links:
        yield from check.step(found)
    yield from check.end()


def _missing(first: int, last: int) -> str:
    return "it is missing" if first == last else f"rows {first} to {last} are missing"
