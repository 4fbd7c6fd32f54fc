"""A real broker with the demo's accounts, that can be killed and started again, and what its clients need."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import orjson

from cloud.ingest.broker import TlsFiles
from haidang.demo import broker as demo
from haidang.demo.accounts import Account, accounts
from tests.cloud.ingest.batches import EDGE, SITE
from tests.ports import free_port, wait_for_port

EDGES = (EDGE, "HL-E02")


@dataclass(frozen=True, slots=True)
class Address:
    """BrokerSettings for one account."""

    port: int
    username: str | None
    password_file: Path | None
    host: str = "127.0.0.1"
    tls: TlsFiles | None = None


@dataclass(slots=True)
class RunningBroker:
    """mosquitto or nats-server in a process of its own."""

    folder: Path
    kind: str
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def password_file(self) -> Path:
        """The cloud's."""
        return self.folder / "password"

    def accounts(self) -> dict[str, Account]:
        """Every account by its name."""
        return {account.user: account for account in accounts(SITE, EDGES, self.folder)}

    def address(self, port: int | None = None) -> Address:
        """How the cloud reaches it, or reaches a wire that leads to it."""
        self.password_file.write_text(self.accounts()["cloud"].password)
        return Address(port or self.port, "cloud", self.password_file)

    async def start(self) -> None:
        """Start, or start again with what it kept."""
        prepared = demo.prepare(self.folder / "broker", self.port, list(self.accounts().values()), self.kind)
        _redeliver_soon(self.folder / "broker" / "nats.conf")
        with (self.folder / "broker.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(*prepared.command, stdout=log, stderr=log)
        await wait_for_port(self.port)

    async def kill(self) -> None:
        """Without a word to anybody."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def client(self, user: str = EDGE) -> aiomqtt.Client:
        """An edge, or the monitor."""
        password = self.accounts()[user].password
        return aiomqtt.Client("127.0.0.1", self.port, identifier=user, username=user, password=password)


def _redeliver_soon(config: Path) -> None:
    """nats-server sends again only after `ack_wait`, also over a new connection; a test does not wait 10 s."""
    if config.exists():
        settings = orjson.loads(config.read_bytes())
        settings["mqtt"]["ack_wait"] = "2s"
        config.write_bytes(orjson.dumps(settings))
