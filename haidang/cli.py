"""The command line. Roles are imported when they are asked for, so that an edge needs nothing of the cloud."""

import asyncio
import atexit
import gc
import logging
import re
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from typer.core import TyperGroup

from haidang import clock as clock_file
from haidang.console_client import Console, NoAnswer, signed_in
from protocols.config import ConfigError
from protocols.durations import span

FAULT_IN_CONFIG = 2

ClockFile = Annotated[Path | None, typer.Option("--clock", help="The city's clock, shared by every role.")]
Data = Annotated[Path, typer.Option("--data", help="Folder for everything that is kept.")]
Lamps = Annotated[int | None, typer.Option("--lamps", min=1, max=200_000, help="How many lamps the city has.")]
CityFiles = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="The cities, each as YAML.")]
CityFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The city, as YAML.")]
ProfileFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A device profile, as YAML.")]
CloudFile = Annotated[Path | None, typer.Option("--config", help="Default: cloud.yaml in --data.")]
ConsoleUrl = Annotated[str | None, typer.Option("--url", help="The running service; default: what cloud.yaml says.")]
ConsoleUser = Annotated[str | None, typer.Option("--user", help="Who asks; default: admin, with the password file.")]
T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)


class _RunByDefault(TyperGroup):
    """`haidang sim city.yaml` is short for `haidang sim run city.yaml`, and `haidang edge --config ...` likewise."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["run", *args]
        return super().parse_args(ctx, args)


edge = typer.Typer(cls=_RunByDefault, no_args_is_help=True, help="Run an edge agent, and look after it.")
app.add_typer(edge, name="edge")
sim = typer.Typer(cls=_RunByDefault, no_args_is_help=True, help="Play a city for people without hardware.")
app.add_typer(sim, name="sim")
fault = typer.Typer(no_args_is_help=True, help="Switch a fault of the running simulator.")
sim.add_typer(fault, name="fault")
profile = typer.Typer(no_args_is_help=True, help="What devices are known, and whether a new one is sound.")
app.add_typer(profile, name="profile")


store = typer.Typer(no_args_is_help=True, help="How the telemetry of a running service is kept.")
app.add_typer(store, name="store")
audit = typer.Typer(no_args_is_help=True, help="The audit log: who did what.")
app.add_typer(audit, name="audit")
deploy = typer.Typer(no_args_is_help=True, help="Lay out a deployment for docker/compose.yaml.")
app.add_typer(deploy, name="deploy")


def _a_host(text: str) -> str:
    """A name or an address, and nothing that a configuration would read as more."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", text):
        raise typer.BadParameter(f"{text!r} is not the name of a host; write it as in den.halong.example")
    return text


