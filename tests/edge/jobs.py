"""Loops that run while a test looks at them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def at_work(*loops: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Run the loops; at the end they are cancelled, and have to end."""
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        async with asyncio.timeout(30):
            await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)
