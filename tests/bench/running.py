"""A real broker and a real cloud service in processes of their own, for a bench to load and to look at."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import paho.mqtt.client as mqtt
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from haidang.demo import broker as brokers
from haidang.demo.accounts import Account, accounts
from haidang.demo.ports import free_port
from haidang.demo.secrets import secret
from protocols.clock import ClockSettings
from protocols.inventory import City
from protocols.topics import FROM_EDGE, ROOT
from tests.ports import wait_for_port

_FLEET = "fleet"  # the broker's account that plays every edge
_TICKS = os.sysconf("SC_CLK_TCK")
_START_S = 180


@dataclass(frozen=True, slots=True)
class Service:
    """`start_s` is how long the cloud took from its command line to its first answer."""

    folder: Path
    port: int
    broker_port: int
    pid: int
    start_s: float
    clock: ClockSettings

    def now(self) -> float:
        """The city's time, Unix seconds."""
        return self.clock.at(time.time()).timestamp()

    def password(self, name: str) -> str:
        return (self.folder / "secrets" / name).read_text().strip()

    def cpu_s(self) -> float:
        """User and system time of the cloud and all its threads, in seconds."""
        numbers = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / _TICKS

    def rss_mb(self) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@asynccontextmanager
async def service(
    folder: Path, city: City, at: float, settings: Mapping[str, object] | None = None
) -> AsyncIterator[Service]:
    """A city's cloud that is ready; its clock starts at `at` (Unix seconds) when the process does."""
    ports = {"broker": free_port(), "cloud": free_port()}
    broker = _lay_out(folder, city, ports, settings or {})
    clock = ClockSettings(origin=datetime.fromtimestamp(at, UTC), started=time.time())
    (folder / "clock.json").write_text(clock.model_dump_json())
    command = [sys.executable, "-m", "haidang", "cloud", "--data", str(folder), "--clock", str(folder / "clock.json")]
    async with child(folder / "broker.log", broker.command):
        await wait_for_port(ports["broker"])
        began = time.monotonic()
        async with child(folder / "cloud.log", command) as cloud:
            await _answers(cloud, folder / "cloud.log", ports["cloud"])
            yield Service(folder, ports["cloud"], ports["broker"], cloud.pid, time.monotonic() - began, clock)


@contextmanager
def publishing(running: Service) -> Iterator[mqtt.Client]:
    """One connection that may write for every edge."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, _FLEET, protocol=mqtt.MQTTv311)
    client.username_pw_set(_FLEET, running.password(_FLEET))
    client.max_inflight_messages_set(1_000)
    client.connect("127.0.0.1", running.broker_port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def _lay_out(folder: Path, city: City, ports: Mapping[str, int], settings: Mapping[str, object]) -> brokers.Broker:
    (folder / "inventory.json").write_text(city.model_dump_json())
    account = {"host": "127.0.0.1", "port": ports["broker"], "username": "cloud", "password_file": "secrets/cloud"}
    listen = f"127.0.0.1:{ports['cloud']}"
    (folder / "cloud.yaml").write_text(
        yaml.safe_dump({"site": city.site, "listen": listen, "broker": account, **settings})
    )
    writes = [f"{ROOT}/{city.site}/+/{leaf}" for leaf in FROM_EDGE]
    fleet = Account(_FLEET, secret(folder / "secrets", _FLEET), writes, [])
    return brokers.prepare(folder / "broker", ports["broker"], [*accounts(city.site, (), folder), fleet])


async def _answers(cloud: asyncio.subprocess.Process, log: Path, port: int) -> None:
    """Return when the service does more than listen."""
    async with asyncio.timeout(_START_S), httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        while cloud.returncode is None:
            with contextlib.suppress(httpx2.TransportError):
                if (await client.get("/api/v1/health")).is_success:
                    return
            await asyncio.sleep(0.05)
    raise RuntimeError(f"the cloud has ended; see {log}")


@asynccontextmanager
async def child(log_file: Path, command: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process whose end is ours, also when we are killed."""
    end_with_us = ["setpriv", "--pdeathsig", "SIGKILL"] if shutil.which("setpriv") else []
    with log_file.open("ab") as log:
        process = await asyncio.create_subprocess_exec(*end_with_us, *command, stdout=log, stderr=log)
    try:
        yield process
    finally:
        await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(30):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
