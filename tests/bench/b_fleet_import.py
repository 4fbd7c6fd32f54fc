"""Ten thousand rows of luminaires with 25 mistakes, then mended: how long it takes, and whether others wait meanwhile.

Half of the luminaires are there already. The file goes over HTTP into a service with SQLite, which then begins anew.
"""

import asyncio
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from cloud.app import create_app
from cloud.main import listening, serve_once
from cloud.settings import Site
from tests.bench.report import Figure
from tests.cloud.cities import write_city, write_second_city
from tests.cloud.clocks import standing_clock
from tests.cloud.serving import RecordingLink, Service, settings_in
from tests.unit.rules.tables import SEEDED, as_csv, big_city, rows_of, with_mistakes
from tests.waiting import until

_ROWS = 10_000
_LOOK_EVERY_S = 0.005
_ASKED = "/api/v1/fleet/halong/imports?dry_run=false"


def run() -> Iterator[Figure]:
    """Refused, imported, taken up."""
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measured(Path(folder)))


async def _measured(folder: Path) -> list[Figure]:
    city = big_city(_ROWS)
    write_city(folder / "inventory.json", city.model_copy(update={"luminaires": city.luminaires[::2]}))
    async with _running(folder) as service, service.signed_in() as client:
        refused_s, refused_stall_s, refused = await _asked(client, as_csv(with_mistakes(rows_of(city.luminaires))))
        begun = time.perf_counter()
        imported_s, stall_s, done = await _asked(client, as_csv(rows_of(city.luminaires)))
        await until(lambda: service.app.state.parts is not service.parts)
        await client.get("/api/v1/city")
        taken_up_s = time.perf_counter() - begun
    told = {(one["row"], one["column"]) for one in refused["detail"]["import"]["problems"]}
    named = len(told & {(row, column) for row, column, _ in SEEDED}) / len(SEEDED)
    return [
        Figure("ours_mistakes_named_share", named, "1"),
        Figure("ours_10000_rows_refused_s", refused_s, "s"),
        Figure("ours_10000_rows_refused_longest_wait_ms", refused_stall_s * 1000, "ms"),
        Figure("ours_10000_rows_imported_s", imported_s, "s"),
        Figure("ours_10000_rows_imported_longest_wait_ms", stall_s * 1000, "ms"),
        Figure("ours_10000_rows_taken_up_s", taken_up_s, "s"),
        Figure("ours_10000_rows_added", done["added"], "1"),
    ]


async def _asked(client: httpx2.AsyncClient, content: bytes) -> tuple[float, float, dict[str, Any]]:
    """Seconds until the answer, the longest that the loop did nothing else meanwhile, and the answer."""
    stalls: list[float] = [0.0]
    watch = asyncio.create_task(_watch(stalls))
    begun = time.perf_counter()
    answer = await client.post(_ASKED, content=content, headers={"content-type": "text/csv"})
    took = time.perf_counter() - begun
    watch.cancel()
    return took, max(stalls), answer.json()


async def _watch(stalls: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_LOOK_EVERY_S)
        stalls.append(time.perf_counter() - before - _LOOK_EVERY_S)


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Service]:
    link, settings = RecordingLink(), settings_in(folder)
    sites = (*settings.sites, Site.model_validate(write_second_city(folder)))
    settings = settings.model_copy(update={"sites": sites})
    app = create_app(settings, standing_clock()[0], link=link)

    async def serve(door: socket.socket) -> None:
        while await serve_once(app, door, settings):
            pass

    with listening(settings.listen) as door:
        task = asyncio.create_task(serve(door))
        try:
            await until(lambda: hasattr(app.state, "parts"))
            yield Service(app, app.state.parts, door.getsockname()[1], link)
        finally:
            task.cancel()
            await asyncio.wait([task])
