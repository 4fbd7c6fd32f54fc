"""A table of luminaires against the city that it is for: all that is wrong in one pass, and what it would change.

A row is a whole luminaire, named by its id. A column that is not in the file leaves what is there; an empty cell of one
that is empties it. Luminaires that are not in the file stay, unless they are to be retired.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

import numpy as np

from protocols.inventory import City, Group, Luminaire
from protocols.lamp_table import Mistake, MistakeCode, Row, Table, mistake
from rules.fleet_outlines import within
from rules.lamp_cells import CellReader, Taken

POLE_REACH_M = 10.0  # two luminaires of one pole hang on its arms
_METRES = 111_320.0  # of a degree of latitude


@dataclass(frozen=True, slots=True)
class Judged:
    """The luminaires of the rows that are right alone, and what is wrong, by row. With a mistake nothing is taken."""

    lamps: Sequence[Luminaire]
    mistakes: Sequence[Mistake]
    rows: int


def judge(
    table: Table,
    city: City,
    taken: Taken,
    *,
    retire: bool = False,
    new_segments: bool = False,
    locked_out: Set[str] = frozenset(),
) -> Judged:
    """Everything that is wrong with a table. `retire` as in `merged`; segments that nobody knows are mistakes unless
    they are said to be new. `locked_out` luminaires may not leave their edge."""
    reader = CellReader(city, taken, new_segments)
    read = [(row, reader.lamp(row)) for row in table.rows]
    right = [(row.number, lamp) for row, lamp in read if lamp is not None]
    ids = {row.cells.get("id") for row in table.rows}
    unnamed = [lamp for lamp in city.luminaires if lamp.id not in ids]
    staying = [] if retire else unnamed
    found = [*table.mistakes, *reader.mistakes, *_ids_twice(table.rows), *_strays(city, right)]
    found += [*_torn_segments(right, staying), *_torn_poles(right, staying), *_unlocked(city, right, locked_out)]
    if retire:
        gone = [lamp.id for lamp in unnamed if lamp.id in locked_out]
        found += [mistake(1, "id", name, MistakeCode.LOCKED_OUT) for name in gone]
    if not table.rows and not table.mistakes:
        found.append(mistake(1, "", "", MistakeCode.NO_ROWS))
    return Judged([lamp for _, lamp in right], sorted(found, key=lambda one: one.row), len(table.rows))


def _ids_twice(rows: Sequence[Row]) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for row in rows:
        name = row.cells.get("id", "")
        if name and first.setdefault(name, row.number) != row.number:
            yield mistake(row.number, "id", name, MistakeCode.ID_TWICE, first=first[name])


def _strays(city: City, right: Sequence[tuple[int, Luminaire]]) -> Iterator[Mistake]:
    for stray in strays(city, [lamp for _, lamp in right]):
        number, lamp = right[stray.place]
        yield mistake(number, "ward", lamp.ward, MistakeCode.OUTSIDE_WARD, right=stray.right or "")


@dataclass(frozen=True, slots=True)
class Stray:
    """A luminaire that does not stand in its ward, by its place in the list, and the ward that it does stand in."""

    place: int
    right: str | None


def strays(city: City, lamps: Sequence[Luminaire]) -> Sequence[Stray]:
    """Luminaires that stand outside their ward's outline. Outlines end at the shore: who lights a bridge may."""
    outlines = {ward.id: ward.outline for ward in city.wards if ward.outline}
    east = np.array([lamp.longitude for lamp in lamps], dtype=np.float64)
    north = np.array([lamp.latitude for lamp in lamps], dtype=np.float64)
    found: list[int] = []
    for ward, outline in outlines.items():
        here = [n for n, lamp in enumerate(lamps) if lamp.ward == ward and lamp.use != "bridge"]
        places = np.array(here, dtype=np.int64)
        found += places[~within(outline, east[places], north[places])].tolist()
    out = np.array(sorted(found), dtype=np.int64)
    homes: dict[int, str] = {}
    for ward, outline in outlines.items():
        homes |= dict.fromkeys(out[within(outline, east[out], north[out], 0.0)].tolist(), ward)
    return [Stray(place, homes.get(place)) for place in out.tolist()]


