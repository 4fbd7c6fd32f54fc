"""What the simulator answered, beside what the store holds.

The read log is the truth: every read that was answered stands in it. A value of the store must be one of them, and
each of them must be in the store exactly once, but for

- the moments in which the edge itself was killed between the answer and the commit of its outbox, which the test names;
- what the edge may leave unsaid (rules/reporting.py, told here once more in other words): a state, a counter or a level
  that is the same as what is stored of it, no longer ago than a heartbeat, and no register beside an hour's edge.
  Gauges are never left unsaid, so a batch that is lost shows in them;
- a second answer in one second, which has room for one: a machine that was held up does two rounds in it.
"""

import asyncio
import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import Columns
from edge_agent.config import EdgeConfig, load_config
from protocols.modbus.plan import Member
from protocols.profiles import Point, library
from protocols.quantities import QUANTITIES, Kind

Key = tuple[str, str]  # device, quantity
Seen = list[tuple[float, float | None]]  # (domain Unix seconds, value), in the order of time
Places = Mapping[tuple[str, int, str], list[tuple[str, Point, int]]]  # by bus, unit and space: device, point, address

_FAR = 2**40  # seconds
_HEARTBEAT_S = 60.0  # as shipped
_LEVELS = frozenset({"target_level", "actual_level"})
_HOUR_S = 3600
_CLOCK_SLACK_S = 5.0  # a sample carries the whole second in which the answer was in: late on a machine that is busy
_ONE_READING_S = 0.5  # between the first and the last answer of which a reading is made
_NOT_TAKEN = 2  # answers of a device before a window: a round is taken when it has ended, while the next one is asked


@dataclass(frozen=True, slots=True)
class Verdict:
    """`truth` is every answer; `missing` were answered and are not stored; `invented` are stored and were never
    answered; `unsaid` is how many were left out because the store has them, or their second, already."""

    truth: Mapping[Key, Seen]
    stored: int
    unsaid: int
    missing: Sequence[tuple[Key, float]]
    invented: Sequence[tuple[Key, float]]
    doubled: Sequence[tuple[Key, float]]

    @property
    def answered(self) -> int:
        return _count(self.truth)

    def missing_outside(self, windows: Sequence[tuple[float, float]]) -> list[tuple[Key, float]]:
        """What no named moment explains."""
        return [(key, at) for key, at in self.missing if not any(self._excused(key, at, window) for window in windows)]

    def _excused(self, key: Key, at: float, window: tuple[float, float]) -> bool:
        """True of what was answered in a window, and of the last answers before it."""
        low, high = window
        between = sum(at <= moment < low for moment, _ in self.truth[key])
        return at <= high and between <= _NOT_TAKEN


def compare(read_log: Path, edges: Sequence[Path], store: Path) -> Verdict:
    """Every value that was answered beside every value that is stored."""
    truth = answered(read_log, edges)
    found = stored(store)
    matches = {key: matched(truth.get(key, []), found.get(key, [])) for key in truth.keys() | found.keys()}
    second: dict[str, list[float]] = defaultdict(list)  # answers in a second that their device had already
    for (device, _), match in matches.items():
        second[device] += match.second
    missing: list[tuple[Key, float]] = []
    for key, match in matches.items():
        said = _not_just_unsaid(key[1], truth.get(key, []), found.get(key, []), match.absent)
        missing += [(key, at) for at in said if not any(abs(at - other) <= _ONE_READING_S for other in second[key[0]])]
    absent = sum(len(match.absent) for match in matches.values())
    invented = [(key, at) for key, match in matches.items() for at in match.invented]
    doubled = [(k, a[0]) for k, seen in found.items() for a, b in itertools.pairwise(seen) if a[0] == b[0]]
    return Verdict(truth, _count(found), absent - len(missing), missing, invented, doubled)


def answered(read_log: Path, edges: Sequence[Path]) -> dict[Key, Seen]:
    """The read log as values of devices, through the edges' own configuration."""
    return told(read_log, places([load_config(path) for path in edges]))


def told(read_log: Path, where: Places) -> dict[Key, Seen]:
    """The same for who looks again and again, also while somebody writes: its last line may not be whole yet."""
    seen: dict[Key, Seen] = defaultdict(list)
    for line in read_log.read_bytes().rpartition(b"\n")[0].splitlines():
        read = orjson.loads(line)
        here = where.get((read["bus"], read["unit"], read["space"]), [])
        for device, point, address in here:
            start = address - read["address"]
            if start >= 0 and start + point.width <= len(read["words"]):
                value = point.decode(read["words"][start : start + point.width])
                seen[device, point.quantity].append((read["at"], value))
    return seen


def stored(store: Path) -> dict[Key, Seen]:
    """Every value of the embedded store, as the store itself reads it; its service has ended."""
    return asyncio.run(_stored(store))


