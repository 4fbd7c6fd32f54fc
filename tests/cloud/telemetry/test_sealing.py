"""The past lies in sealed files: to the bit what was written, one with what is live, and gone when its time is over."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.telemetry import merging
from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.duckdb_store import DuckDbStore, lock_down
from cloud.telemetry.encoding import Laid, lay_down
from cloud.telemetry.families import Part, family
from cloud.telemetry.sealing import MOST_LATE_FILES
from cloud.telemetry.store import Mark, StoreAway, Summaries
from cloud.telemetry.writing import Writer
from tests.cloud.telemetry.tables import table, voltage

LAMP, NEXT = "HL-000001", "HL-000002"
HOUR, DAY = 3_600, 86_400
ALWAYS = (0, 10**12)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DuckDbStore]:
    opened = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    yield opened
    await opened.close()


def files(store: DuckDbStore) -> list[str]:
    """The sealed files, without what they are found by."""
    found = sorted(str(path.relative_to(store.folder)) for path in store.folder.rglob("*.parquet"))
    return [name for name in found if name != "numbers.parquet"]


async def volts(store: DuckDbStore, device: str = LAMP) -> list[float | None]:
    return list((await store.raw("luminaire", device, ["voltage"], *ALWAYS)).values["voltage"])


async def test_an_hour_is_sealed_when_it_is_over_and_not_before(store: DuckDbStore) -> None:
    await store.write([voltage(LAMP, [10, HOUR], [230.1, 231])], None)
    assert await store.seal(HOUR + 599, 600) == 0
    assert files(store) == []
    assert await store.seal(HOUR + 600, 600) == 1
    assert files(store) == ["samples/luminaire/1970-01-01/h00.parquet"]
    assert await volts(store) == [230.1, 231]
    assert await store.seal(HOUR + 600, 600) == 0


async def test_a_day_of_summaries_is_sealed_in_the_morning_after(store: DuckDbStore) -> None:
    await store.write_summaries([Summaries("ward_1h", ["W1", "W1"], [0, DAY], {"energy_wh": [1.0, None]})])
    assert await store.seal(DAY + 2 * HOUR, 600) == 0
    assert await store.seal(DAY + 3 * HOUR, 600) == 1
    assert files(store) == ["summaries/ward_1h/1970-01/d01.parquet"]
    found = await store.summaries("ward_1h", [], ["energy_wh"], *ALWAYS)
    assert (list(found.at), list(found.fields["energy_wh"])) == ([0, DAY], [1.0, None])


async def test_hours_with_other_digits_and_other_quantities_are_read_as_one(store: DuckDbStore) -> None:
    await store.write([voltage(LAMP, [0], [230])], None)
    await store.write([voltage(LAMP, [HOUR], [230.125])], None)
    await store.write([voltage(LAMP, [2 * HOUR], [1 / 3])], None)
    await store.write([table("luminaire", [(LAMP, 3 * HOUR, {"current": None})], {})], None)
    await store.write([voltage(LAMP, [4 * HOUR], [231.5])], None)
    await store.seal(4 * HOUR, 0)
    columns = await store.raw("luminaire", LAMP, ["voltage", "current"], *ALWAYS)
    assert columns.values["voltage"] == [230, 230.125, 1 / 3, None, 231.5]
    assert columns.flags == {"voltage": [1, 1, 1, None, 1], "current": [None, None, None, 9, None]}


@pytest.mark.parametrize("sealed_again", [False, True])
async def test_late_rows_are_merged_with_a_sealed_hour(store: DuckDbStore, sealed_again: bool) -> None:
    both = table("luminaire", [(LAMP, at, {"voltage": 230.0, "current": 0.5}) for at in (10, 20)])
    await store.write([both, voltage(NEXT, [10], [229])], None)
    await store.seal(HOUR, 0)
    await store.write([table("luminaire", [(LAMP, 20, {"current": None, "active_power": 40.5})])], None)
    await store.write([voltage(LAMP, [15, 20], [1, 2]), voltage(LAMP, [15], [3])], None)
    if sealed_again:
        await store.seal(2 * HOUR, 0)
        assert files(store)[1:] == ["samples/luminaire/1970-01-01/h00.parquet"]
    columns = await store.raw("luminaire", LAMP, ["voltage", "current", "active_power"], *ALWAYS)
    assert columns.at == [10, 15, 20]
    assert columns.values == {"voltage": [230, 3, 2], "current": [0.5, None, None], "active_power": [None, None, 40.5]}
    assert columns.flags == {"voltage": [1, 1, 1], "current": [1, None, 9], "active_power": [None, None, 1]}
    stats = (await store.rollup("luminaire", [], ["voltage"], *ALWAYS, HOUR)).stats["voltage"]
    assert (stats.n, stats.last) == ([3, 1], [2, 229])


def test_a_row_that_comes_late_while_a_question_is_put_is_not_read_beside_the_one_that_it_replaces(
    tmp_path: Path,
) -> None:
    with duckdb.connect(str(tmp_path / "one.duckdb")) as db:
        catalogue = Catalogue(db, tmp_path)
        writer = Writer(db, catalogue)
        writer.write([voltage(LAMP, [0, HOUR], [1, 2])], None)
        [shelf] = catalogue.shelves.values()
        shelf.frozen, shelf.open = shelf.open, {}
        writer.write([voltage(LAMP, [0], [3])], None)
        asked = shelf.sources(0, 2 * HOUR)
        writer.write([voltage(LAMP, [HOUR], [4])], None)
        rows = db.execute(merging.rows(shelf, asked, ["voltage"], merging.span(0, 2 * HOUR))).fetchall()
        assert sorted(rows) == [(1, 0, 3.0, 1), (1, HOUR, 2.0, 1)]


async def test_many_late_files_become_one_again_and_the_last_write_stands(store: DuckDbStore) -> None:
    await store.write([voltage(LAMP, [10, 20], [0, 0])], None)
    for n in range(1, MOST_LATE_FILES + 2):
        await store.seal(n * HOUR, 0)
        assert len(files(store)) == n
        await store.write([voltage(LAMP, [10], [n])], None)
    await store.seal(99 * HOUR, 0)
    assert files(store) == ["samples/luminaire/1970-01-01/h00.parquet"]
    assert await volts(store) == [MOST_LATE_FILES + 1, 0]


async def test_a_row_that_comes_while_late_files_are_deleted_stands_above_those_that_a_crash_leaves(
    tmp_path: Path,
) -> None:
    loop = asyncio.get_running_loop()

    def reached(step: str) -> None:
        if step == "replaced":
            asyncio.run_coroutine_threadsafe(killed.write([voltage(LAMP, [10], [99])], None), loop).result()
        if step == "late file deleted":
            raise duckdb.Error("killed")

    killed = DuckDbStore(tmp_path / "telemetry.duckdb", reached)
    for n in range(MOST_LATE_FILES + 2):
        await killed.write([voltage(LAMP, [10], [n])], None)
        with suppress(StoreAway):
            await killed.seal((n + 1) * HOUR, 0)
    assert len(files(killed)) == 1 + MOST_LATE_FILES
    await killed.close()
    after = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    assert await volts(after) == [99]
    await after.close()


async def test_a_row_of_a_sealed_summary_is_replaced_as_a_whole(store: DuckDbStore) -> None:
    hours = Summaries("ward_1h", ["W1", "W1"], [0, HOUR], {"energy_wh": [1.0, 2.0], "lamps_n": [7.0, 7.0]})
    await store.write_summaries([hours])
    await store.seal(2 * DAY, 0)
    await store.write_summaries([Summaries("ward_1h", ["W1"], [HOUR], {"energy_wh": [9.0]})])
    for now in (2 * DAY, 3 * DAY):
        await store.seal(now, 0)
        found = await store.summaries("ward_1h", ["W1"], ["energy_wh", "lamps_n"], *ALWAYS)
        assert (list(found.fields["energy_wh"]), list(found.fields["lamps_n"])) == ([1.0, 9.0], [7.0, None])


async def test_retention_takes_whole_files_and_the_rows_of_an_hour_that_is_cut(store: DuckDbStore) -> None:
    await store.write([voltage(LAMP, [0, HOUR, HOUR + 10, 2 * HOUR], [1, 2, 3, 4]), voltage(NEXT, [0], [5])], None)
    await store.seal(3 * HOUR, 0)
    await store.drop_before("luminaire", HOUR)
    assert files(store) == [f"samples/luminaire/1970-01-01/h0{n}.parquet" for n in (1, 2)]
    assert [await volts(store, lamp) for lamp in (LAMP, NEXT)] == [[2, 3, 4], []]
    await store.drop_before("luminaire", HOUR + 10)
    assert await volts(store) == [3, 4]
    await store.drop_before("luminaire", DAY)
    assert (files(store), await volts(store)) == ([], [])
    assert not (store.folder / "samples" / "luminaire" / "1970-01-01").exists()


async def test_a_dropped_hour_may_come_again(store: DuckDbStore) -> None:
    await store.write([voltage(LAMP, [0, HOUR], [1, 2])], None)
    await store.seal(3 * HOUR, 0)
    await store.drop_before("luminaire", HOUR)
    await store.write([voltage(LAMP, [0], [3])], None)
    await store.seal(4 * HOUR, 0)
    assert await volts(store) == [3, 2]


async def test_what_is_sealed_is_found_after_a_restart(tmp_path: Path) -> None:
    before = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    await before.write([voltage(LAMP, [0, HOUR], [1, 2])], Mark("inbox", 3))
    await before.seal(HOUR, 0)
    await before.write([voltage(LAMP, [10], [3])], None)
    await before.close()
    (before.folder / "samples/luminaire/1970-01-01/h00.parquet.tmp").write_bytes(b"half")
    after = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    assert await volts(after) == [1, 3, 2]
    assert not list(after.folder.rglob("*.tmp"))
    await after.seal(2 * HOUR, 0)
    assert (await volts(after), await after.mark()) == ([1, 3, 2], Mark("inbox", 3))
    await after.close()


async def test_sealed_files_outlive_the_database(tmp_path: Path) -> None:
    before = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    await before.write([voltage(NEXT, [0], [1]), voltage(LAMP, [0], [2])], None)
    await before.seal(HOUR, 0)
    await before.close()
    (tmp_path / "telemetry.duckdb").unlink()
    after = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    assert (await volts(after), await volts(after, NEXT)) == ([2], [1])
    await after.write([voltage("HL-000003", [0], [3])], None)
    assert await volts(after) == [2]
    await after.close()


async def test_a_file_of_the_first_layout_is_taken_over(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "telemetry.duckdb")) as old:
        for statement in _FIRST_LAYOUT:
            old.execute(statement)
    store = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    for now in (0, DAY, 2 * DAY):
        await store.seal(now, 0)
        columns = await store.raw("luminaire", NEXT, ["voltage"], *ALWAYS)
        assert (columns.at, columns.values) == ([10, 4_000], {"voltage": [230.5, None]})
        assert columns.flags == {"voltage": [1, 9]}
        assert list((await store.summaries("ward_1h", [], ["energy_wh"], *ALWAYS)).fields["energy_wh"]) == [7]
        assert await store.mark() == Mark("inbox", 17)
    assert files(store)[0] == "samples/luminaire/1970-01-01/h00.parquet"
    await store.close()


_FIRST_LAYOUT = (
    "CREATE SCHEMA own",
    "CREATE SCHEMA samples",
    "CREATE SCHEMA summaries",
    "CREATE TABLE own.mark (inbox VARCHAR NOT NULL, position BIGINT NOT NULL)",
    "CREATE TABLE own.devices (number INTEGER NOT NULL, name VARCHAR NOT NULL)",
    'CREATE TABLE samples."luminaire" (device INTEGER NOT NULL, "at" BIGINT NOT NULL)',
    'ALTER TABLE samples."luminaire" ADD COLUMN "voltage" DOUBLE',
    'ALTER TABLE samples."luminaire" ADD COLUMN "voltage_q" UTINYINT',
    'CREATE TABLE summaries."ward_1h" ("key" INTEGER NOT NULL, "at" BIGINT NOT NULL, "energy_wh" DOUBLE)',
    "INSERT INTO own.mark VALUES ('inbox', 17)",
    "INSERT INTO own.devices VALUES (1, 'HL-000001'), (2, 'HL-000002'), (3, 'W1')",
    'INSERT INTO samples."luminaire" VALUES (2, 4000, NULL, 9), (1, 10, 229, 1), (2, 10, 230.5, 1)',
    'INSERT INTO summaries."ward_1h" VALUES (3, 0, 7)',
)


def test_sql_reaches_the_sealed_files_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (tmp_path / "own").mkdir()
    with duckdb.connect(str(tmp_path / "one.duckdb")) as db:
        lock_down(db, tmp_path / "own")
        db.execute(f"COPY (SELECT 1 AS a) TO '{tmp_path}/own/a.parquet'")
        for statement in (
            f"FROM read_csv('{tmp_path}/secret.csv')",
            f"COPY (SELECT 1 AS a) TO '{tmp_path}/b.parquet'",
            f"ATTACH '{tmp_path}/other.duckdb'",
            "SET enable_external_access = true",
            "LOAD httpfs",
        ):
            with pytest.raises(duckdb.Error):
                db.execute(statement)


@pytest.fixture(scope="module")
def bare() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        yield db


_TENTHS = st.integers(-(2**40), 2**40).map(lambda n: n / 10)
_VALUES = st.one_of(st.floats(allow_nan=False), _TENTHS, st.integers(-(2**53), 2**53).map(float), st.none())


@given(st.lists(_VALUES, min_size=1, max_size=40))
@settings(deadline=None, max_examples=60)
def test_every_number_comes_back_to_the_bit(
    bare: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory, values: list[float | None]
) -> None:
    path = tmp_path_factory.mktemp("bits", numbered=True) / "x.parquet"
    laid, read = _through(bare, path, values)
    assert laid.rows == len(values)
    assert list(map(_bits, read)) == list(map(_bits, values))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([230.1, None, 229.0], "DECIMAL(9,1)"),
        ([1203.412, 0.5], "DECIMAL(9,3)"),
        ([4_294_967_295.0, 0.0], "DECIMAL(11,0)"),
        ([99_999_999.999], "DECIMAL(11,3)"),
        ([230.1, 1 / 3], "DOUBLE"),
        ([1e300], "DOUBLE"),
    ],
)
def test_a_column_takes_the_fewest_digits_that_lose_nothing(
    bare: duckdb.DuckDBPyConnection, tmp_path: Path, values: list[float | None], kind: str
) -> None:
    _, read = _through(bare, tmp_path / "x.parquet", values)
    assert read == values
    described = {row[0]: row[1] for row in bare.execute(f"DESCRIBE FROM '{tmp_path}/x.parquet'").fetchall()}
    assert described == {"number": "INTEGER", "at": "BIGINT", "voltage": kind}


def _through(db: duckdb.DuckDBPyConnection, path: Path, values: list[float | None]) -> tuple[Laid, list[float | None]]:
    """Good values, and a missing one, into a file and out of it."""
    db.execute('CREATE OR REPLACE TABLE points (number INTEGER, "at" BIGINT, voltage DOUBLE, voltage_q UTINYINT)')
    rows = [[n, value, None if value is None else 1] for n, value in enumerate(values)]
    db.executemany("INSERT INTO points VALUES (1, ?, ?, ?)", rows)
    laid = lay_down(db, family(Part.SAMPLES, "luminaire"), "points", "TRUE", ["voltage"], path)
    read = db.execute(f"FROM '{path}' ORDER BY \"at\"").fetchnumpy()
    if "voltage" not in read:
        return laid, [None] * len(read["at"])
    return laid, [None if value is None else float(value) for value in read["voltage"].tolist()]


def _bits(value: float | None) -> bytes | None:
    """Zero has no sign here."""
    return None if value is None else struct.pack("<d", value + 0.0)
