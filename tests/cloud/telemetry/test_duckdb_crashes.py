"""What the embedded store has to survive: being killed at any moment, a full disk, a second process."""

import asyncio
import contextlib
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import duckdb
import pytest

from cloud.telemetry import catalogue
from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.store import Mark, StoreAway, StoreRefused
from protocols.readings import Table
from tests.cloud.ingest.full_disk import largest_file
from tests.cloud.telemetry.tables import table, voltage
from tests.cloud.telemetry.writing import ROWS
from tests.forked import talking

ALWAYS = (0, 10**12)


def a_process_that_writes(path: Path) -> AbstractAsyncContextManager[asyncio.StreamReader]:
    """What it prints; it is killed in the middle of whatever it does then."""
    return talking("tests.cloud.telemetry.writing", str(path), "inbox")


async def last_promise(lines: asyncio.StreamReader, enough: int) -> int:
    """The number of the newest write that the process was told is durable."""
    async with asyncio.timeout(30):
        numbers = [int(await lines.readline()) for _ in range(enough)]
    return numbers[-1]


async def test_a_kill_in_the_middle_of_writing_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    promised = 0
    for enough in (3, 9, 17):
        async with a_process_that_writes(path) as lines:
            promised = await last_promise(lines, enough)
        store = await DuckDbStore.open(path)
        mark = await store.mark()
        assert mark is not None
        assert mark.position >= promised
        rollup = await store.rollup("luminaire", [], ["voltage"], *ALWAYS, 10**12)
        assert rollup.stats["voltage"].n == [mark.position] * ROWS
        assert (await store.raw("luminaire", "HL-000007", ["voltage"], *ALWAYS)).at == [*range(1, mark.position + 1)]
        await store.close()


async def test_a_second_process_is_told_that_the_store_is_in_use(tmp_path: Path) -> None:
    async with a_process_that_writes(tmp_path / "telemetry.duckdb") as lines:
        await last_promise(lines, 1)
        with pytest.raises(StoreAway, match="lock"):
            await DuckDbStore.open(tmp_path / "telemetry.duckdb")


@pytest.mark.parametrize("limit_mb", [5, 17])
async def test_a_full_disk_is_survived_and_what_was_written_stays(tmp_path: Path, limit_mb: int) -> None:
    """At 5 MB the write-ahead log does not fit; at 17 MB its checkpoint fails, and DuckDB wants to be opened again."""
    store = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    lamps = [f"HL-{lamp:06d}" for lamp in range(50_000)]
    values = [lamp * 7_919 % 1_000_003 / 7 for lamp in range(len(lamps))]  # nothing that could be packed
    flags = [1] * len(lamps)
    written = 0
    with largest_file(limit_mb * 1_000_000), contextlib.suppress(StoreAway):
        while True:
            at = [written + 1] * len(lamps)
            rows = Table("luminaire", ("current", "voltage"), lamps, at, [values, values], [flags, flags])
            await store.write([rows], Mark("inbox", written + 1))
            written += 1
    assert written
    await store.write([voltage("HL-000001", [written + 1], [1.0])], Mark("inbox", written + 1))
    assert (await store.raw("luminaire", "HL-000001", ["voltage"], *ALWAYS)).at == [*range(1, written + 2)]
    assert await store.mark() == Mark("inbox", written + 1)
    assert (await store.health()).ok
    await store.close()


async def test_a_rogue_edge_cannot_make_tables_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "MOST_KINDS", 2)
    store = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    for kind in ("luminaire", "meter", "Meter"):
        await store.write([table(kind, [("HL-000001", 1, {"voltage": 1.0})])], None)
    with pytest.raises(StoreRefused, match="kind"):
        await store.write([table("rogue", [("HL-000001", 1, {"voltage": 1.0})])], None)
    await store.close()


async def test_a_kill_between_a_quantity_and_its_flag_stops_nothing(tmp_path: Path) -> None:
    """Found by a storm: the column of the values was there, that of the flags was not, and nothing was stored again."""
    path = tmp_path / "telemetry.duckdb"
    store = await DuckDbStore.open(path)
    await store.write([voltage("HL-000001", [10], [230])], Mark("inbox", 1))
    await store.close()
    with duckdb.connect(str(path)) as half:
        tables = half.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('shapes', 'hot')"
        ).fetchall()
        for schema, name in tables:
            half.execute(f'ALTER TABLE {schema}."{name}" ADD COLUMN current DOUBLE')
    store = await DuckDbStore.open(path)
    await store.write([table("luminaire", [("HL-000001", 20, {"current": 0.5})])], Mark("inbox", 2))
    columns = await store.raw("luminaire", "HL-000001", ["current", "voltage"], *ALWAYS)
    await store.close()
    assert columns.values == {"current": [None, 0.5], "voltage": [230, None]}
    assert columns.flags == {"current": [None, 1], "voltage": [1, None]}
