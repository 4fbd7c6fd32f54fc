"""Machines that ask with a token."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tests.cloud.clocks import Wall
from tests.cloud.serving import Service

TOKENS = "/api/v1/tokens"


def wish(wall: Wall, rights: Sequence[str], area: str = "/halong", days: float = 30, name: str = "meter") -> Any:
    """A token that is asked for."""
    until = datetime.fromtimestamp(wall(), UTC) + timedelta(days=days)
    return {"name": name, "grants": [{"rights": list(rights), "area": area}], "expires_at": until.isoformat()}


@asynccontextmanager
async def machine(service: Service, token: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A program that shows a token with every request."""
    async with service.anonymous() as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
