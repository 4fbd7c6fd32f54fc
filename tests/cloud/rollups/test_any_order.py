"""Whatever the order in which batches come, whenever the store has them, and however often the service starts again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.readings import Reading
from rules.energy import HOUR_S
from tests.cloud.cities import lamp_id
from tests.cloud.rollups.memory_store import MemoryStore
from tests.cloud.rollups.rolling import Rolling, Row, Rows
from tests.cloud.rollups.street import START

HOURS = 6
JUMPS = st.one_of(st.integers(0, 30), st.integers(0, 30), st.sampled_from([-2000, -50, -1, 100_000]))


@dataclass(frozen=True, slots=True)
class Came:
    """A batch, when it came, and what happened then."""

    readings: Sequence[Reading]
    at: float
    keeps: bool = False
    starts_again: bool = False
    saves: bool = True


TIMES = st.lists(st.integers(0, HOURS * 60 - 1), min_size=1, max_size=40, unique=True).map(sorted)
POWERS = st.sampled_from([None, 0.4, 60.1, 99.9])
DELAYS = st.sampled_from([0, 0, 60, 1_200, 4_000, 20_000])


@st.composite
def said(draw: st.DrawFn) -> list[list[Reading]]:
    """Batches of two lamps and a meter in order of time; registers may jump, dip, start again or be absent."""
    batches = []
    for device, kind in ((lamp_id(1), "luminaire"), (lamp_id(2), "luminaire"), ("HL-TC001-M", "meter")):
        register, has_register = draw(st.integers(0, 5000)), draw(st.booleans())
        readings = []
        for minute in draw(TIMES):
            register = max(0, register + draw(JUMPS))
            values: dict[str, float | None] = {"active_power": draw(POWERS)}
            if has_register and draw(st.integers(0, 4)):
                values["active_energy"] = register / 1000
            readings.append(Reading(device, kind, START + 60 * minute, values))
        size = draw(st.integers(1, 8))
        batches += [readings[first : first + size] for first in range(0, len(readings), size)]
    return sorted(batches, key=lambda batch: batch[-1].at)


@st.composite
def came(draw: st.DrawFn) -> tuple[list[Came], list[Came]]:
    """The same batches as they should come, and as they came."""
    batches = draw(said())
    delays = [draw(DELAYS) for _ in batches]
    late = sorted(zip(batches, delays, strict=True), key=lambda one: one[0][-1].at + one[1])
    happened = [
        Came(
            batch,
            batch[-1].at + delay + 1,
            keeps=draw(st.booleans()),
            starts_again=draw(st.integers(0, 9)) == 0,
            saves=draw(st.booleans()),
        )
        for batch, delay in late
    ]
    return [Came(batch, batch[-1].at + 1) for batch in batches], happened


async def rolled(batches: Sequence[Came]) -> Rows:
    with TemporaryDirectory() as folder:
        rolling = Rolling(Path(folder), MemoryStore())
        rolling.wall.seconds = START
        for batch in batches:
            rolling.receive(batch.readings, batch.at)
            await rolling.count()
            if batch.keeps:
                await rolling.keep()
            if batch.saves:
                rolling.rollups.save()
            if batch.starts_again:
                rolling.close()
                rolling.open()
        await rolling.settle((HOURS + 12) - int(rolling.wall.seconds - START) // HOUR_S)
        rolling.close()
        return {key: row for key, row in (await rolling.rows()).items() if says_anything(row)}


def says_anything(row: Row) -> bool:
    """A row that was taken back says that everything is missing; another run has never written it."""
    empty = row.get("energy_missing_n") == row.get("lamps_n") and "active_power_mean" not in row
    return not empty if "lamps_n" in row else "energy_wh" in row or any(field.endswith("_n") for field in row)


@settings(max_examples=15, deadline=None)
@given(came())
def test_rows_do_not_depend_on_the_order_in_which_batches_come(batches: tuple[list[Came], list[Came]]) -> None:
    in_order, as_they_came = (asyncio.run(rolled(one)) for one in batches)
    assert in_order.keys() == as_they_came.keys()
    different = {key: (row, as_they_came[key]) for key, row in in_order.items() if row != as_they_came[key]}
    assert different == {}
