"""Python before 3.12 can lose a cancellation: `asyncio.wait_for` returns the answer that came at the same moment, and a
TaskGroup in which something fails meanwhile raises only that. An agent that is told to end must not poll on."""

import asyncio


def notice_cancellation() -> None:
    """Call it after awaiting what may swallow a cancellation. Raises CancelledError when this task was cancelled."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
