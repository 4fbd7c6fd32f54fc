"""The console's API as a person's browser uses it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from tests.system.town import Town
from tests.waiting import until_async


@asynccontextmanager
async def logged_in(town: Town, patience_s: float = 60) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with the session of the generated administrator."""
    base = f"http://127.0.0.1:{town.ports['cloud']}"
    async with httpx2.AsyncClient(base_url=base, headers={"Origin": base}, timeout=patience_s) as client:
        assert (
            await client.get("/api/v1/health")
        ).status_code == 200  # it listens before it is ready, and then answers
        password = (town.folder / "secrets" / "admin").read_text().strip()
        answer = await client.post("/api/v1/session", json={"username": "admin", "password": password})
        assert answer.status_code == 200, answer.text
        yield client


async def when_all_have_reported(client: httpx2.AsyncClient) -> dict[str, Any]:
    """The overview, once no lamp is unknown any more."""

    async def overview() -> dict[str, Any] | None:
        found: dict[str, Any] = (await client.get("/api/v1/overview")).json()
        return found if found["lamps"]["unknown"] == 0 else None

    return await until_async(overview, timeout_s=60, every_s=0.2)
