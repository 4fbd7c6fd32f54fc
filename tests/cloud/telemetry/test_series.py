"""A chart shows what is stored and what is on its way to the store, each point once."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cloud.ingest.inbox import Inbox
from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.series import held, readings
from cloud.telemetry.store import Columns, Mark
from protocols.readings import Table
from tests.cloud.ingest.batches import arrival, broken_payload
from tests.cloud.telemetry.tables import table, voltage

LAMP = "HL-000001"


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    opened = Inbox(tmp_path / "inbox.sqlite")
    yield opened
    opened.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DuckDbStore]:
    opened = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    yield opened
    await opened.close()


async def chart(store: DuckDbStore, inbox: Inbox, *quantities: str, start: int = 0, end: int = 1_000) -> Columns:
    return await readings(store, inbox, "luminaire", LAMP, quantities or ("voltage",), start, end)


async def commit(store: DuckDbStore, inbox: Inbox, *tables: Table) -> None:
    """Everything in the inbox, which is these tables, is in the store too."""
    await store.write(tables, Mark(inbox.uuid, inbox.last_position()))


async def test_a_chart_goes_on_where_the_store_ends(store: DuckDbStore, inbox: Inbox) -> None:
    inbox.accept([arrival(1, voltage(LAMP, [10], [230]))])
    await commit(store, inbox, voltage(LAMP, [10], [230]))
    inbox.accept([arrival(2, voltage(LAMP, [20], [231])), arrival(3, voltage(LAMP, [15], [None]))])
    columns = await chart(store, inbox)
    assert columns.at == [10, 15, 20]
    assert columns.values == {"voltage": [230, None, 231]}
    assert columns.flags == {"voltage": [1, 9, 1]}


async def test_a_chart_looks_the_same_before_and_after_the_commit(store: DuckDbStore, inbox: Inbox) -> None:
    tables = [
        voltage(LAMP, [10, 20], [230, 231]),
        table("luminaire", [(LAMP, 20, {"current": 0.5}), (LAMP, 30, {"current": None})]),
        voltage(LAMP, [20], [299]),
    ]
    inbox.accept([arrival(seq, one) for seq, one in enumerate(tables, 1)])
    before = await chart(store, inbox, "voltage", "current", "rain")
    await commit(store, inbox, *tables)
    assert await chart(store, inbox, "voltage", "current", "rain") == before
    assert before.values == {"voltage": [230, 299, None], "current": [None, 0.5, None], "rain": [None] * 3}
    assert before.flags == {"voltage": [1, 1, None], "current": [None, 1, 9], "rain": [None] * 3}


async def test_a_later_batch_replaces_a_stored_point_quantity_by_quantity(store: DuckDbStore, inbox: Inbox) -> None:
    await commit(store, inbox, table("luminaire", [(LAMP, 10, {"voltage": 230.0, "current": 0.5})]))
    inbox.accept([arrival(1, voltage(LAMP, [10], [231]))])
    columns = await chart(store, inbox, "voltage", "current")
    assert columns.values == {"voltage": [231], "current": [0.5]}


async def test_a_chart_has_its_span_its_device_its_kind_and_nothing_else(store: DuckDbStore, inbox: Inbox) -> None:
    inbox.accept(
        [
            arrival(1, table("luminaire", [(LAMP, at, {"voltage": 1.0}) for at in (9, 10, 19, 20)])),
            arrival(5, table("luminaire", [("HL-000002", 15, {"voltage": 1.0}), (LAMP, 18, {"voltage": 1.0})])),
            arrival(2, table("meter", [(LAMP, 16, {"voltage": 400.0})])),
            arrival(3, table("luminaire", [(LAMP, 17, {"current": 0.5})])),
            arrival(4, broken_payload(4) + f'"{LAMP}"'.encode()),
        ]
    )
    assert (await chart(store, inbox, start=10, end=20)).at == [10, 18, 19]


async def test_more_batches_than_a_page_holds_are_all_seen(store: DuckDbStore, inbox: Inbox) -> None:
    inbox.accept([arrival(seq, voltage(LAMP, [seq], [seq])) for seq in range(1, 431)])
    assert (await chart(store, inbox)).at == [*range(1, 431)]


async def test_the_mark_of_another_inbox_hides_nothing(store: DuckDbStore, inbox: Inbox) -> None:
    await store.write([], Mark("another", 99))
    inbox.accept([arrival(1, voltage(LAMP, [10], [230]))])
    assert (await chart(store, inbox)).at == [10]


async def test_what_another_edge_says_of_a_device_is_in_no_chart(store: DuckDbStore, inbox: Inbox) -> None:
    inbox.accept([arrival(1, voltage(LAMP, [10], [0])), arrival(1, voltage(LAMP, [20], [230]), edge="HL-E02")])
    columns = await readings(store, inbox, "luminaire", LAMP, ["voltage"], 0, 100, {LAMP: "HL-E02"}.get)
    assert columns.values == {"voltage": [230]}


def test_what_was_not_sent_is_what_it_was_for_as_long_as_a_heartbeat() -> None:
    columns = Columns(
        [10, 20, 30, 700, 710, 720],
        {"actual_level": [50, None, None, None, None, None], "voltage": [230, 231, None, 229, 230, None]},
        {"actual_level": [1, None, None, None, 9, None], "voltage": [1, 1, 9, 1, 1, None]},
    )
    assert held(columns, 600) == {
        "actual_level": [50, 50, 50, None, None, None],
        "voltage": [230, 231, None, 229, 230, 230],
    }
