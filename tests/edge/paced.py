"""A line at its true speed, in a process of its own."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class PacedLine:
    """`master` and `slave` are device files; there is no second one when the process plays the slave itself."""

    master: str
    slave: str
    _process: asyncio.subprocess.Process

    async def seen(self) -> dict[str, int]:
        """End it; what its slave has seen."""
        output, _ = await self._process.communicate(b"")
        found: dict[str, int] = json.loads(output)
        return found


@asynccontextmanager
async def paced(baud: int, *, join: bool = False) -> AsyncIterator[PacedLine]:
    """Until the context ends."""
    command = [sys.executable, "-m", "tests.paced_line", str(baud), *(["--join"] if join else [])]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    try:
        master, slave = json.loads(await process.stdout.readline())
        yield PacedLine(master, slave, process)
    finally:
        if process.returncode is None:
            await process.communicate(b"")
