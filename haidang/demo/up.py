"""`haidang demo`: whole cities on this machine, from an empty folder to a living map."""

import asyncio
import contextlib
import fcntl
import hashlib
import signal
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import firmware_sim
import protocols
from haidang import clock as clock_file
from haidang.demo import broker as brokers
from haidang.demo.accounts import Account, accounts_of_all
from haidang.demo.ports import free_port, free_run
from haidang.demo.secrets import secret
from haidang.demo.supervisor import Child, keep_running
from haidang.demo.tls import certificate, how_to_trust
from haidang.demo.tokens import FILE as EDGE_TOKENS
from haidang.demo.tokens import tokens
from haidang.demo.visitor import Visitor
from haidang.own_files import own_files
from protocols import config
from protocols.clock import DomainClock
from protocols.inventory import City

_SIM = "sim "  # and the city, in a simulator's name: no edge is called like that
_REMEMBER_EVERY_S = 5.0
_SILENCE_S = 25.0  # longer than two polls: who has not reported by then is out of contact
_MAIL_TO = "technician@localhost"
_SMALLER = 10  # so many times fewer lamps has each city after the first


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person at the keyboard asked for. The first city's files lie in `data` itself."""

    cities: tuple[Path, ...]
    data: Path
    lamps: int | None
    speed: float
    at: datetime | None
    http_port: int
    prefer_broker: str | None
    broker_url: str | None
    telemetry: Path | None = None
    https: bool = False


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports that were free when the cities were laid out, and where the broker is."""

    http: int
    broker_host: str
    broker: int
    mail: int
    ca: Path | None = None  # whom visitors of the console have to trust, when it is over HTTPS

    def url(self, host: str) -> str:
        """The console under one of its names."""
        return f"{'https' if self.ca else 'http'}://{host}:{self.http}"


@dataclass(frozen=True, slots=True)
class Place:
    """One city: its file, the folder that it is laid out in, its size, and the first port of its simulator's buses."""

    file: Path
    folder: Path
    lamps: int | None
    modbus: int
    camera: int


Cities = Mapping[Path, City]  # by the folder of each, in the order in which they were asked for


async def up(wish: Wish, console: Console) -> None:
    """Run the demo until the process is told to end. Raises OSError when one is up in this folder."""
    with own_files():
        wish.data.mkdir(parents=True, exist_ok=True)
        with alone(wish.data):
            await _up(wish, console)


async def _up(wish: Wish, console: Console) -> None:
    with _progress(console) as progress:
        layout = progress.add_task("laying out the city", total=None)
        ports, places, cities = await asyncio.to_thread(_lay_out, wish)
        clock = clock_file.start(wish.data / "clock.json", wish.speed, wish.at)
        children, broker = _children(wish, ports, places, cities)
        progress.remove_task(layout)
        running = asyncio.create_task(_run(children, wish.data / "clock.json", clock))
        try:
            await _wait_for_life(children, Visitor(ports.http, wish.data, ports.ca), cities, progress, running)
            progress.stop()
            _greet(console, wish, ports, cities, broker)
            await _until_told(running)
        finally:
            console.print("Ending the city …")
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Two demos in one folder would write over each other's files. The lock ends with the process in any case."""
    with (folder / "demo.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            advice = "end that one first, or give this one a folder of its own: --data DIR"
            raise OSError(f"a city is up in {folder} already; {advice}") from error
        yield


@contextlib.contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield progress


async def _until_told(running: asyncio.Task[None]) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told.set)
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _run(children: Sequence[Child], clock_path: Path, clock: DomainClock) -> None:
    """Every child with its keeper. They are ended one after the other, the edges first and the broker last."""
    keepers = [asyncio.create_task(keep_running(child), name=child.name) for child in children]
    try:
        while True:
            clock_file.remember(clock_path, clock)
            await asyncio.sleep(_REMEMBER_EVERY_S)
    finally:
        for group in _ending_order(keepers):
            for keeper in group:
                keeper.cancel()
            await asyncio.gather(*group, return_exceptions=True)
        clock_file.remember(clock_path, clock)


def _ending_order(keepers: Sequence[asyncio.Task[None]]) -> list[list[asyncio.Task[None]]]:
    centre = [k for k in keepers if k.get_name() == "cloud" or k.get_name().startswith(_SIM)]
    edges = [k for k in keepers if k not in centre and k.get_name() != "broker"]
    return [edges, centre, [k for k in keepers if k not in edges]]


