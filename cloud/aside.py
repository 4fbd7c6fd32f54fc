"""Work in a thread that nobody waits for when the service ends."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


async def aside(work: Callable[[], T]) -> T:
    """What `work` returns or raises. Unlike `asyncio.to_thread`, a call that hangs does not hold up the end."""
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def run() -> None:
        try:
            result = work()
        except Exception as error:
            _tell(done, error, done.set_exception)
        else:
            _tell(done, result, done.set_result)

    threading.Thread(target=run, daemon=True).start()
    return await done


def _tell(done: asyncio.Future[T], outcome: U, tell: Callable[[U], None]) -> None:
    """In the loop's own thread, if there still is one, and somebody still waits."""
    with suppress(RuntimeError):
        done.get_loop().call_soon_threadsafe(lambda: None if done.done() else tell(outcome))
