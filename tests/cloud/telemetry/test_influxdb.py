"""What only an InfluxDB does: it is elsewhere, asks for a token, has a mind of its own about types, and forgets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cloud.telemetry.influx_store import InfluxStore
from cloud.telemetry.settings import InfluxDb
from cloud.telemetry.store import Columns, StoreAway, StorePartly, StoreRefused, Summaries
from protocols.durations import span
from protocols.line_protocol import LAST_KEPT
from protocols.readings import LAST_SECOND, Table
from tests import influxdb
from tests.cloud.telemetry.tables import table, voltage

LAMP, NEXT = "HL-000001", "HL-000002"
ALWAYS = (0, 10**12)


@pytest.fixture(params=["influxdb"])
def server(influxdb_server: influxdb.Server) -> influxdb.Server:
    return influxdb_server


@pytest.fixture
async def store(server: influxdb.Server) -> AsyncIterator[InfluxStore]:
    async with influxdb.empty_store(server) as opened:
        yield opened


async def seconds(store: InfluxStore, device: str = LAMP) -> list[int]:
    return list((await store.raw("luminaire", device, ["voltage"], *ALWAYS)).at)


async def test_times_lie_on_the_millisecond_that_was_sent(server: influxdb.Server, store: InfluxStore) -> None:
    await store.write([voltage(LAMP, [1_795_262_400], [230])], None)
    answer = await server.ask('SELECT "voltage" FROM "luminaire"', store.settings.bucket)
    assert answer["results"][0]["series"][0]["values"] == [[1_795_262_400, 230]]


async def test_samples_lie_in_the_retention_policy_of_their_bucket(server: influxdb.Server, store: InfluxStore) -> None:
    await store.write([voltage(LAMP, [10], [230])], None)
    database = store.settings.bucket.partition("/")[0]
    assert "series" in (await server.ask('SELECT * FROM "luminaire"', f"{database}/raw"))["results"][0]
    assert "series" not in (await server.ask('SELECT * FROM "luminaire"', f"{database}/autogen"))["results"][0]


async def test_hours_and_five_minutes_may_be_kept_elsewhere(server: influxdb.Server) -> None:
    hours, minutes = await server.database(), await server.database()
    async with influxdb.empty_store(server, hours_bucket=hours, five_minutes_bucket=minutes) as store:
        for name in ("ward_1h", "ward_5m"):
            await store.write_summaries([Summaries(name, ["HL-W01"], [0], {"lamps_n": [7.0]})])
            assert (await store.summaries(name, [], ["lamps_n"], *ALWAYS)).fields["lamps_n"] == [7.0]
        for bucket, name in ((hours, "ward_1h"), (minutes, "ward_5m")):
            [series] = (await server.ask("SHOW MEASUREMENTS", bucket))["results"][0]["series"]
            assert series["values"] == [[name]]
    await server.drop(hours)
    await server.drop(minutes)


async def test_a_store_says_which_version_answers(store: InfluxStore) -> None:
    health = await store.health()
    assert (health.ok, health.version) == (True, "1.6.7~rc0")


async def asked(store: InfluxStore) -> Columns:
    return await store.raw("luminaire", LAMP, ["voltage"], *ALWAYS)


async def test_a_server_that_does_not_answer_is_away_for_every_call(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("any")
    closed = InfluxDb(engine="influxdb", url="http://127.0.0.1:1", bucket="city", token_file=tmp_path / "token")
    store = await InfluxStore.open(closed)
    for call in (
        store.write([voltage(LAMP, [10], [1])], None),
        store.raw("luminaire", LAMP, ["voltage"], *ALWAYS),
        store.rollup("luminaire", [], ["voltage"], 0, 60, 60),
        store.write_summaries([Summaries("ward_1h", ["HL-W01"], [0], {"lamps_n": [7.0]})]),
        store.summaries("ward_1h", [], ["lamps_n"], *ALWAYS),
    ):
        with pytest.raises(StoreAway, match="cannot be reached"):
            await call
    health = await store.health()
    assert not health.ok
    assert "cannot be reached" in (health.reason or "")
    await store.close()


@asynccontextmanager
async def somebody_else(tmp_path: Path, answer: bytes, patience: str = "30s") -> AsyncIterator[InfluxStore]:
    """A store whose server is none: it says the same to everybody, or nothing."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await reader.read()
        writer.close()

    (tmp_path / "token").write_text("any")
    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        store = await InfluxStore.open(
            InfluxDb(engine="influxdb", url=url, bucket="city", token_file=tmp_path / "token", timeout=span(patience))
        )
        try:
            yield store
        finally:
            await store.close()


