"""The newest values of every device, in memory. They go forward in event time only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from protocols.readings import Quality, Reading

_NOTHING: Mapping[str, float | None] = {}


@dataclass(frozen=True, slots=True)
class Latest:
    """One device. A quantity that the newest reading does not carry keeps the value that it had."""

    kind: str
    at: int  # event time of the newest reading, Unix seconds
    values: Mapping[str, float | None]
    flags: Mapping[str, int] = field(default_factory=dict)  # what is not GOOD and not just missing

    def trusted(self, quantity: str) -> float | None:
        """A value that may enter a sum or a picture; `None` also for one that cannot be."""
        return None if self.flags.get(quantity, Quality.GOOD) >= Quality.SUSPECT else self.values.get(quantity)

    def reading(self, device: str) -> Reading:
        """Everything that is known, as one reading."""
        return Reading(device, self.kind, self.at, self.values, {q: Quality(flag) for q, flag in self.flags.items()})


class LatestValues:
    """By device. Whoever takes a reading has made sure that the device is one of the city's."""

    def __init__(self) -> None:
        self._latest: dict[str, Latest] = {}
        self.newest_at: int | None = None  # event time of the newest reading of all, Unix seconds

    def get(self, device: str) -> Latest | None:
        """What is known of a device; `None` when it has never been heard of."""
        return self._latest.get(device)

    def put(self, device: str, latest: Latest) -> None:
        """Take up what was known before a start."""
        self._latest[device] = latest
        self.newest_at = max(latest.at, self.newest_at or latest.at)

    def take(self, reading: Reading) -> Latest | None:
        """What is known after a reading, or `None` when it is older than what is known."""
        before = self._latest.get(reading.device)
        if before is not None and reading.at < before.at:
            return None
        after = _after(before, reading)
        self.put(reading.device, after)
        return after

    def __iter__(self) -> Iterator[tuple[str, Latest]]:
        return iter(self._latest.items())


def _after(before: Latest | None, reading: Reading) -> Latest:
    if before is None or before.values.keys() <= reading.values.keys():
        return Latest(reading.kind, reading.at, reading.values, _plain(reading))
    kept = {q: flag for q, flag in before.flags.items() if q not in reading.values}
    return Latest(reading.kind, reading.at, {**before.values, **reading.values}, {**kept, **_plain(reading)})


def _plain(reading: Reading) -> dict[str, int]:
    return {q: int(flag) for q, flag in reading.flags.items()}
