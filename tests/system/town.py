"""A small town of real processes on loopback: broker, simulator, cloud and edges, each of which a test may kill."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import yaml

from firmware_sim.export import export
from haidang import clock as clock_file
from haidang.demo import broker as brokers
from haidang.demo.accounts import accounts
from haidang.demo.ports import free_port, free_run
from haidang.demo.tokens import tokens
from haidang.demo.up import Ports, cloud_settings
from protocols.inventory import City
from tests.forked import Running, started
from tests.ports import wait_for_port

CITY = Path(__file__).parents[2] / "firmware_sim" / "cities" / "halong.yaml"
_ONE_DISTRICT = re.compile(r"(?<=^districts:\n)(  - .*\n)(?:  - .*\n)+", re.MULTILINE)
EVENING = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)  # 20:00 in Hạ Long: every lamp is lit


@cache
def downtown() -> str:
    """The demo city with one of its districts, as YAML: the same dozen lamps, laid in a tenth of the time."""
    return _ONE_DISTRICT.sub(r"\1", CITY.read_text("utf-8"))


@dataclass(slots=True)
class Town:
    """Processes by name: broker, sim, cloud, and the edges by their ids."""

    folder: Path
    city: City
    ports: Mapping[str, int]
    commands: Mapping[str, list[str]]
    running: dict[str, Running] = field(default_factory=dict)
    edge_starts: list[float] = field(default_factory=list)  # domain Unix seconds

    @property
    def edges(self) -> tuple[str, ...]:
        return self.city.edges

    async def start(self, *names: str, **environment: str) -> None:
        """Start processes; a broker, a simulator and a cloud are waited for."""
        for name in names:
            if name in self.edges:
                self.edge_starts.append(self.now())
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = await started(self.commands[name], log.fileno(), {**os.environ, **environment})
            if name in self.ports:
                await wait_for_port(self.ports[name], timeout_s=60)

    async def start_all(self, **environment: str) -> None:
        await self.start("broker", "sim", "cloud", *self.edges, **environment)

    async def kill(self, name: str) -> None:
        """kill -9: nothing is said, nothing is flushed."""
        process = self.running.pop(name)
        process.kill()
        await process.wait()

    async def stop(self, name: str) -> int:
        """The polite end; its exit code."""
        process = self.running.pop(name)
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            return await process.wait()

    async def end(self) -> None:
        """Nothing is left behind."""
        for name in list(self.running):
            process = self.running.pop(name)
            if process.returncode is None:
                process.kill()
            await process.wait()

    def now(self) -> float:
        """The town's time in Unix seconds."""
        return clock_file.load(self.folder / "clock.json").now().timestamp()

    def outbox(self, edge: str) -> Path:
        return self.folder / "edges" / f"{edge}.sqlite"

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox.sqlite"

    @property
    def store(self) -> Path:
        return self.folder / "telemetry.duckdb"

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


def lay_out(
    folder: Path,
    broker_name: str | None,
    *,
    city: str | None = None,
    lamps: int = 12,
    speed: float = 1.0,
    at: datetime = EVENING,
    poll_every: str = "1s",
    edge_settings: Mapping[str, object] | None = None,
    bus_settings: Mapping[str, object] | None = None,
    cloud_settings: Mapping[str, object] | None = None,
) -> Town:
    """Write every file of a town; nothing is started. Without a name, the broker is what is there.

    `city` is YAML; by default one district of the demo city.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (city_file := folder / "city.yaml").write_text(city or downtown(), "utf-8")
    ports = {name: free_port() for name in ("broker", "cloud", "mail", "camera")}
    ports["sim"] = free_run(None, lamps // 50 + 10)
    export(
        city_file,
        folder,
        lamps=lamps,
        broker_port=ports["broker"],
        base_port=ports["sim"],
        camera_port=ports["camera"],
        poll_every=poll_every,
        cloud_url=f"http://127.0.0.1:{ports['cloud']}",
    )
    grown = City.model_validate_json((folder / "inventory.json").read_bytes())
    tokens({folder: grown.edges}, folder)
    everyone = accounts(grown.site, grown.edges, folder)
    broker = brokers.prepare(folder / "broker", ports["broker"], everyone, broker_name)
    clock_file.start(folder / "clock.json", speed, at)
    for edge in grown.edges:
        _amend(folder / "edges" / f"{edge}.yaml", edge_settings or {}, bus_settings or {})
    _write_cloud(folder, grown, ports, cloud_settings or {})
    return Town(folder, grown, ports, _commands(folder, broker, grown, ports, lamps))


def _commands(
    folder: Path, broker: brokers.Broker, city: City, ports: Mapping[str, int], lamps: int
) -> dict[str, list[str]]:
    haidang, clock = [sys.executable, "-m", "haidang"], ["--clock", str(folder / "clock.json")]
    sim = ["sim", "run", str(folder / "city.yaml"), "--data", str(folder), "--lamps", str(lamps)]
    sim += ["--base-port", str(ports["sim"]), "--camera-port", str(ports["camera"])]
    sim += ["--mail-port", str(ports["mail"]), "--read-log", str(folder / "reads.jsonl")]
    sim += ["--broker", f"mqtt://127.0.0.1:{ports['broker']}"]
    edges = {e: ["edge", "--config", str(folder / "edges" / f"{e}.yaml")] for e in city.edges}
    return {
        "broker": list(broker.command),
        "sim": [*haidang, *sim, *clock],
        "cloud": [*haidang, "cloud", "--data", str(folder), *clock],
        **{edge: [*haidang, *command, *clock] for edge, command in edges.items()},
    }


def _write_cloud(folder: Path, city: City, ports: Mapping[str, int], more: Mapping[str, object]) -> None:
    told = Ports(ports["cloud"], "127.0.0.1", ports["broker"], ports["mail"])
    settings = {**cloud_settings({city.site: Path()}, told), **more}
    (folder / "cloud.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


def _amend(path: Path, settings: Mapping[str, object], of_buses: Mapping[str, object]) -> None:
    said = {**yaml.safe_load(path.read_text()), **settings}
    for bus in said["buses"]:
        bus.update(of_buses if bus["link"] == "modbus-tcp" else {})
    path.write_text(yaml.safe_dump(said, sort_keys=False))
