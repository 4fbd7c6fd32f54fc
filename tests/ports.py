"""Waiting for servers that a test starts."""

import asyncio

from haidang.demo.ports import free_port

__all__ = ["free_port", "wait_for_port"]


async def wait_for_port(port: int, timeout_s: float = 20.0) -> None:
    """Return when something listens. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