def _lay_out(wish: Wish) -> tuple[Ports, list[Place], Cities]:
    """Write every role's files: inventories, base maps, edges, cloud."""
    shown = certificate(wish.data) if wish.https else None
    host, port = brokers.address(wish.broker_url) if wish.broker_url else ("127.0.0.1", free_port(1883))
    ports = Ports(
        http=free_port(wish.http_port),
        broker_host=host,
        broker=port,
        mail=free_port(2525),
        ca=shown.authority if shown else None,
    )
    places = [_place(wish, number) for number in range(len(wish.cities))]
    for place in places:
        _export(place, ports)
        _copy_plan(place)
    cities = {
        place.folder: City.model_validate_json((place.folder / "inventory.json").read_bytes()) for place in places
    }
    tokens({folder: city.edges for folder, city in cities.items()}, wish.data)
    folders = {city.site: folder.relative_to(wish.data) for folder, city in cities.items()}
    planned = {city.site for folder, city in cities.items() if (folder / _PLAN).is_file()}
    told = {**cloud_settings(folders, ports, planned), **(telemetry_settings(wish.telemetry) if wish.telemetry else {})}
    told |= {"https": shown.settings} if shown else {}
    (wish.data / "cloud.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
    return ports, places, cities


def _place(wish: Wish, number: int) -> Place:
    """The first city has the lamps that were asked for, each other a tenth."""
    file = wish.cities[number]
    lamps = wish.lamps if wish.lamps is None or number == 0 else max(1, wish.lamps // _SMALLER)
    return Place(
        file,
        wish.data / file.stem if number else wish.data,
        lamps,
        modbus=free_run(15020, (lamps or 0) // 50 + 50),
        camera=free_port(8554),
    )


def _export(place: Place, ports: Ports) -> None:
    """Have the simulator write its city, unless the same one was written before: growing streets takes seconds."""
    place.folder.mkdir(parents=True, exist_ok=True)
    stamp, wanted = place.folder / "laid_out", _fingerprint(place, ports)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    from firmware_sim.export import export  # loaded late: `haidang --help` must not wait for it

    stamp.unlink(missing_ok=True)
    export(
        place.file,
        place.folder,
        lamps=place.lamps,
        broker_host=ports.broker_host,
        broker_port=ports.broker,
        cloud_url=ports.url("127.0.0.1"),
        cloud_ca=ports.ca,
        base_port=place.modbus,
        camera_port=place.camera,
    )
    stamp.write_text(wanted)


def _copy_plan(place: Place) -> None:
    """What the city plans for its light stands beside its own file."""
    plan = place.file.with_suffix(".light.yaml")
    if plan.is_file():
        (place.folder / _PLAN).write_bytes(plan.read_bytes())


def _fingerprint(place: Place, ports: Ports) -> str:
    """Of everything that the simulator's files come from, its own code among it."""
    digest = hashlib.sha256(repr((place, ports)).encode() + place.file.read_bytes())
    for package in (firmware_sim, protocols):
        for source in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def cloud_settings(folders: Mapping[str, Path], ports: Ports, planned: Collection[str] = ()) -> dict[str, object]:
    """What the cloud of a demo is told, as cloud.yaml says it. `folders` are those of the sites, seen from there;
    `planned` are the sites whose light begins with a plan."""
    return {
        "sites": [
            {"id": site, **{what: str(folder / file) for what, file in (_OF_A_SITE | plan).items()}}
            for site, folder in folders.items()
            for plan in [{"light": _PLAN} if site in planned else {}]
        ],
        "listen": f"127.0.0.1:{ports.http}",
        "broker": {
            "host": ports.broker_host,
            "port": ports.broker,
            "username": "cloud",
            "password_file": "secrets/cloud",
        },
        "mail": {
            "host": "127.0.0.1",
            "port": ports.mail,
            "sender": "haidang@localhost",
            "technicians": [_MAIL_TO],
        },
        "admin_password_file": "secrets/admin",
        "edge_tokens": EDGE_TOKENS,
    }


_OF_A_SITE = {"inventory": "inventory.json", "basemap": "basemap.geojson"}
_PLAN = "light.yaml"


def telemetry_settings(file: Path) -> dict[str, object]:
    """The part of a cloud.yaml that says where the samples go; its files may stand beside it. Raises ConfigError."""
    from cloud.telemetry.settings import InfluxDb, TelemetryFile  # loaded late: `haidang --help` must not wait for it

    document = config.parse(file.read_bytes(), str(file))
    telemetry, said = config.validate(document, TelemetryFile).telemetry, document.content["telemetry"]
    if isinstance(telemetry, InfluxDb):
        placed = telemetry.placed(file.parent)
        said |= {"token_file": str(placed.token_file), "ca_file": placed.ca_file and str(placed.ca_file)}
    return {"telemetry": said}


def _children(wish: Wish, ports: Ports, places: Sequence[Place], cities: Cities) -> tuple[list[Child], brokers.Broker]:
    data = wish.data.resolve()
    logs, common = data / "logs", ["--clock", str(data / "clock.json")]
    logs.mkdir(exist_ok=True)
    broker = _broker(wish, ports, accounts_of_all(cities, wish.data))
    commands = {
        **({"broker": list(broker.command)} if broker.command else {}),
        **{_SIM + place.file.stem: _sim(place, ports, with_mail=place is places[0]) for place in places},
        "cloud": ["cloud", "--data", str(data)],
        **{edge: _edge(place, edge) for place in places for edge in cities[place.folder].edges},
    }
    before = {edge: place.modbus for place in places for edge in cities[place.folder].edges}
    children = [
        Child(
            name,
            command if name == "broker" else [*_haidang(), *command, *common],
            logs / f"{name.replace(' ', '-')}.log",
            before.get(name),
        )
        for name, command in commands.items()
    ]
    return children, broker


def _sim(place: Place, ports: Ports, *, with_mail: bool) -> list[str]:
    """One post office is enough for all cities."""
    said = ["sim", "run", str(place.file.resolve()), "--data", str(place.folder.resolve())]
    said += ["--base-port", str(place.modbus), "--camera-port", str(place.camera)]
    said += ["--lamps", str(place.lamps)] if place.lamps else []
    said += ["--mail-port", str(ports.mail)] if with_mail else []
    return [*said, "--broker", f"mqtt://{ports.broker_host}:{ports.broker}"]


def _edge(place: Place, edge: str) -> list[str]:
    return ["edge", "--config", str(place.folder.resolve() / "edges" / f"{edge}.yaml")]


def _broker(wish: Wish, ports: Ports, everyone: Sequence[Account]) -> brokers.Broker:
    folder = wish.data.resolve() / "broker"
    if wish.broker_url:
        return brokers.elsewhere(folder, wish.broker_url, everyone)
    return brokers.prepare(folder, ports.broker, everyone, wish.prefer_broker)


def _haidang() -> list[str]:
    return [sys.executable, "-m", "haidang"]


async def _wait_for_life(
    children: Sequence[Child], visitor: Visitor, cities: Cities, progress: Progress, running: asyncio.Task[None]
) -> None:
    """Show what is coming up until every lamp has reported, or those that have not will not: one may be broken.

    Says where to look when something keeps dying.
    """
    total, last, since = sum(len(city.luminaires) for city in cities.values()), None, time.monotonic()
    task = progress.add_task(f"starting {len(children)} processes", total=None)
    while not running.done():
        reported = await visitor.reported()
        progress.update(task, description=_situation(children, reported, total))
        if reported != last:
            last, since = reported, time.monotonic()
        if reported is not None and (reported >= total or time.monotonic() - since > _SILENCE_S):
            return
        await asyncio.sleep(0.5)
    await running


def _situation(children: Sequence[Child], reported: int | None, total: int) -> str:
    dying = [c for c in children if c.starts > 2]
    if dying:
        return f"{dying[0].name} keeps ending: see {dying[0].log_file}"
    return f"{reported} of {total} lamps have reported" if reported is not None else "waiting for the cloud"


def _greet(console: Console, wish: Wish, ports: Ports, cities: Cities, broker: brokers.Broker) -> None:
    """Everything that a newcomer needs, once."""
    secrets = wish.data / "secrets"
    admin, monitor = secrets / "admin", secret(secrets, "monitor")
    lines = [
        *(
            f"[bold]{city.name.vi} · {city.name.en}[/bold]: {len(city.luminaires)} lamps, {len(city.edges)} edges. "
            f"{city.survey.en.capitalize()}."
            for city in cities.values()
        ),
        f"  broker     {broker.name}",
        f"  console    {ports.url('localhost')}",
        *(how_to_trust(ports.ca) if ports.ca else ()),
        f"  log in as  admin   password  {admin.read_text().strip()}   (made for you; kept in {admin})",
        f"  watch      mosquitto_sub -h {broker.host} -p {broker.port} -i monitor -u monitor -P {monitor} -q 1 -v "
        + " ".join(f"-t 'haidang/v1/{city.site}/#'" for city in cities.values()),
        *(
            f"  break      .venv/bin/haidang sim fault on lamp_out {city.luminaires[0].id} --data {folder}"
            for folder, city in cities.items()
        ),
        f"  mail       {wish.data / 'mail'}   logs  {wish.data / 'logs'}",
        "  Ctrl-C ends everything.",
    ]
    if not broker.command:
        lines.insert(
            len(cities) + 1,
            f"  accounts   the broker needs those of {wish.data / 'broker'} (passwords, acl: mosquitto's form)",
        )
    console.print("\n".join(lines), highlight=False, soft_wrap=True)
