"""`haidang edge`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from haidang import clock as clock_file
from haidang.cli.options import ClockFile, RunByDefault, a_device, a_span, host_and_port, some_units
from haidang.cli.roles import fastest_loop, loading, log_to_stderr, or_advice, until_told
from protocols.durations import span

edge = typer.Typer(cls=RunByDefault, no_args_is_help=True, help="Run an edge agent, and look after it.")


@edge.command("run")
def edge_run(
    config: Annotated[Path, typer.Option("--config", exists=True, dir_okay=False, help="The edge, as YAML.")],
    clock: ClockFile = None,
) -> None:
    """Run one edge agent."""
    with loading():
        from edge_agent import main
        from edge_agent.config import load_config

    log_to_stderr()
    settings, running = or_advice(lambda: (load_config(config), clock_file.load(clock)))
    until_told(main.run(settings, running), fastest_loop())


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

    place = door(or_advice(lambda: load_config(config)).data)
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

    file = heads_file(or_advice(lambda: load_config(config)).data)
    typer.echo(file.read_text("utf-8") if file.exists() else "", nl=False)


@edge.command("check-config")
def edge_check_config(
    config: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The edge, as YAML.")],
) -> None:
    """Say whether an edge.yaml is sound, or what is wrong with it."""
    from edge_agent.config import load_config

    sound = or_advice(lambda: load_config(config))
    devices = sum(len(bus.devices) for bus in sound.buses)
    typer.echo(f"ok: {sound.edge} of {sound.site}, {len(sound.buses)} buses, {devices} devices")


@edge.command("probe")
def edge_probe(
    tcp: Annotated[str | None, typer.Option("--tcp", callback=a_device, help="The bus, as HOST or HOST:PORT.")] = None,
    rtu: Annotated[bool, typer.Option("--rtu", help="With --tcp: RTU frames over the socket.")] = False,
    serial: Annotated[str | None, typer.Option("--serial", help="A serial port, as /dev/ttyS0.")] = None,
    baudrate: Annotated[int, typer.Option(min=1200, max=115_200, help="Of the serial line.")] = 9600,
    parity: Annotated[Literal["N", "E", "O"], typer.Option(help="Of the serial line.")] = "N",
    stop_bits: Annotated[int, typer.Option(min=1, max=2, help="Of the serial line.")] = 1,
    units: Annotated[str, typer.Option("--units", callback=some_units, help="Whom to ask.")] = "1-32",
    timeout: Annotated[str, typer.Option(callback=a_span, help="How long to wait for an answer.")] = "300ms",
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
        port = (RtuTcpPort if rtu else TcpPort)(*host_and_port(tcp or ""))
    wanted = bus_probe.units(units)
    raise typer.Exit(bus_probe.run(port, wanted, span(timeout).total_seconds(), allow_start, Console()))