def _torn_segments(right: Sequence[tuple[int, Luminaire]], staying: Sequence[Luminaire]) -> Iterator[Mistake]:
    """A segment hangs on one phase of one cabinet: where most of it hangs. The rest is named."""
    hung = defaultdict[str, Counter[tuple[str, str]]](Counter)
    for lamp in (*staying, *(lamp for _, lamp in right)):
        hung[lamp.segment][lamp.cabinet, lamp.phase] += 1
    for number, lamp in right:
        (cabinet, phase), _ = hung[lamp.segment].most_common(1)[0]
        if lamp.cabinet != cabinet:
            two = MistakeCode.SEGMENT_ON_TWO_CABINETS
            yield mistake(number, "cabinet", lamp.cabinet, two, segment=lamp.segment, right=cabinet)
        elif lamp.phase != phase:
            two = MistakeCode.SEGMENT_ON_TWO_PHASES
            yield mistake(number, "phase", lamp.phase, two, segment=lamp.segment, right=phase)


def _torn_poles(right: Sequence[tuple[int, Luminaire]], staying: Sequence[Luminaire]) -> Iterator[Mistake]:
    """A pole of a street stands in one place: where its first luminaire does."""
    first: dict[tuple[str, str], Luminaire] = {}
    for lamp in staying:
        first.setdefault((lamp.street, lamp.pole), lamp)
    for number, lamp in right:
        other = first.setdefault((lamp.street, lamp.pole), lamp)
        apart = _metres(lamp, other)
        if lamp.pole and apart > POLE_REACH_M:
            two = MistakeCode.POLE_IN_TWO_PLACES
            yield mistake(number, "pole", lamp.pole, two, other=other.id, metres=round(apart))


def _unlocked(city: City, right: Sequence[tuple[int, Luminaire]], locked_out: Set[str]) -> Iterator[Mistake]:
    """A lock-out lies on the disk of the edge that took it: at another edge the luminaire would be lit, with people
    thinking that it cannot be."""
    edges = {cabinet.id: cabinet.edge for cabinet in city.cabinets}
    held = {lamp.id: edges[lamp.cabinet] for lamp in city.luminaires if lamp.id in locked_out}
    for number, lamp in right:
        if held.get(lamp.id, edges[lamp.cabinet]) != edges[lamp.cabinet]:
            yield mistake(number, "cabinet", lamp.cabinet, MistakeCode.LOCKED_OUT)


def _metres(one: Luminaire, other: Luminaire) -> float:
    across = math.cos(math.radians(one.latitude)) * (one.longitude - other.longitude)
    return _METRES * math.hypot(across, one.latitude - other.latitude)


@dataclass(frozen=True, slots=True)
class Merged:
    """The city as it will be, and the ids of what is new, other than it was, the same, and gone."""

    city: City
    added: Sequence[str]
    changed: Sequence[str]
    unchanged: Sequence[str]
    retired: Sequence[str]


def merged(city: City, lamps: Sequence[Luminaire], *, retire: bool) -> Merged:
    """Luminaires keep their places, new ones come last; `retire` those that are not listed."""
    said, held = {lamp.id: lamp for lamp in lamps}, {lamp.id: lamp for lamp in city.luminaires}
    gone = [name for name in held if name not in said] if retire else []
    kept = [said.get(lamp.id, lamp) for lamp in city.luminaires if not (retire and lamp.id not in said)]
    new = [lamp for lamp in said.values() if lamp.id not in held]
    same = [name for name, lamp in said.items() if held.get(name) == lamp]
    other = [name for name, lamp in said.items() if name in held and held[name] != lamp]
    groups = tuple(_without(city.groups, frozenset(gone)))
    grown = city.model_copy(update={"luminaires": (*kept, *new), "groups": groups})
    return Merged(grown, [lamp.id for lamp in new], other, same, gone)


def _without(groups: Sequence[Group], gone: frozenset[str]) -> Iterator[Group]:
    """A group of which nothing is left goes, too."""
    for group in groups:
        members = tuple(name for name in group.members if name not in gone)
        if members:
            yield group if len(members) == len(group.members) else group.model_copy(update={"members": members})
