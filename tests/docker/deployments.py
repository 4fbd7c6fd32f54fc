"""A deployment of docker/ without containers: the files that `haidang deploy init` writes, on loopback.

What runs in a foreign image runs here from the system, and as there: in the folder that is mounted, as an account that
owns its files and is nobody else. What runs in our own images is run by this Python with the images' own arguments.
"""

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiomqtt
import yaml

import dev
from cloud.settings import Tls
from haidang.demo.broker import mosquitto
from haidang.deploy.city import DeployedCity
from haidang.deploy.layout import Addresses, Wish, lay_out
from tests import nginx
from tests.cloud.cities import small_city
from tests.ports import answers, free_port

HOST = "127.0.0.1"
SITE = "halong"
_OWNER = "10001"
_START_S = 120  # wall time; a loaded machine with two cores starts a role in half a minute
_END_S = 20


def compose() -> Mapping[str, Any]:
    """docker/compose.yaml as it stands."""
    read: Mapping[str, Any] = yaml.safe_load((dev.DOCKER / "compose.yaml").read_text("utf-8"))
    return read


@dataclass(slots=True)
class Deployment:
    """Files and ports, and the processes that a test has started over them."""

    wish: Wish
    ports: Mapping[str, int]
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.wish.folder

    async def start_broker(self) -> None:
        """With the command of compose.yaml."""
        found = mosquitto()
        assert found is not None
        arguments = compose()["services"]["broker"]["command"][1:]
        await self._start("broker", [*_as_owner(), found, *arguments], self.ports["broker"])

    async def start_console(self) -> None:
        """With the command of compose.yaml, but for its folder."""
        found = nginx.program()
        assert found is not None
        arguments = [str(a).replace("/srv/console", str(self.folder / "console")) for a in _command("console")]
        await self._start("console", [*_as_owner(), found, *arguments], self.ports["https"])

    async def start_ours(self, image: str, folder: str, *more: str, port: int | None = None) -> None:
        """A role with the entry point and the arguments that its image gives it."""
        arguments = [self._interpolated(word) for word in entry_point(image)]
        await self._start(image, [sys.executable, "-m", "haidang", *arguments, *more], port, folder)

    async def stop(self, name: str) -> None:
        """Politely; nobody is left behind."""
        process = self.running.pop(name)
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _END_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def end(self) -> None:
        for name in list(self.running):
            await self.stop(name)

    def all_run(self) -> None:
        """Nobody has ended by itself. Raises AssertionError with the last words."""
        for name, process in self.running.items():
            assert process.returncode is None, f"{name} has ended: {self.log_of(name)[-2000:]}"

    async def listens(self, port: int) -> None:
        """Return when something listens there. Raises AssertionError when a part has ended instead."""
        async with asyncio.timeout(_START_S):
            while not await answers(port):
                self.all_run()
                await asyncio.sleep(0.1)

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def tls(self, folder: str, name: str) -> Tls:
        """The certificate that stands in a folder of the deployment."""
        here = self.folder / folder
        return Tls(ca=here / "ca.crt", certificate=here / f"{name}.crt", key=here / f"{name}.key")

    def client(self, folder: str, name: str, **more: Any) -> aiomqtt.Client:
        """Somebody who connects with the certificate that stands in a folder."""
        tls = self.tls(folder, name)
        files = aiomqtt.TLSParameters(str(tls.ca), str(tls.certificate), str(tls.key))
        known = {"identifier": name, "timeout": 10, "tls_params": files}
        return aiomqtt.Client(HOST, self.ports["broker"], **{**known, **more})

    def _interpolated(self, word: str) -> str:
        """`${NAME:-default}` as Compose reads it."""
        told = dict(line.split("=", 1) for line in (self.folder / ".env").read_text().splitlines())
        return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: told.get(found[1], found[2]), word)

    async def _start(self, name: str, command: Sequence[str], port: int | None, folder: str | None = None) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = await asyncio.create_subprocess_exec(
                *command, cwd=self.folder / (folder or name), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        if port is not None:
            await self.listens(port)


@contextmanager
def laid_out(
    of: DeployedCity | None = None, telemetry: Mapping[str, Any] | None = None, **known: Any
) -> Iterator[Deployment]:
    """A deployment whose parts find each other on loopback; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="haidang-deployment-"))  # pytest's own folders are closed to other users
    ports = {name: free_port() for name in ("broker", "devices", "https", "http", "cloud")}
    known_at = _at(ports, known)
    wish = Wish(folder, HOST, of or small_deployed(), ports["https"], addresses=known_at, telemetry=telemetry)
    try:
        lay_out(wish)
        yield Deployment(wish, ports)
    finally:
        shutil.rmtree(folder)


@contextmanager
def laid_out_again(first: Deployment) -> Iterator[Deployment]:
    """A copy of one that nothing runs over, at its ports: issuing certificates takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="haidang-deployment-"))
    try:
        copied(first.folder, folder)
        yield Deployment(replace(first.wish, folder=folder), first.ports)
    finally:
        shutil.rmtree(folder)


def copied(laid: Path, folder: Path) -> None:
    """The same files, to the same owners."""
    shutil.copytree(laid, folder, dirs_exist_ok=True)
    for path in (laid, *laid.rglob("*")):
        owner = path.stat()
        os.chown(folder / path.relative_to(laid), owner.st_uid, owner.st_gid)
    environment = folder / ".env"
    environment.write_text(environment.read_text().replace(str(laid), str(folder)))


@asynccontextmanager
async def deployed(first: Deployment | None = None, **wish: Any) -> AsyncIterator[Deployment]:
    """One of its own, or a copy of the first; every process that was started is ended."""
    with laid_out(**wish) if first is None else laid_out_again(first) as deployment:
        try:
            yield deployment
        finally:
            await deployment.end()


def small_deployed() -> DeployedCity:
    """Two edges."""
    city = small_city()
    return DeployedCity(city, city.model_dump_json().encode(), None)


def entry_point(image: str) -> list[str]:
    """What follows `haidang` in an image of ours: its ENTRYPOINT, then what compose.yaml or else its CMD says."""
    lines = (
        (dev.DOCKER / "Dockerfile").read_text().split(f"FROM python AS {image}\n")[1].split("\nFROM ")[0].splitlines()
    )
    said = {word: yaml.safe_load(line.partition(" ")[2]) for line in lines for word in [line.split(" ")[0]] if line}
    return [*said["ENTRYPOINT"][1:], *(_command(image) or said["CMD"])]


def _command(service: str) -> list[str]:
    return [str(word) for word in compose()["services"][service].get("command", [])]


def _at(ports: Mapping[str, int], known: Mapping[str, str]) -> Addresses:
    loopback = {name: f"{HOST}:{port}" for name, port in ports.items()}
    return Addresses(
        broker=loopback["broker"],
        broker_listens=f"{ports['broker']} {HOST}",
        devices_listen=f"{ports['devices']} {HOST}",
        cloud=loopback["cloud"],
        cloud_listens=loopback["cloud"],
        console=loopback["https"],
        proxy=HOST,
        https_listens=loopback["https"],
        http_listens=loopback["http"],
        **known,
    )


def _as_owner() -> list[str]:
    end_with_us = ["setpriv", "--pdeathsig", "SIGKILL"] if shutil.which("setpriv") else []
    if os.geteuid() == 0:
        end_with_us += ["--reuid", _OWNER, "--regid", _OWNER, "--clear-groups"]
    return end_with_us