async def _stored(path: Path) -> dict[Key, Seen]:
    seen: dict[Key, Seen] = {}
    store = await DuckDbStore.open(path)
    try:
        for kind, quantities in _measured().items():
            for device in (await store.rollup(kind, [], quantities, 0, _FAR, _FAR)).devices:
                columns = await store.raw(kind, device, quantities, 0, _FAR)
                seen |= {(device, name): _seen(columns, name) for name in quantities}
    finally:
        await store.close()
    return {key: values for key, values in seen.items() if values}


def _measured() -> Mapping[str, Sequence[str]]:
    """The quantities that the devices of each kind can have."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for profile in library().values():
        kinds[profile.kind].update(point.quantity for point in profile.polled)
    return {kind: sorted(names) for kind, names in kinds.items()}


def _seen(columns: Columns, name: str) -> Seen:
    rows = zip(columns.at, columns.values[name], columns.flags[name], strict=True)
    return [(float(at), value) for at, value, flag in rows if flag is not None]


def places(configs: Sequence[EdgeConfig]) -> Places:
    """What stands behind the registers of each unit."""
    found: dict[tuple[str, int, str], list[tuple[str, Point, int]]] = defaultdict(list)
    for bus in (bus for config in configs for bus in config.modbus):
        for device in bus.devices:
            member = Member(device.id, device.unit, library()[device.profile], device.block)
            for point in member.profile.polled:
                place = (bus.id, device.unit, str(point.register_.space))
                found[place].append((device.id, point, member.address(point)))
    return found


@dataclass(frozen=True, slots=True)
class Match:
    """Moments of a truth that were not found, those of them that came in a second that had its answer already, and the
    moments that were found and are not true."""

    absent: Sequence[float]
    second: Sequence[float]
    invented: Sequence[float]


def matched(truth: Seen, found: Seen) -> Match:
    """What is stored beside what was answered."""
    absent: list[tuple[float, float]] = []  # with the second of what was stored before
    invented: list[float] = []
    position, newest = 0, float(-_FAR)
    for at, value in found:
        candidates = [n for n in _within_reach(truth, position, at) if _same(truth[n], (at, value))]
        match = min(candidates, key=lambda n: abs(at - truth[n][0] // 1), default=None)
        if match is None:
            invented.append(at)
            continue
        absent += [(moment, newest) for moment, _ in truth[position:match]]
        position, newest = match + 1, at
    absent += [(moment, newest) for moment, _ in truth[position:]]
    second = [moment for moment, had in absent if had >= moment // 1]
    return Match([moment for moment, _ in absent], second, invented)


def _within_reach(truth: Seen, position: int, at: float) -> Iterator[int]:
    """The answers from a position on that a sample may be; a value that comes twice is the one of its own second."""
    return itertools.takewhile(lambda n: truth[n][0] <= at + 1, range(position, len(truth)))


def _not_just_unsaid(quantity: str, truth: Seen, found: Seen, absent: Sequence[float]) -> list[float]:
    """The moments that a heartbeat does not cover."""
    if QUANTITIES[quantity].kind is Kind.GAUGE and quantity not in _LEVELS:
        return list(absent)
    times = [at for at, _ in found]
    return [
        truth[n][0]
        for n in _places_of(truth, absent)
        if not _is_covered(truth[n], found, times) or _is_register_at_an_hour(quantity, truth, n)
    ]


def _places_of(truth: Seen, moments: Sequence[float]) -> Iterator[int]:
    """Where in the truth the moments stand; they are in its order."""
    places = iter(range(len(truth)))
    for moment in moments:
        yield next(n for n in places if truth[n][0] == moment)


def _is_covered(answer: tuple[float, float | None], found: Seen, times: Sequence[float]) -> bool:
    """True when what is stored last says the same; by the edge's clock the answer may have come a little later."""
    newest = {bisect_left(times, answer[0] + late) - 1 for late in (0, _CLOCK_SLACK_S)} - {-1}
    return any(found[n][1] == answer[1] and answer[0] - found[n][0] <= _HEARTBEAT_S + _CLOCK_SLACK_S for n in newest)


def _is_register_at_an_hour(quantity: str, truth: Seen, n: int) -> bool:
    around = {int(at // _HOUR_S) for at, _ in truth[max(0, n - 1) : n + 2]}
    return QUANTITIES[quantity].kind is Kind.COUNTER and len(around) > 1


def _same(answer: tuple[float, float | None], sample: tuple[float, float | None]) -> bool:
    return answer[1] == sample[1] and -1 <= sample[0] - answer[0] <= _CLOCK_SLACK_S


def _count(seen: Mapping[Key, Seen]) -> int:
    return sum(len(values) for values in seen.values())
