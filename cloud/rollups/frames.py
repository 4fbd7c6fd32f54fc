"""From the tables of a batch to the rows that are counted."""

from collections.abc import Iterable, Mapping, Sequence

from cloud.rollups.topology import Kind
from cloud.telemetry import frames
from protocols.readings import Table
from rules.fleet_hours import Rows
from rules.fleet_rollup import usable


def rows_by_kind(tables: Iterable[Table], kinds: Mapping[str, Kind]) -> dict[str, Rows]:
    """What is said of devices of the inventory, each point once, sorted by device and time."""
    groups = frames.by_kind([_of_ours(table, kinds[table.kind]) for table in tables if table.kind in kinds])
    return {kind: _rows(group, kinds[kind]) for kind, group in groups.items()}


def _of_ours(table: Table, kind: Kind) -> Table:
    if kind.numbers.keys() >= set(table.devices):
        return table
    return table.where(kind.numbers.__contains__)


def _rows(tables: Sequence[Table], kind: Kind) -> Rows:
    points = frames.folded(frames.frame(tables, kind.numbers))
    values = {q: usable(q, column, points.flags[q]) for q, column in points.values.items()}
    return Rows(points.devices, points.at, values)
