"""What the cloud's words on the time say together: a word may come late, and never early; the least late one is best.

Pure: every moment is an argument, in seconds of a steady clock.
"""

from dataclasses import dataclass, field

COUNTS_FOR_S = 3600.0  # how long after the last word its time is still known
_COMPARED_S = 600.0  # over which the least late word is looked for; a quartz drifts by some hundredths meanwhile
_SPREAD_S = 5.0  # words of one moment may all have been held up
_NO_DELAY_S = 60.0  # no word comes so late
_BUCKET_S = 60.0


@dataclass(slots=True)
class Words:
    """The words that were heard: for each minute how far our clock was ahead in the least late of them."""

    first: float | None = None
    last: float | None = None
    least: dict[int, float] = field(default_factory=dict)

    def hear(self, at: float, ahead: float) -> None:
        """Our clock seems to be so many seconds ahead, or the word that late."""
        bucket = int(at // _BUCKET_S)
        self.least = {b: least for b, least in self.least.items() if (bucket - b) * _BUCKET_S <= _COMPARED_S}
        self.least[bucket] = min(ahead, self.least.get(bucket, ahead))
        self.first, self.last = (at if self.first is None else self.first), at

    def forget(self) -> None:
        """Our clock was set: what was heard says nothing of it any more."""
        self.first, self.last, self.least = None, None, {}

    def ahead(self, at: float) -> float | None:
        """How far our clock is ahead; `None` when too little was heard, or too long ago."""
        if self.first is None or self.last is None or at - self.last > COUNTS_FOR_S:
            return None
        ahead = min(self.least.values())
        return ahead if self.last - self.first >= _SPREAD_S or abs(ahead) > _NO_DELAY_S else None
