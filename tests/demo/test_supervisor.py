"""Children that are kept running, and ended with their parent."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from haidang.demo import supervisor
from haidang.demo.supervisor import Child, keep_running
from tests.waiting import until


def child(tmp_path: Path, code: str) -> Child:
    return Child("child", [sys.executable, "-c", code], tmp_path / "child.log")


async def wait_for(condition: asyncio.Event) -> None:
    async with asyncio.timeout(30):
        await condition.wait()


async def test_a_child_that_dies_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_PAUSES_S", (0.0,))
    short = child(tmp_path, "print('once', flush=True)")
    keeper = asyncio.create_task(keep_running(short))
    await until(lambda: short.starts >= 3)
    keeper.cancel()
    await asyncio.gather(keeper, return_exceptions=True)
    assert (tmp_path / "child.log").read_text().startswith("once\nonce\n")


async def test_a_child_is_ended_when_its_keeper_is(tmp_path: Path) -> None:
    patient = child(tmp_path, "import time; time.sleep(60)")
    keeper = asyncio.create_task(keep_running(patient))
    await wait_for(patient.started)
    keeper.cancel()
    await asyncio.gather(keeper, return_exceptions=True)
    assert patient.process is not None
    assert patient.process.returncode == -signal.SIGTERM


async def test_a_child_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_PATIENCE_S", 0.1)
    deaf = child(
        tmp_path, "import signal,time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    keeper = asyncio.create_task(keep_running(deaf))
    await until(lambda: deaf.log_file.exists() and "deaf" in deaf.log_file.read_text())
    keeper.cancel()
    await asyncio.gather(keeper, return_exceptions=True)
    assert deaf.process is not None
    assert deaf.process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
async def test_no_child_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from haidang.demo.supervisor import Child, keep_running\n"
        "child = Child('c', [sys.executable, '-c', 'import time; time.sleep(60)'], Path('log'))\n"
        "async def main():\n"
        "    task = asyncio.create_task(keep_running(child))\n"
        "    await child.started.wait()\n"
        "    print(child.process.pid, flush=True)\n"
        "    await task\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    """True while the process does something; a zombie that nobody has waited for does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
