"""From columns of numbers to the summaries that a store keeps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from cloud.fleet.fleet import LUMINAIRE
from cloud.rollups.topology import Level, Topology
from cloud.telemetry.store import Summaries
from rules.fleet_hours import POWER, STEP_S, Closed
from rules.fleet_rollup import Floats
from rules.fleet_sums import LampHour, hour_sums, step_sums

ROWS = 5_000  # in one write: neither the store's thread nor the loop's is held for long
LAMP_FIELDS = ("energy_wh", "energy_q", "energy_events", f"{POWER}_mean")
_BY_STEPS = ("ward", "group", "city")


def hourly(name: str) -> str:
    """The summary of a kind's, or a level's, hours."""
    return f"{name}_1h"


def device_hours(kind: str, ids: Sequence[str], closed: Closed) -> Iterator[Summaries]:
    """The rows of one hour, some thousand at a time."""
    for first in range(0, len(closed.devices), ROWS):
        part = slice(first, first + ROWS)
        keys = [ids[n] for n in closed.devices[part].tolist()]
        columns = {name: column[part] for name, column in closed.fields.items()}
        yield _rows(hourly(kind), keys, closed.at, columns)


def lamp_hour(topology: Topology, closed: Closed) -> LampHour:
    """What a closed hour says of every lamp."""
    return LampHour.of(len(topology.kinds[LUMINAIRE].ids), closed.devices, closed.fields)


def sums_of_hour(topology: Topology, at: int, hour: LampHour) -> list[Summaries]:
    """An hour of all segments, cabinets, wards, groups and cities."""
    return [_rows(hourly(level.name), level.ids, at, hour_sums(hour, level.members)) for level in topology.levels]


def sums_of_steps(topology: Topology, steps: Iterable[tuple[int, Floats]]) -> list[Summaries]:
    """Some 5-minute steps, each with the power of every lamp. A step in which no lamp was heard has no row."""
    heard = [(at, power) for at, power in steps if not np.isnan(power).all()]
    return [_steps(level, heard) for level in _stepping(topology)] if heard else []


def steps_of(first: int, powers: Floats) -> list[tuple[int, Floats]]:
    """Rows of powers as steps that follow each other."""
    return [(first + n * STEP_S, power) for n, power in enumerate(powers)]


def _stepping(topology: Topology) -> Iterator[Level]:
    return (level for level in topology.levels if level.name in _BY_STEPS)


def _steps(level: Level, steps: Sequence[tuple[int, Floats]]) -> Summaries:
    """Together: a statement for each of them is what an embedded store takes longest for."""
    sums = [step_sums(power, level.members) for _, power in steps]
    columns = {field: np.concatenate([one[field] for one in sums]) for field in sums[0]}
    return _sorted(
        f"{level.name}_5m",
        list(level.ids) * len(steps),
        np.repeat([at for at, _ in steps], len(level.ids)).tolist(),
        columns,
    )


def _rows(name: str, keys: Sequence[str], at: int, columns: Mapping[str, Floats]) -> Summaries:
    """Rows of one step."""
    return _sorted(name, keys, [at] * len(keys), columns)


def _sorted(name: str, keys: Sequence[str], at: Sequence[int], columns: Mapping[str, Floats]) -> Summaries:
    """By key and step."""
    order = sorted(range(len(keys)), key=lambda row: (keys[row], at[row]))
    told = {field: _known(column.tolist(), order) for field, column in columns.items()}
    return Summaries(name, [keys[row] for row in order], [at[row] for row in order], told)


def _known(column: Sequence[float], order: Sequence[int]) -> list[float | None]:
    """NaN is unknown."""
    return [None if column[row] != column[row] else column[row] for row in order]
