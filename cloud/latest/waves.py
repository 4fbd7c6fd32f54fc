"""What came in one tick, sorted into columns: readings of devices that there are, of times that can be.

A device may be read several times in a tick, by tables with different quantities. So the readings of a kind come in
waves: the first of each device, the second of each, and so on, in the order in which they arrived.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np

from cloud.ingest.cursors import Arrived
from cloud.latest.values import Ints, LatestOfKind, LatestValues, Rows
from cloud.telemetry import frames
from protocols.readings import Table

log = logging.getLogger(__name__)

FROM_THE_FUTURE_S = 300  # a clock that is further ahead would stop its devices' live values until it is caught up
_NOBODY = -1

Wave = Sequence[Rows]


@dataclass(slots=True)
class Tally:
    """Readings that did not move live state, since the start."""

    strangers: int = 0  # of no device of the inventory
    late: int = 0
    from_the_future: int = 0


@dataclass(frozen=True, slots=True)
class _Sent:
    """A table, and who sent it when."""

    edge: str
    received_at: float
    table: Table


def waves(batches: Iterable[Arrived], latest: LatestValues, tally: Tally) -> Iterator[tuple[LatestOfKind, Wave]]:
    """Each wave of each kind, in order."""
    for kind, sent in _by_kind(batches).items():
        columns = latest.kinds.get(kind) or LatestOfKind(kind, [])
        good, places, at = _sifted(columns, sent, tally)
        turns = _turns(places[good])
        for turn in range(int(turns.max(initial=_NOBODY)) + 1):
            yield columns, list(_rows(sent, good[turns == turn], places, at))


def _by_kind(batches: Iterable[Arrived]) -> dict[str, list[_Sent]]:
    kinds: dict[str, list[_Sent]] = {}
    for arrived in batches:
        for table in arrived.batch.tables:
            kinds.setdefault(table.kind, []).append(_Sent(arrived.edge, arrived.received_at, table))
    return kinds


def _sifted(columns: LatestOfKind, sent: Sequence[_Sent], tally: Tally) -> tuple[Ints, Ints, Ints]:
    """Which rows are good, and of all rows the place and the time."""
    place_of = columns.places.get
    rows = sum(len(one.table) for one in sent)
    numbers = (place_of(device, _NOBODY) for one in sent for device in one.table.devices)
    places = np.fromiter(numbers, np.int64, rows)
    at = np.fromiter(chain.from_iterable(one.table.at for one in sent), np.int64, rows)
    received_at = np.repeat([one.received_at for one in sent], [len(one.table) for one in sent])
    known, timely = places != _NOBODY, at <= received_at + FROM_THE_FUTURE_S
    strangers, hasty = np.flatnonzero(~known), np.flatnonzero(known & ~timely)
    _say_first(tally.strangers, strangers, sent, "no inventory names")
    _say_first(tally.from_the_future, hasty, sent, "is from the future; look at the edge's clock")
    tally.strangers += len(strangers)
    tally.from_the_future += len(hasty)
    return np.flatnonzero(known & timely), places, at


def _turns(places: Ints) -> Ints:
    """For each row how many rows before it have the same place."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    is_first = np.diff(ordered, prepend=_NOBODY) != 0
    since = np.maximum.accumulate(np.where(is_first, np.arange(len(ordered)), 0))
    turns = np.empty(len(places), dtype=np.int64)
    turns[order] = np.arange(len(ordered)) - since
    return turns


def _rows(sent: Sequence[_Sent], wanted: Ints, places: Ints, at: Ints) -> Iterator[Rows]:
    """The wanted rows, those with the same quantities together."""
    is_wanted = np.zeros(len(places), dtype=np.bool_)
    is_wanted[wanted] = True
    for quantities, group in _by_quantities(sent).items():
        numbers = np.concatenate([np.arange(first, first + len(table)) for first, table in group])
        inside = np.flatnonzero(is_wanted[numbers])
        if len(inside):
            values, flags = np.empty((len(quantities), len(inside))), np.empty((len(quantities), len(inside)), np.uint8)
            for n in range(len(quantities)):
                values[n] = frames.column_of_values([table.values[n] for _, table in group], len(numbers))[inside]
                flags[n] = frames.column_of_flags([table.flags[n] for _, table in group])[inside]
            chosen = numbers[inside]
            yield Rows(places[chosen], at[chosen], quantities, values, flags)


def _by_quantities(sent: Sequence[_Sent]) -> dict[tuple[str, ...], list[tuple[int, Table]]]:
    """Tables with the same quantities, each with the number of its first row."""
    groups: dict[tuple[str, ...], list[tuple[int, Table]]] = {}
    firsts = accumulate((len(one.table) for one in sent), initial=0)
    for first, one in zip(firsts, sent, strict=False):
        groups.setdefault(one.table.quantities, []).append((first, one.table))
    return groups


def _say_first(counted: int, rows: Ints, sent: Sequence[_Sent], what: str) -> None:
    """Once; the rest is counted."""
    if counted or not len(rows):
        return
    row = int(rows[0])
    for one in sent:
        if row < len(one.table):
            table = one.table
            text = "%s sends readings of %s %s at %d, which %s"
            log.warning(text, one.edge, table.kind, table.devices[row], table.at[row], what)
            return
        row -= len(one.table)
