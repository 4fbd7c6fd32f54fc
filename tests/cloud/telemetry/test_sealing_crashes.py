"""A seal may be killed at any moment: what was promised is there afterwards, once."""

import asyncio
import random
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import StoreAway
from protocols.readings import Table
from tests.cloud.ingest.full_disk import largest_file
from tests.cloud.telemetry.sealing_process import LAMPS, expected, expected_steps
from tests.forked import talking

ALWAYS = (0, 10**12)
HOUR = 3_600
STEPS = (
    *("frozen", "copied", "renamed", "dropped", "checkpointed"),
    *("folded", "replaced", "late file deleted"),
)


def a_process_that_seals(path: Path, *arguments: str) -> AbstractAsyncContextManager[asyncio.StreamReader]:
    """What it promises; it is killed in the middle of whatever it does then."""
    return talking("tests.cloud.telemetry.sealing_process", str(path), *arguments)


async def promises(lines: asyncio.StreamReader, most: int) -> int:
    """The last round that was promised, of so many more, or of all until the process has ended itself."""
    last = 0
    async with asyncio.timeout(120):
        for _ in range(most):
            line = await lines.readline()
            if not line:
                break
            last = int(line)
    return last


async def check(path: Path, promised: int, *, seal: bool = False) -> None:
    """Nothing is lost, nothing doubled; and, at the end, all of it can be sealed still."""
    store = await DuckDbStore.open(path)
    mark = await store.mark()
    assert mark is not None
    assert mark.position >= promised
    await check_rows(store, mark.position)
    if seal:
        await store.seal((mark.position + 1_000) * HOUR, 0)
        await check_rows(store, mark.position)
    assert not list(store.folder.rglob("*.tmp"))
    await store.close()


async def check_rows(store: DuckDbStore, upto: int) -> None:
    for lamp in LAMPS:
        columns = await store.raw("luminaire", lamp, ["voltage", "current"], *ALWAYS)
        points = zip(columns.at, columns.values["voltage"], columns.values["current"], strict=True)
        assert {at: (volts, amps) for at, volts, amps in points} == expected(lamp, upto)
        assert len(columns.at) == upto
    rollup = await store.rollup("luminaire", [], ["voltage"], *ALWAYS, 10**12)
    assert rollup.stats["voltage"].n == [upto] * len(LAMPS)
    found = await store.summaries("ward_1h", ["W1"], ["energy_wh"], *ALWAYS)
    steps = dict(zip(found.at, found.fields["energy_wh"], strict=True))
    assert len(steps) == len(found.at)
    assert steps in (expected_steps(upto), expected_steps(upto + 1))  # summaries are written first


@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_at_this_step_of_a_seal_loses_and_doubles_nothing(tmp_path: Path, step: str) -> None:
    path = tmp_path / "telemetry.duckdb"
    promised = 0
    for nth in ("1", "4"):
        async with a_process_that_seals(path, step, nth) as lines:
            promised = max(promised, await promises(lines, 300))
        await check(path, promised)
    await check(path, promised, seal=True)


async def test_kills_at_any_moment_of_a_seal_lose_and_double_nothing(tmp_path: Path) -> None:
    path, chance, promised = tmp_path / "telemetry.duckdb", random.Random(20), 0
    for _ in range(11):
        async with a_process_that_seals(path, "after", str(chance.randint(1, 150))) as lines:
            promised = max(promised, await promises(lines, 300))
        await check(path, promised)
    await check(path, promised, seal=True)


@pytest.mark.parametrize("limit", [5_000, 50_000])
async def test_a_full_disk_during_a_seal_keeps_the_hour_where_it_is(tmp_path: Path, limit: int) -> None:
    """At 5 kB the sealed file does not fit; at 50 kB it does, but the database cannot let go of its table."""
    store = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    at, values = list(range(3_600)) * 5, [n * 7_919 % 1_000_003 / 7 for n in range(3_600 * 5)]  # cannot be packed
    lamps = [f"HL-{n // 3_600}" for n in range(len(at))]
    await store.write([Table("luminaire", ("voltage",), lamps, at, [values], [[1] * len(at)])], None)
    with largest_file(limit), pytest.raises(StoreAway):
        await store.seal(HOUR, 0)
    before = await store.raw("luminaire", "HL-3", ["voltage"], *ALWAYS)
    assert await store.seal(HOUR, 0) == 1
    assert await store.raw("luminaire", "HL-3", ["voltage"], *ALWAYS) == before
    assert before.values["voltage"] == values[3 * 3_600 : 4 * 3_600]
    await store.close()
