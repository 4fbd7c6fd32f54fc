"""Whoever is on call sees how the telemetry is kept, and gets it out as a file that any tool reads."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event

import duckdb
import pytest
from typer.testing import CliRunner

from cloud.people.rights import Role
from cloud.telemetry.duckdb_store import DuckDbStore
from cloud.telemetry.settings import DuckDb
from cloud.telemetry.store import Summaries
from cloud.telemetry.upkeep import Upkeep
from haidang import console_client
from haidang.cli import app
from tests.cloud.clocks import EVENING, standing_clock
from tests.cloud.serving import Service
from tests.cloud.telemetry.tables import table, voltage

LAMP, NEXT = "HL-000001", "HL-000002"
HOUR, DAY = 3_600, 86_400
NOW = int(EVENING.timestamp())
STORE = "/api/v1/store"


def store_of(service: Service) -> DuckDbStore:
    upkeep = service.parts.upkeep
    assert upkeep is not None
    return upkeep.store


async def fill(service: Service) -> None:
    """Two hours of two lamps, the first of them sealed."""
    store, start = store_of(service), NOW - 2 * HOUR
    rows = [(lamp, at, {"voltage": 230.1}) for lamp in (LAMP, NEXT) for at in (start, start + 60, start + HOUR)]
    await store.write([table("luminaire", rows)], None)
    await store.write([table("luminaire", [(LAMP, start + 60, {"current": None})])], None)
    await store.seal(NOW, HOUR - 1)


def exported(start: int = 0, end: int = NOW, **more: str) -> dict[str, str]:
    """What the export is asked for."""
    return {"kind": "luminaire", "from": iso(start), "to": iso(end), **more}


def iso(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


async def test_the_state_of_the_store_is_told_to_who_may_see_it(service: Service) -> None:
    await fill(service)
    async with service.signed_in() as client:
        found = (await client.get(STORE)).raise_for_status().json()
    sealed = found["sealed"]
    assert (found["engine"], found["ok"], found["reason"]) == ("duckdb", True, None)
    assert (sealed["samples"], sealed["files"], sealed["late_files"], sealed["live_rows"]) == (5, 1, 0, 2)
    assert sealed["bytes_per_sample"] == sealed["sample_bytes"] / 5
    assert sealed["bytes_per_day"] == 24 * sealed["sample_bytes"]
    assert found["days_left"] == pytest.approx(found["free_bytes"] / sealed["bytes_per_day"])
    assert [cursor["name"] for cursor in found["cursors"]][:2] == ["store", "live"]
    assert all((cursor["behind"], cursor["waiting_since"]) == (0, None) for cursor in found["cursors"])
    assert found["dead_letters"] == 0


async def test_samples_come_out_as_a_table_with_their_flags(service: Service) -> None:
    await fill(service)
    start = NOW - 2 * HOUR
    async with service.signed_in(Role.PLANNER) as client:
        answer = await client.get(f"{STORE}/export", params=exported(start + 60))
    first, second = iso(start + 60), iso(start + HOUR)
    assert answer.headers["content-disposition"] == 'attachment; filename="luminaire.csv"'
    assert answer.text.splitlines() == [
        "device,at,current,current_q,voltage,voltage_q",
        f"{LAMP},{first},,9,230.1,1",
        f"{NEXT},{first},,,230.1,1",
        f"{LAMP},{second},,,230.1,1",
        f"{NEXT},{second},,,230.1,1",
    ]


async def test_a_parquet_file_has_the_same_rows(service: Service, tmp_path: Path) -> None:
    await fill(service)
    async with service.signed_in() as client:
        answer = await client.get(f"{STORE}/export", params=exported(format="parquet", device=NEXT))
    (tmp_path / "x.parquet").write_bytes(answer.content)
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE x AS FROM '{tmp_path}/x.parquet'")
        rows = db.execute('SELECT device, epoch("at")::BIGINT, voltage FROM x').fetchall()
    assert rows == [(NEXT, NOW - n, 230.1) for n in (2 * HOUR, 2 * HOUR - 60, HOUR)]
    assert not list((store_of(service).folder / "exports").iterdir())


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
async def test_nothing_comes_out_as_an_empty_table(service: Service, file_format: str) -> None:
    async with service.signed_in() as client:
        answer = await client.get(f"{STORE}/export", params=exported(kind="air_station", format=file_format))
    assert answer.status_code == 200
    assert answer.content.startswith(b"device" if file_format == "csv" else b"PAR1")


async def test_summaries_come_out_too(service: Service) -> None:
    await store_of(service).write_summaries([Summaries("ward_1h", ["W1"], [NOW - HOUR], {"energy_wh": [1200.0]})])
    async with service.signed_in() as client:
        answer = await client.get(f"{STORE}/export", params=exported(kind="ward_1h"))
    assert answer.text.splitlines() == ["device,at,energy_wh", f"W1,{iso(NOW - HOUR)},1200.0"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.TECHNICIAN])
async def test_who_only_looks_at_lamps_gets_neither(service: Service, role: Role) -> None:
    async with service.signed_in(role) as client:
        assert (await client.get(STORE)).status_code == 403
        assert (await client.get(f"{STORE}/export", params=exported())).status_code == 403


async def test_the_service_seals_by_the_city_s_clock_and_forgets_what_is_too_old(tmp_path: Path) -> None:
    clock, wall = standing_clock()
    store = await DuckDbStore.open(tmp_path / "telemetry.duckdb")
    upkeep = Upkeep(store, clock, DuckDb.model_validate({"retention": {"raw": "2d", "five_minutes": "1d"}}))
    await store.write([voltage(LAMP, [NOW - 3 * HOUR, NOW], [1, 2])], None)
    for name in ("ward_5m", "ward_1h"):
        await store.write_summaries([Summaries(name, ["W1"], [NOW - 3 * HOUR], {"energy_wh": [1.0]})])
    await upkeep.step()
    assert (await store.figures()).files == 1
    wall.advance(days=3)
    await upkeep.step()
    assert [len((await store.raw("luminaire", LAMP, ["voltage"], 0, 10**12)).at)] == [0]
    assert [len(await store.summaries(name, [], ["energy_wh"], 0, 10**12)) for name in ("ward_5m", "ward_1h")] == [0, 1]
    await store.close()


async def run(service: Service, folder: Path, *words: str) -> tuple[int, str]:
    """`haidang store …` beside the service."""
    (folder / "cloud.yaml").write_text(f"site: halong\nlisten: 127.0.0.1:{service.port}\n")
    command = ["store", *words, "--data", str(folder)]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    return result.exit_code, result.stdout + result.stderr


async def test_the_command_line_tells_it_in_words(service: Service) -> None:
    await fill(service)
    code, said = await run(service, service.parts.settings.data, "status")
    assert code == 0
    assert "sealed samples    5, " in said
    assert "disk full in " in said
    assert "dead letters      0" in said


async def test_the_command_line_writes_a_file(service: Service, tmp_path: Path) -> None:
    await fill(service)
    words = ["--kind", "luminaire", "--from", "2026-11-21T00:00:00", "--to", "2026-11-22T00:00:00"]
    code, said = await run(service, service.parts.settings.data, "export", str(tmp_path / "x.csv"), *words)
    assert (code, said.endswith(" bytes\n")) == (0, True)
    assert len((tmp_path / "x.csv").read_text().splitlines()) == 7
    assert not (tmp_path / "x.csv.part").exists()


async def test_a_service_that_does_not_run_is_no_riddle(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "admin").write_text("password\n")
    (tmp_path / "cloud.yaml").write_text("site: halong\nlisten: 127.0.0.1:1\n")
    result = await asyncio.to_thread(CliRunner().invoke, app, ["store", "status", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "nothing answers at http://127.0.0.1:1" in result.stderr
    assert "haidang cloud" in result.stderr


class Slow(BaseHTTPRequestHandler):
    """Answers /file when it is told to, and nothing else."""

    asked, told = Event(), Event()

    def do_GET(self) -> None:
        if self.path == "/file":
            self.asked.set()
            self.told.wait(60)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"rows")

    def log_message(self, *_: object) -> None:
        """Not to the screen."""


def test_a_file_that_takes_its_time_is_waited_for_longer_than_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_client, "_TIMEOUT_S", 0.2)
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server, ThreadPoolExecutor(2) as threads:
        threads.submit(server.serve_forever)
        console = console_client.Console(f"http://127.0.0.1:{server.server_port}", "")
        file = threads.submit(lambda: b"".join(console.pieces("/file")))
        Slow.asked.wait(60)
        with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(console_client.NoAnswer):
            console_client.Console(f"http://127.0.0.1:{silent.getsockname()[1]}", "").look("/")
        Slow.told.set()
        try:
            assert file.result() == b"rows"
        finally:
            server.shutdown()
