"""What the edges of a fleet send: batches of the real wire format, each with its moment."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import numpy as np

from protocols import topics, wire
from protocols.readings import Table
from protocols.topics import Stream
from protocols.wire import Header
from tests.bench.fleet import SITE, Fleet, Ints, Rows

EPOCH = "bench00000000001"
DEAD_W = 0.4

_Sent = tuple[int, str, Table]  # second, edge, and what it read


@dataclass(frozen=True, slots=True)
class Batch:
    """`at` is the domain second at which it leaves its edge, with its fraction."""

    at: float
    topic: str
    payload: bytes
    table: Table

    @property
    def samples(self) -> int:
        return len(self.table) * len(self.table.quantities)


@dataclass(slots=True)
class Edges:
    """The live streams of all edges: a batch for each round of a bus, with its edge's next seq.

    A segment of lamps is a bus, and so are an edge's stations. `later` puts the fleet's time off by some seconds.
    """

    fleet: Fleet
    later: int = 0
    _last: Counter[str] = field(default_factory=Counter)

    def minute(self, minute: int, dead: Collection[str] = ()) -> list[Batch]:
        """Batches in order of time. The lamps in `dead` take no power."""
        return list(self._in_order(self._rounds(minute, dead)))

    def dead_lamps(self, lamps: Iterable[str], at: int) -> list[Batch]:
        """A reading of each of some lamps without power, in a batch of its own."""
        return [self._batch(self._edge_of_lamp(lamp), at, _dead(lamp, at)) for lamp in lamps]

    def _rounds(self, minute: int, dead: Collection[str]) -> Iterator[_Sent]:
        fleet = self.fleet
        lamps = _per_bus("luminaire", fleet.lamps(minute), fleet.lamp_ids, fleet.segment, self.later)
        yield from ((at, fleet.edge_ids[bus // 2], _failed(table, dead)) for at, bus, table in lamps)
        for rows in fleet.stations(minute):
            stations = _per_bus("air_station", rows, fleet.station_ids, fleet.station_edge, self.later)
            yield from ((at, fleet.edge_ids[bus], table) for at, bus, table in stations)

    def _in_order(self, sent: Iterable[_Sent]) -> Iterator[Batch]:
        """The batches of a second leave one after the other, evenly."""
        second = itemgetter(0)
        for at, group in groupby(sorted(sent, key=second), key=second):
            together = list(group)
            for n, (_, edge, table) in enumerate(together):
                yield self._batch(edge, at + n / len(together), table)

    def _edge_of_lamp(self, lamp: str) -> str:
        return self.fleet.edge_ids[int(self.fleet.segment[self.fleet.lamp_ids.index(lamp)]) // 2]

    def _batch(self, edge: str, at: float, table: Table) -> Batch:
        self._last[edge] += 1
        [body] = wire.encode_tables([table])
        payload = wire.seal(Header(EPOCH, self._last[edge], 1), body)
        return Batch(at, topics.topic(SITE, edge, Stream.LIVE), payload, table)


def _per_bus(kind: str, rows: Rows, ids: Sequence[str], bus_of: Ints, later: int) -> Iterator[tuple[int, int, Table]]:
    """Second, bus and table of each round."""
    bus = bus_of[rows.index]
    order = np.argsort(bus, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(bus[order])) + 1):
        at = (rows.at[part] + later).tolist()
        values = [column[part].tolist() for column in rows.values.values()]
        flags = [[1] * len(part)] * len(values)
        devices = [ids[place] for place in rows.index[part].tolist()]
        yield at[0], int(bus[part[0]]), Table(kind, tuple(rows.values), devices, at, values, flags)


def _failed(table: Table, dead: Collection[str]) -> Table:
    column = table.values[table.quantities.index("active_power")]
    assert isinstance(column, list)
    for row, device in enumerate(table.devices):
        if device in dead:
            column[row] = DEAD_W
    return table


def _dead(lamp: str, at: int) -> Table:
    values: list[list[float | None]] = [[100.0], [DEAD_W], [230.0]]
    return Table("luminaire", ("actual_level", "active_power", "voltage"), [lamp], [at], values, [[1], [1], [1]])