async def test_a_server_that_says_nothing_is_away_after_a_while(tmp_path: Path) -> None:
    async with somebody_else(tmp_path, b"", patience="100ms") as store:
        for call in (store.write([voltage(LAMP, [10], [1])], None), asked(store)):
            with pytest.raises(StoreAway, match=r"has not answered for 0.1 s"):
                await call


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("200 OK", "answers like no InfluxDB"),  # a portal that wants to be agreed with
        ("302 Found\r\nLocation: /login", "says 302"),
        ("400 Bad Request", "says 400"),  # nginx, of plain HTTP at the door for HTTPS: not one word of a line
        ("422 Unprocessable Content", "says 422"),
        ("429 Too Many Requests", "says 429"),
        ("503 Service Unavailable", "says 503"),
    ],
)
async def test_only_204_means_that_samples_are_stored(tmp_path: Path, status: str, reason: str) -> None:
    async with somebody_else(tmp_path, f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nhi".encode()) as store:
        with pytest.raises(StoreAway, match=reason):
            await store.write([voltage(LAMP, [10], [1])], None)
        with pytest.raises(StoreAway):
            await asked(store)


async def test_a_token_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    nowhere = InfluxDb(engine="influxdb", url="http://127.0.0.1:1", bucket="city", token_file=tmp_path / "token")
    with pytest.raises(StoreAway, match="token"):
        await InfluxStore.open(nowhere)


async def test_a_wrong_token_is_answered_with_what_to_do(server: influxdb.Server) -> None:
    async with influxdb.empty_store(server, token="wrong") as store:
        for call in (store.write([voltage(LAMP, [10], [1])], None), asked(store)):
            with pytest.raises(StoreAway, match=r"401.*put a token that may read and write the bucket"):
                await call
        assert not (await store.health()).ok


@pytest.mark.parametrize("bucket", ["nowhere", "{there}/nothing"])
async def test_a_bucket_that_is_not_there_is_answered_with_what_to_do(server: influxdb.Server, bucket: str) -> None:
    there = await server.database()
    store = await InfluxStore.open(server.settings(bucket.format(there=there.partition("/")[0])))
    with pytest.raises(StoreAway, match=r"not found.*make the bucket"):
        await store.write([voltage(LAMP, [10], [1])], None)
    await store.close()
    await server.drop(there)


async def test_lines_of_the_wrong_type_are_named_and_all_others_are_stored(
    server: influxdb.Server, store: InfluxStore
) -> None:
    await server.put(store.settings.bucket, 'luminaire,device=by-hand current="half an ampere" 1000')
    mixed = [
        voltage(LAMP, [10], [1]),
        table("luminaire", [(NEXT, 10, {"current": 0.5}), (NEXT, 20, {"current": 0.6})]),
        table("meter", [(LAMP, 10, {"current": 7.0})]),
    ]
    with pytest.raises(StorePartly) as caught:
        await store.write(mixed, None)
    assert [(point.kind, point.name, point.at) for point in caught.value.points] == [
        ("luminaire", NEXT, 10),
        ("luminaire", NEXT, 20),
    ]
    assert caught.value.points[0].text == b"luminaire,device=HL-000002 current_q=1,current=0.5 10000"
    assert "already exists as type string" in caught.value.points[0].why
    assert await seconds(store) == [10]
    assert (await store.raw("meter", LAMP, ["current"], *ALWAYS)).values["current"] == [7.0]


async def test_a_time_that_the_engine_cannot_hold_is_named_and_all_others_are_stored(store: InfluxStore) -> None:
    at = [10, LAST_KEPT, LAST_KEPT + 1, LAST_SECOND]
    with pytest.raises(StorePartly, match="2262") as caught:
        await store.write([voltage(LAMP, at, [1, 2, 3, 4])], None)
    assert [point.at for point in caught.value.points] == at[2:]
    assert await seconds(store) == at[:2]
    with pytest.raises(StorePartly):
        await store.write_summaries([Summaries("ward_1h", ["a", "b"], [0, LAST_SECOND], {"lamps_n": [1.0, 2.0]})])
    assert list((await store.summaries("ward_1h", [], ["lamps_n"], *ALWAYS)).keys) == ["a"]


async def test_a_line_that_nobody_can_name_is_looked_for_by_halves(server: influxdb.Server, store: InfluxStore) -> None:
    """Two fields have the wrong type, and the server speaks of one at a time and of one line at most."""
    await server.put(store.settings.bucket, 'luminaire,device=by-hand current="x",active_power="y" 1000')
    rows = [voltage(f"HL-{n:06d}", [10], [1]) for n in range(50)]
    rows[17] = table("luminaire", [("HL-000017", 10, {"current": 0.5})])
    rows[41] = table("luminaire", [("HL-000041", 10, {"active_power": 40.0})])
    with pytest.raises(StorePartly) as caught:
        await store.write(rows, None)
    assert sorted(point.name for point in caught.value.points) == ["HL-000017", "HL-000041"]
    assert [await seconds(store, f"HL-{n:06d}") for n in range(50)] == [
        [] if n in (17, 41) else [10] for n in range(50)
    ]


async def test_what_a_bucket_would_forget_at_once_is_nobody_s_mistake(
    server: influxdb.Server, caplog: pytest.LogCaptureFixture
) -> None:
    bucket = await server.database(keep="90d")
    store = await InfluxStore.open(server.settings(bucket))
    now = 1_900_000_000  # 2030: not before the server's clock minus 90 days
    await store.write([voltage(LAMP, [10, now, 20], [1, 2, 3])], None)
    await store.write([voltage(LAMP, [30], [1])], None)
    assert await seconds(store) == [now]
    assert caplog.text.count("is older than the bucket") == 1
    await store.close()
    await server.drop(bucket)


async def test_a_mean_that_no_number_can_hold_does_not_take_the_other_figures_along(store: InfluxStore) -> None:
    await store.write([voltage(LAMP, [10, 20], [1.7e308, 1.7e308]), voltage(NEXT, [10], [3])], None)
    rollup = await store.rollup("luminaire", [], ["voltage"], 0, 60, 60)
    assert rollup.devices == [LAMP, NEXT]
    assert (rollup.stats["voltage"].n, rollup.stats["voltage"].max) == ([2, 1], [1.7e308, 3])


async def test_a_question_that_the_engine_cannot_answer_is_told_in_its_words(
    server: influxdb.Server, store: InfluxStore
) -> None:
    await server.put(store.settings.bucket, 'luminaire,device=by-hand current="half an ampere",current_q=1 1000')
    with pytest.raises(StoreAway, match="unsupported"):
        await store.rollup("luminaire", [], ["current"], 0, 60, 60)


async def test_it_forgets_by_its_bucket_only(store: InfluxStore) -> None:
    assert not store.capabilities().drops
    with pytest.raises(StoreRefused, match="retention"):
        await store.drop_before("luminaire", 10)


async def test_a_field_of_before_a_restart_does_not_shine_through(server: influxdb.Server, store: InfluxStore) -> None:
    await store.write_summaries([Summaries("ward_1h", ["HL-W01"], [0], {"energy_wh": [5.0], "lamps_n": [7.0]})])
    again = await InfluxStore.open(store.settings)
    await again.write_summaries([Summaries("ward_1h", ["HL-W01"], [0], {"lamps_n": [8.0]})])
    found = await again.summaries("ward_1h", [], ["energy_wh", "lamps_n"], *ALWAYS)
    assert found.fields == {"energy_wh": [None], "lamps_n": [8.0]}
    await again.close()


async def test_many_summaries_are_cut_into_requests_that_a_proxy_takes(store: InfluxStore) -> None:
    keys, fields = [f"HL-{n:06d}" for n in range(2_000)], [f"voltage_{n}" for n in range(40)]
    columns = {field: [float(n * 1_000 + row) for row in range(2_000)] for n, field in enumerate(fields)}
    await store.write_summaries([Summaries("luminaire_1h", keys, [0] * 2_000, columns)])
    found = await store.summaries("luminaire_1h", [], fields[-2:], *ALWAYS)
    assert (list(found.keys), found.fields) == (keys, {field: columns[field] for field in fields[-2:]})


async def test_a_table_without_anything_asks_nobody(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("any")
    closed = InfluxDb(engine="influxdb", url="http://127.0.0.1:1", bucket="city", token_file=tmp_path / "token")
    store = await InfluxStore.open(closed)
    await store.write([Table("luminaire", ("voltage",), [], [], [[]], [[]])], None)
    assert (await store.raw("luminaire", LAMP, [], *ALWAYS)).at == []
    await store.close()
