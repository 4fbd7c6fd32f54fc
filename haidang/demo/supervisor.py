"""Children that are started again when they die, and all ended when we are."""

import asyncio
import contextlib
import ctypes
import logging
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from haidang.demo.ports import listening

log = logging.getLogger(__name__)

_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # between one death and the next start
_HEALTHY_AFTER_S = 60.0  # a child that lived this long starts again from the shortest pause
_PATIENCE_S = 8.0  # between a polite request to end and the end
_PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(slots=True)
class Child:
    """One role in a process of its own; what it prints goes to `log_file`.

    `waits_for` is a port that should listen before the first start: what would only knock there need not take the
    processor from what is coming up behind it.
    """

    name: str
    command: Sequence[str]
    log_file: Path
    waits_for: int | None = None
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)


async def keep_running(child: Child) -> None:
    """Start a child, and again whenever it ends; ends it when cancelled."""
    loop, failures = asyncio.get_running_loop(), 0
    try:
        await _its_turn(child)
        while True:
            began = loop.time()
            code = await _run_once(child)
            failures = 0 if loop.time() - began > _HEALTHY_AFTER_S else failures + 1
            pause = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
            log.warning("%s ended with %s (see %s); starts again in %g s", child.name, code, child.log_file, pause)
            await asyncio.sleep(pause)
    finally:
        await asyncio.shield(end(child))


async def end(child: Child) -> None:
    """Ask a child to end; after a while, make it."""
    process = child.process
    if process is None or process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE_S)
    except TimeoutError:
        log.warning("%s did not end by itself; killed", child.name)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _its_turn(child: Child) -> None:
    if child.waits_for is not None:
        with contextlib.suppress(TimeoutError):
            await listening(child.waits_for)


async def _run_once(child: Child) -> int:
    with child.log_file.open("ab") as output:
        child.process = await asyncio.create_subprocess_exec(
            *child.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end the children in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    child.starts += 1
    child.started.set()
    return await child.process.wait()


def _die_with_parent() -> None:
    """Runs in the child: when its parent is killed, the child is asked to end, so that none is left behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
