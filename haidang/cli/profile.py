"""`haidang profile`."""

from pathlib import Path
from typing import Annotated

import typer

from haidang.cli.options import ProfileFile, a_device, a_span, host_and_port
from haidang.cli.roles import or_advice
from protocols.durations import span

profile = typer.Typer(no_args_is_help=True, help="What devices are known, and whether a new one is sound.")


@profile.command("check")
def profile_check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A device profile, as YAML.")],
) -> None:
    """Say whether a device profile is sound, or what is wrong with it."""
    from protocols.profiles.mqtt import parse_any_profile

    sound = or_advice(lambda: parse_any_profile(file.read_bytes(), str(file)))
    typer.echo(f"ok: {sound.profile}, {len(sound.points)} points, {len(sound.checked_with)} checks")


@profile.command("try")
def profile_try(
    file: ProfileFile,
    tcp: Annotated[str, typer.Option("--tcp", callback=a_device, help="The device, as HOST or HOST:PORT.")],
    unit: Annotated[int, typer.Option(min=0, max=255, help="Its Modbus unit number.")],
    block: Annotated[int, typer.Option(min=0, help="Which of many, in a device that repeats itself.")] = 0,
    timeout: Annotated[str, typer.Option(callback=a_span, help="How long to wait for an answer.")] = "2s",
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

    sound = or_advice(lambda: parse_profile(file.read_bytes(), str(file)))
    host, port = host_and_port(tcp)
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
