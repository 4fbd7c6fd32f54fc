"""`haidang sim`, and the faults of a running simulator."""

from pathlib import Path
from typing import Annotated

import typer

from haidang import clock as clock_file
from haidang.cli.options import CityFile, ClockFile, Data, Lamps, ProfileFile, RunByDefault, a_span
from haidang.cli.roles import loading, log_to_stderr, or_advice, or_refusal, until_told

sim = typer.Typer(cls=RunByDefault, no_args_is_help=True, help="Play a city for people without hardware.")
fault = typer.Typer(no_args_is_help=True, help="Switch a fault of the running simulator.")
sim.add_typer(fault, name="fault")


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
    with loading():
        from firmware_sim import main
        from firmware_sim.city import load_city
        from haidang.demo.broker import address

    log_to_stderr()
    spec, running = or_advice(lambda: (load_city(city), clock_file.load(clock)))
    until_told(
        main.run(
            spec,
            data,
            running,
            lamps=lamps,
            read_log=read_log,
            base_port=base_port,
            camera_port=camera_port,
            mail_port=mail_port,
            broker=or_refusal(lambda: address(broker)) if broker else None,
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

    log_to_stderr()
    sound = or_advice(lambda: parse_profile(file.read_bytes(), str(file)))

    def ready(where: str) -> None:
        typer.echo(f"{sound.profile} answers on {where} as unit {unit}")

    if serial is None:
        until_told(device.play(sound, unit, "127.0.0.1", port, ready, rtu=rtu))
    else:
        until_told(device.play_serial(sound, unit, serial, baudrate, ready))


@sim.command("export")
def sim_export(
    city: CityFile,
    data: Data = Path("data"),
    lamps: Lamps = None,
    broker_port: Annotated[int, typer.Option(help="What the edges' files say.")] = 1883,
    base_port: Annotated[int, typer.Option(help="Modbus TCP port of the first cabinet.")] = 15020,
    camera_port: Annotated[int, typer.Option(help="HTTP port of the cameras.")] = 8554,
    poll_every: Annotated[str, typer.Option(callback=a_span, help="How often the edges poll, as in 10s.")] = "10s",
) -> None:
    """Write the city's inventory, base map and edge configurations."""
    from firmware_sim.export import export

    or_advice(
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

    for name, target in or_refusal(lambda: list_faults(data)):
        typer.echo(f"{name} {target}")


def _switch(data: Path, state: str, name: str, target: str) -> None:
    from firmware_sim.control import switch_fault

    or_refusal(lambda: switch_fault(data, state, name, target))
    typer.echo(f"{name} {target} is {state}")
