"""Waiting for what another process does: look again until it has happened, or time is up."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], T | None], timeout_s: float = 45.0, every_s: float = 0.02) -> T:
    """The first true answer of `condition`. Raises TimeoutError."""

    async def ask() -> T | None:
        return condition()

    return await until_async(ask, timeout_s, every_s)


async def until_async(
    condition: Callable[[], Awaitable[T | None]], timeout_s: float = 45.0, every_s: float = 0.02
) -> T:
    """The same for a condition that has to be asked for."""
    end = time.monotonic() + timeout_s
    while True:
        found = await condition()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"{getattr(condition, '__qualname__', condition)} did not come true in {timeout_s} s")
        await asyncio.sleep(every_s)
