"""What several commands are told alike, and what makes sense of it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from protocols.durations import span

ClockFile = Annotated[Path | None, typer.Option("--clock", help="The city's clock, shared by every role.")]
Data = Annotated[Path, typer.Option("--data", help="Folder for everything that is kept.")]
Lamps = Annotated[int | None, typer.Option("--lamps", min=1, max=200_000, help="How many lamps the city has.")]
CityFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The city, as YAML.")]
ProfileFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A device profile, as YAML.")]
CloudFile = Annotated[Path | None, typer.Option("--config", help="Default: cloud.yaml in --data.")]
ConsoleUrl = Annotated[str | None, typer.Option("--url", help="The running service; default: what cloud.yaml says.")]
ConsoleUser = Annotated[str | None, typer.Option("--user", help="Who asks; default: admin, with the password file.")]


class RunByDefault(TyperGroup):
    """`haidang sim city.yaml` is short for `haidang sim run city.yaml`, and `haidang edge --config ...` likewise."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["run", *args]
        return super().parse_args(ctx, args)


def a_host(text: str) -> str:
    """A name or an address, and nothing that a configuration would read as more."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", text):
        raise typer.BadParameter(f"{text!r} is not the name of a host; write it as in den.halong.example")
    return text


def a_span(text: str) -> str:
    """An option that is a span of time, as it was written."""
    return _understood(span, text)


def host_and_port(text: str) -> tuple[str, int]:
    """The port of Modbus TCP when none is said. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    return (host.strip("[]"), int(port)) if colon and not text.endswith("]") else (text.strip("[]"), 502)


def some_units(text: str) -> str:
    """An option that names Modbus units."""
    from haidang.bus_probe import units

    return _understood(units, text)


def a_device(text: str | None) -> str | None:
    """An option that is a host, with or without a port."""
    if text is None:
        return None
    try:
        host, port = host_and_port(text)
    except ValueError:
        host, port = "", 0
    if not host or not 1 <= port <= 65535:
        raise typer.BadParameter(f"{text!r} is no device; write 192.168.1.20 or 192.168.1.20:502")
    return text


def _understood(read: Callable[[str], object], text: str) -> str:
    """What somebody typed, if it can be read."""
    try:
        read(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return text