def _a_span(text: str) -> str:
    """An option that is a span of time, as it was written."""
    try:
        span(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return text


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    return (host.strip("[]"), int(port)) if colon and not text.endswith("]") else (text.strip("[]"), 502)


def _some_units(text: str) -> str:
    """An option that names Modbus units."""
    from haidang.bus_probe import units

    try:
        units(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return text


def _a_device(text: str | None) -> str | None:
    """An option that is a host, with or without a port."""
    if text is None:
        return None
    try:
        host, port = _host_and_port(text)
    except ValueError:
        host, port = "", 0
    if not host or not 1 <= port <= 65535:
        raise typer.BadParameter(f"{text!r} is no device; write 192.168.1.20 or 192.168.1.20:502")
    return text


@edge.command("run")
def edge_run(
    config: Annotated[Path, typer.Option("--config", exists=True, dir_okay=False, help="The edge, as YAML.")],
    clock: ClockFile = None,
) -> None:
    """Run one edge agent."""
    with _loading():
        from edge_agent import main
        from edge_agent.config import load_config

    _log_to_stderr()
    settings, running = _or_advice(lambda: (load_config(config), clock_file.load(clock)))
    _until_told(main.run(settings, running), _fastest_loop())


@edge.command("status")
def edge_status(
    config: Annotated[Path, typer.Option("--config", exists=True, dir_okay=False, help="The edge, as YAML.")],
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for a program.")] = False,
) -> None:
    """Say how the running edge is."""
    import json

    from edge_agent.config import load_config
    from edge_agent.status_door import ask, door
    from edge_agent.telling import told

    place = door(_or_advice(lambda: load_config(config)).data)
    try:
        found = ask(place)
    except OSError as error:
        typer.echo(f"no edge answers at {place}: {error.strerror or error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(found) if as_json else "\n".join(told(found)))


@edge.command("heads")
def edge_heads(
    config: Annotated[Path, typer.Option("--config", exists=True, dir_okay=False, help="The edge, as YAML.")],
) -> None:
    """The signed heads of the cloud's audit log that this edge keeps, for `haidang audit verify --heads`."""
    from edge_agent.audit_heads import heads_file
    from edge_agent.config import load_config

    file = heads_file(_or_advice(lambda: load_config(config)).data)
    typer.echo(file.read_text("utf-8") if file.exists() else "", nl=False)


@edge.command("check-config")
def edge_check_config(
    config: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The edge, as YAML.")],
) -> None:
    """Say whether an edge.yaml is sound, or what is wrong with it."""
    from edge_agent.config import load_config

    sound = _or_advice(lambda: load_config(config))
    devices = sum(len(bus.devices) for bus in sound.buses)
    typer.echo(f"ok: {sound.edge} of {sound.site}, {len(sound.buses)} buses, {devices} devices")


@edge.command("probe")
def edge_probe(
    tcp: Annotated[str | None, typer.Option("--tcp", callback=_a_device, help="The bus, as HOST or HOST:PORT.")] = None,
    rtu: Annotated[bool, typer.Option("--rtu", help="With --tcp: RTU frames over the socket.")] = False,
    serial: Annotated[str | None, typer.Option("--serial", help="A serial port, as /dev/ttyS0.")] = None,
    baudrate: Annotated[int, typer.Option(min=1200, max=115_200, help="Of the serial line.")] = 9600,
    parity: Annotated[Literal["N", "E", "O"], typer.Option(help="Of the serial line.")] = "N",
    stop_bits: Annotated[int, typer.Option(min=1, max=2, help="Of the serial line.")] = 1,
    units: Annotated[str, typer.Option("--units", callback=_some_units, help="Whom to ask.")] = "1-32",
    timeout: Annotated[str, typer.Option(callback=_a_span, help="How long to wait for an answer.")] = "300ms",
    allow_start: Annotated[
        bool, typer.Option("--allow-start", help="Also start devices that measure only when told to: this writes.")
    ] = False,
) -> None:
    """Say what answers on a bus, and which profile fits: for a cabinet without its papers. Nothing is written.

    Ends with 0, with 1 when something answers that no profile fits, 2 for a wrong command line, 3 when nobody answers.
    """
    from rich.console import Console

    from edge_agent.links.ports import Port, RtuTcpPort, SerialPort, TcpPort
    from haidang import bus_probe

    if (tcp is None) == (serial is None):
        raise typer.BadParameter("give one bus: --tcp HOST or --serial PORT")
    port: Port
    if serial is not None:
        port = SerialPort(serial, baudrate, parity, stop_bits)
    else:
        port = (RtuTcpPort if rtu else TcpPort)(*_host_and_port(tcp or ""))
    wanted = bus_probe.units(units)
    raise typer.Exit(bus_probe.run(port, wanted, span(timeout).total_seconds(), allow_start, Console()))


@app.command()
def cloud(
    data: Data = Path("data"),
    config: Annotated[Path | None, typer.Option("--config", help="Default: cloud.yaml in --data.")] = None,
    clock: ClockFile = None,
) -> None:
    """Run the cloud service and its console."""
    with _loading():
        from cloud import main
        from cloud.settings import load_settings

    _log_to_stderr()
    settings, running = _or_advice(lambda: (load_settings(config or data / "cloud.yaml", data), clock_file.load(clock)))
    _until_told(main.serve(settings, running))


@sim.command("run")
def sim_run(
    city: CityFile,
    data: Data = Path("data"),
    lamps: Lamps = None,
    clock: ClockFile = None,
    read_log: Annotated[Path | None, typer.Option(help="Write down every answered read, one JSON line each.")] = None,
    base_port: Annotated[int, typer.Option(help="Modbus TCP port of the first cabinet.")] = 15020,
    camera_port: Annotated[int, typer.Option(help="HTTP port of the cameras.")] = 8554,
    mail_port: Annotated[int | None, typer.Option(help="Also take mail on this port, into --data/mail.")] = None,
    broker: Annotated[
        str | None, typer.Option(help="Where the devices that speak MQTT connect: mqtt://HOST:PORT.")
    ] = None,
) -> None:
    """Play the city."""
    with _loading():
        from firmware_sim import main
        from firmware_sim.city import load_city
        from haidang.demo.broker import address

    _log_to_stderr()
    spec, running = _or_advice(lambda: (load_city(city), clock_file.load(clock)))
    _until_told(
        main.run(
            spec,
            data,
            running,
            lamps=lamps,
            read_log=read_log,
            base_port=base_port,
            camera_port=camera_port,
            mail_port=mail_port,
            broker=_or_refusal(lambda: address(broker)) if broker else None,
        )
    )


@sim.command("device")
def sim_device(
    file: ProfileFile,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Modbus TCP port; 0 is any free one.")] = 5020,
    unit: Annotated[int, typer.Option(min=0, max=255, help="Its Modbus unit number.")] = 1,
    rtu: Annotated[bool, typer.Option("--rtu", help="RTU frames over the TCP port.")] = False,
    serial: Annotated[str | None, typer.Option("--serial", help="A serial port or pty instead, as /dev/ttyS0.")] = None,
    baudrate: Annotated[int, typer.Option(help="Of the serial port.")] = 9600,
) -> None:
    """Play one device by its profile, for those who do not have it."""
    from firmware_sim import device
    from protocols.profiles import parse_profile

    _log_to_stderr()
    sound = _or_advice(lambda: parse_profile(file.read_bytes(), str(file)))

    def ready(where: str) -> None:
        typer.echo(f"{sound.profile} answers on {where} as unit {unit}")

    if serial is None:
        _until_told(device.play(sound, unit, "127.0.0.1", port, ready, rtu=rtu))
    else:
        _until_told(device.play_serial(sound, unit, serial, baudrate, ready))


@sim.command("export")
def sim_export(
    city: CityFile,
    data: Data = Path("data"),
    lamps: Lamps = None,
    broker_port: Annotated[int, typer.Option(help="What the edges' files say.")] = 1883,
    base_port: Annotated[int, typer.Option(help="Modbus TCP port of the first cabinet.")] = 15020,
    camera_port: Annotated[int, typer.Option(help="HTTP port of the cameras.")] = 8554,
    poll_every: Annotated[str, typer.Option(callback=_a_span, help="How often the edges poll, as in 10s.")] = "10s",
) -> None:
    """Write the city's inventory, base map and edge configurations."""
    from firmware_sim.export import export

    _or_advice(
        lambda: export(
            city,
            data,
            lamps=lamps,
            broker_port=broker_port,
            base_port=base_port,
            camera_port=camera_port,
            poll_every=poll_every,
        )
    )


@fault.command("on")
def fault_on(name: str, target: str, data: Data = Path("data")) -> None:
    """Switch a fault on, as in: lamp_out HL-000001."""
    _switch(data, "on", name, target)


@fault.command("off")
def fault_off(name: str, target: str, data: Data = Path("data")) -> None:
    """Switch a fault off."""
    _switch(data, "off", name, target)


@fault.command("list")
def fault_list(data: Data = Path("data")) -> None:
    """The faults that are on."""
    from firmware_sim.control import list_faults

    for name, target in _or_refusal(lambda: list_faults(data)):
        typer.echo(f"{name} {target}")


@profile.command("check")
def profile_check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A device profile, as YAML.")],
) -> None:
    """Say whether a device profile is sound, or what is wrong with it."""
    from protocols.profiles.mqtt import parse_any_profile

    sound = _or_advice(lambda: parse_any_profile(file.read_bytes(), str(file)))
    typer.echo(f"ok: {sound.profile}, {len(sound.points)} points, {len(sound.checked_with)} checks")


@profile.command("try")
def profile_try(
    file: ProfileFile,
    tcp: Annotated[str, typer.Option("--tcp", callback=_a_device, help="The device, as HOST or HOST:PORT.")],
    unit: Annotated[int, typer.Option(min=0, max=255, help="Its Modbus unit number.")],
    block: Annotated[int, typer.Option(min=0, help="Which of many, in a device that repeats itself.")] = 0,
    timeout: Annotated[str, typer.Option(callback=_a_span, help="How long to wait for an answer.")] = "2s",
    dim: Annotated[float | None, typer.Option(min=0, max=100, help="Set this level (%) first.")] = None,
    group: Annotated[int | None, typer.Option(min=0, help="With --dim: this group of a gateway.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="With --dim: all that a gateway reaches.")] = False,
) -> None:
    """Read a device once with a profile: each quantity, its words, its value, and whether it is plausible.

    Ends with 0, with 1 when a value is not plausible or not known, 2 when the file is wrong, 3 when nothing was read.
    """
    from rich.console import Console

    from haidang import trial
    from protocols.profiles import parse_profile

    sound = _or_advice(lambda: parse_profile(file.read_bytes(), str(file)))
    host, port = _host_and_port(tcp)
    wish = trial.Wish(host, port, unit, block, span(timeout).total_seconds(), dim, group, everyone)
    raise typer.Exit(trial.run(sound, wish, Console()))


@profile.command("list")
def profile_list(
    markdown: Annotated[bool, typer.Option("--markdown", help="As the page docs/devices.md.")] = False,
) -> None:
    """The devices that come with Haidang."""
    from haidang.devices import page
    from protocols.profiles.mqtt import every_profile

    known = every_profile()
    typer.echo(page(known) if markdown else "\n".join(f"{p.profile}: {p.title.en}" for p in known), nl=not markdown)


@deploy.command("init")
def deploy_init(
    folder: Annotated[Path, typer.Argument(help="Where everything of the deployment is kept; its backup.")],
    host: Annotated[str, typer.Option(callback=_a_host, help="The name under which people and edges reach it.")],
    inventory: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The city, as inventory.json.")
    ] = None,
    basemap: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Land and streets, as GeoJSON.")
    ] = None,
    played: Annotated[
        Path | None, typer.Option("--demo", exists=True, dir_okay=False, help="A city for the simulator, as YAML.")
    ] = None,
    lamps: Annotated[int, typer.Option(min=1, max=200_000, help="How many lamps the played city has.")] = 100,
    https_port: int = 443,
    http_port: int = 80,
    mqtt_port: Annotated[int, typer.Option(help="Where edges come in.")] = 8883,
    devices_port: Annotated[int, typer.Option(help="Where devices that speak MQTT come in.")] = 8884,
) -> None:
    """Write secrets, certificates and settings. What is there and still good is kept: run it as often as you like."""
    from haidang.deploy.certificates import NoCertificate
    from haidang.deploy.city import city_of
    from haidang.deploy.layout import Wish, lay_out

    if (inventory is None) == (played is None):
        raise typer.BadParameter("give the city: either --inventory FILE or --demo FILE")
    city = _or_advice(lambda: city_of(inventory, basemap, played, lamps))
    try:
        fresh = lay_out(Wish(folder, host, city, https_port, http_port, mqtt_port, devices_port))
    except (NoCertificate, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAULT_IN_CONFIG) from error
    typer.echo("".join(f"new certificate: {name}\n" for name in fresh), nl=False)
    typer.echo(f"next: docker compose --env-file {folder}/.env -f docker/compose.yaml up --build --detach")


@store.command("status")
def store_status(
    data: Data = Path("data"),
    config: CloudFile = None,
    url: ConsoleUrl = None,
    user: ConsoleUser = None,
) -> None:
    """How much is kept, how long the disk will do, and what is waiting."""
    from haidang import storing

    _ask(data, config, url, user, lambda console: typer.echo("\n".join(storing.status(console, datetime.now(UTC)))))


@store.command("export")
def store_export(
    out: Annotated[Path, typer.Argument(dir_okay=False, help="The new file: NAME.csv or NAME.parquet.")],
    kind: Annotated[str, typer.Option(help="luminaire, meter, …, or a summary such as ward_1h.")],
    start: Annotated[datetime, typer.Option("--from", help="The first moment, UTC.")],
    end: Annotated[datetime, typer.Option("--to", help="The moment after the last, UTC.")],
    device: Annotated[list[str] | None, typer.Option(help="Only this device; may be given several times.")] = None,
    file_format: Annotated[str | None, typer.Option("--format", help="csv or parquet; default: by the name.")] = None,
    data: Data = Path("data"),
    config: CloudFile = None,
    url: ConsoleUrl = None,
    user: ConsoleUser = None,
) -> None:
    """Write samples or summaries to a file that any tool reads."""
    from haidang import storing

    span = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
    chosen = file_format or out.suffix[1:]
    if chosen not in ("csv", "parquet"):
        raise typer.BadParameter("say --format csv or --format parquet, or give the file such an ending")

    def write(console: Console) -> None:
        size = storing.export(console, storing.Wanted(kind, *span, device or (), chosen), out)
        typer.echo(f"{out}: {size:,} bytes")

    _ask(data, config, url, user, write)


@audit.command("verify")
def audit_verify(
    heads: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="Signed heads from elsewhere (`haidang edge heads`); repeatable."
        ),
    ] = None,
    key: Annotated[str | None, typer.Option(help="The public key as it was noted; default: the key in --data.")] = None,
    data: Data = Path("data"),
    config: CloudFile = None,
) -> None:
    """Say whether the audit log is as it was written: every row, by the chain and by every signed head.

    The service may run meanwhile. Ends with 0, 1 when something is wrong or cannot be read, 2 for a bad cloud.yaml.
    """
    from cloud.settings import load_settings
    from haidang import auditing

    settings = _or_advice(lambda: load_settings(config or data / "cloud.yaml", data))
    raise typer.Exit(0 if _or_refusal(lambda: auditing.run(settings, heads or (), key)) else 1)


