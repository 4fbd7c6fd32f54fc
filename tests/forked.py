"""Processes of this Python that tests start and kill again and again, forked from a parent that has imported it all.

What such a process does is what `python -m MODULE ARGUMENTS` does, from its arguments to its exit code; only the second
or two of importing are not its own. The parent is Python's forkserver, one for each process of tests: nothing of a test
is in it, and a child begins with the signals, the random numbers and the event loop of any new process. The command
line itself is started by tests/demo/test_up.py and tests/docker, as people start it.
"""

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

_OUTPUT, _ERRORS = 1, 2
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.forked_parent"])


class Forked:
    """What a test asks of a process, as `asyncio.subprocess.Process` answers it."""

    def __init__(self, process: ForkServerProcess) -> None:
        assert process.pid is not None
        self._process = process
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        """How it has ended, if it has: its exit code, or the signal as a negative number."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Nothing happens to a process that has ended, nor to one whose end the parent has yet to tell."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """How it has ended, once it has."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self.returncode is not None
        return self.returncode


Running = Forked | asyncio.subprocess.Process


async def started(command: Sequence[str], output: int, environment: Mapping[str, str]) -> Running:
    """Start a command: `python -m` of this Python is forked. All that it says goes to the open file `output`."""
    if command[:2] == [sys.executable, "-m"]:
        return forked(command[2:], output, environment)
    return await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output, env=environment)


def forked(command: Sequence[str], output: int, environment: Mapping[str, str] | None = None) -> Forked:
    """Start a module with its arguments. Only the first time takes long: the parent is imported."""
    with Connection(os.dup(output), readable=False) as passed:
        given = (list(command), passed, dict(os.environ if environment is None else environment))
        process = _forks.Process(target=_run, args=given, daemon=True)
        process.start()
    return Forked(process)


@asynccontextmanager
async def talking(*command: str) -> AsyncIterator[asyncio.StreamReader]:
    """What a module says; it is killed in the middle of whatever it does at the end of a `with`."""
    ours, theirs = os.pipe()
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(ours, "rb"))
    try:
        running = forked(command, theirs)
    finally:
        os.close(theirs)
    try:
        yield lines
    finally:
        running.kill()
        await running.wait()
        transport.close()


def _run(command: Sequence[str], output: Connection, environment: Mapping[str, str]) -> None:
    for stream in (_OUTPUT, _ERRORS):
        os.dup2(output.fileno(), stream)
    output.close()
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
