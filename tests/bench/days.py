"""A city's readings as commits of the telemetry store, minute by minute, for the benches of the store."""

from collections.abc import Iterator, Sequence

from protocols.readings import Table
from tests.bench.fleet import LAMP_QUANTITIES, STATION_QUANTITIES, Fleet, Rows


def minute(fleet: Fleet, number: int) -> list[Table]:
    """Everything that is measured in one minute."""
    lamps = _table("luminaire", LAMP_QUANTITIES, fleet.lamp_ids, fleet.lamps(number))
    stations = [_table("air_station", STATION_QUANTITIES, fleet.station_ids, rows) for rows in fleet.stations(number)]
    return [lamps, *stations]


def samples(tables: Sequence[Table]) -> int:
    return sum(len(table) * len(table.quantities) for table in tables)


def batches(fleet: Fleet, number: int, rows: int) -> Iterator[Table]:
    """The lamps of a minute in pieces, as edges send them."""
    [everything, *_] = minute(fleet, number)
    for first in range(0, len(everything), rows):
        part = slice(first, first + rows)
        values = [column[part] for column in everything.values]
        flags = [column[part] for column in everything.flags]
        yield Table(
            everything.kind, everything.quantities, everything.devices[part], everything.at[part], values, flags
        )


def _table(kind: str, quantities: tuple[str, ...], ids: list[str], rows: Rows) -> Table:
    devices = [ids[index] for index in rows.index.tolist()]
    good = [1] * len(devices)
    return Table(
        kind,
        quantities,
        devices,
        rows.at.tolist(),
        [rows.values[q].tolist() for q in quantities],
        [good] * len(quantities),
    )