@app.command()
def demo(
    cities: CityFiles,
    data: Data = Path("data"),
    lamps: Annotated[
        int | None, typer.Option(min=1, max=200_000, help="Of the first city; each other has a tenth.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=3600, help="How fast the city's time runs.")] = 1.0,
    at: Annotated[datetime | None, typer.Option(help="The city's time to start from, UTC.")] = None,
    port: Annotated[int, typer.Option(help="Port of the console.")] = 8080,
    broker: Annotated[str | None, typer.Option(help="mosquitto or nats-server; default: what is there.")] = None,
    broker_url: Annotated[str | None, typer.Option(help="A broker that runs already, as mqtt://HOST:PORT.")] = None,
    telemetry: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What cloud.yaml says under telemetry: (InfluxDB).")
    ] = None,
    https: Annotated[bool, typer.Option("--https", help="The console over HTTPS, by an authority of its own.")] = False,
) -> None:
    """Run a whole demo city, or several in one console: broker, simulators, cloud and edges."""
    with _loading():
        from rich.console import Console

        from haidang.demo.broker import NoBroker
        from haidang.demo.up import Wish, up
        from haidang.deploy.certificates import NoCertificate

    start_at = at.replace(tzinfo=UTC) if at else None
    wish = Wish(tuple(cities), data, lamps, speed, start_at, port, broker, broker_url, telemetry, https)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        asyncio.run(up(wish, Console()))
    except KeyboardInterrupt:
        sys.exit(0)
    except (ValueError, OSError, NoBroker, NoCertificate) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAULT_IN_CONFIG) from error


