"""What is forked from the loaded parent is a process as the command line starts one."""

import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.forked import Forked, forked

CALL = "timeit", "-n1", "-r1"  # a module that runs what it is told


async def said_by(tmp_path: Path, *command: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """How it ends, and what it says."""
    with (tmp_path / "said").open("w+b") as said:
        code = await forked(command, said.fileno(), environment).wait()
        said.seek(0)
        return code, said.read().decode()


@pytest.fixture
async def waiting(tmp_path: Path) -> AsyncIterator[Forked]:
    """One that waits for its end."""
    with (tmp_path / "said").open("wb") as said:
        process = forked((*CALL, "import time; time.sleep(60)"), said.fileno())
    yield process
    process.kill()
    await process.wait()


async def test_its_arguments_and_its_exit_code_are_those_of_the_command_line(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.yaml")
    code, said = await said_by(tmp_path, "haidang", "edge", "--config", missing)
    assert code == 2
    assert "none.yaml" in said


async def test_it_has_the_environment_that_it_is_given(tmp_path: Path) -> None:
    code, said = await said_by(tmp_path, *CALL, "import os; print(sorted(os.environ))", environment={"HAIDANG": "1"})
    assert code == 0
    assert "['HAIDANG']" in said


async def test_two_of_them_do_not_throw_the_same_dice(tmp_path: Path) -> None:
    throw = "import random, uuid; print(random.random(), uuid.uuid4())"
    thrown = {(await said_by(tmp_path, *CALL, throw))[1].split()[n] for _ in range(2) for n in (0, 1)}
    assert len(thrown) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="counts the threads that the kernel knows")
async def test_nothing_of_the_parent_runs_in_it(tmp_path: Path) -> None:
    look = "import os, signal; print(len(os.listdir('/proc/self/task')), signal.getsignal(signal.SIGTERM).name)"
    _, said = await said_by(tmp_path, *CALL, look)
    assert said.startswith("1 SIG_DFL\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_signal_ends_it_and_is_told(waiting: Forked, number: signal.Signals) -> None:
    assert waiting.returncode is None
    waiting.send_signal(number)
    assert await waiting.wait() == -number
    waiting.send_signal(number)  # nobody is hit


async def test_a_signal_to_one_whose_end_is_yet_to_be_told_is_no_error(waiting: Forked, tmp_path: Path) -> None:
    with (tmp_path / "other").open("wb") as said:
        buried = forked((*CALL, ""), said.fileno())
    assert await buried.wait() == 0
    waiting.pid, running = buried.pid, waiting.pid
    waiting.kill()
    waiting.pid = running
    assert waiting.returncode is None