def _ask(data: Path, config: Path | None, url: str | None, user: str | None, ask: Callable[[Console], None]) -> None:
    """Ask the running service as the administrator, whose password lies beside it, or as somebody who types one in."""
    from cloud.people.first import USERNAME
    from cloud.settings import load_settings

    settings = _or_advice(lambda: load_settings(config or data / "cloud.yaml", data))
    if user is None:
        password = _or_advice(lambda: settings.admin_password_file.read_text().strip())
    else:
        password = typer.prompt(f"password of {user}", hide_input=True)
    try:
        ca = settings.https.ca if settings.https and url is None else None
        with signed_in(url or settings.own_url, user or USERNAME, password, ca) as console:
            ask(console)
    except (NoAnswer, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _switch(data: Path, state: str, name: str, target: str) -> None:
    from firmware_sim.control import switch_fault

    _or_refusal(lambda: switch_fault(data, state, name, target))
    typer.echo(f"{name} {target} is {state}")


@contextmanager
def _loading() -> Iterator[None]:
    """A role's modules stay until it ends: they are not looked through for garbage, neither now nor later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        atexit.register(gc.unfreeze)  # what a library made is taken apart at the end, or it complains


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")


def _or_advice(load: Callable[[], T]) -> T:
    """What was loaded, or an end with every mistake of the file on a line of its own."""
    try:
        return load()
    except ConfigError as error:
        typer.echo(str(error), err=True)
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
    raise typer.Exit(FAULT_IN_CONFIG)


def _or_refusal(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except (ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop, where the extra `fast` is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _until_told(role: Coroutine[Any, Any, None], loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> None:
    """Run a role until SIGTERM or SIGINT, which cancel it and are a good end. A bad start is one line."""
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(_cancel_on_signal(role))
    except (ConfigError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAULT_IN_CONFIG) from error


async def _cancel_on_signal(role: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(role)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logging.getLogger("haidang").info("ended as asked")
