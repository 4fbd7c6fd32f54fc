"""`haidang cloud`, and what is asked of a running service: `haidang store` and `haidang audit`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from haidang import clock as clock_file
from haidang.cli.options import ClockFile, CloudFile, ConsoleUrl, ConsoleUser, Data
from haidang.cli.roles import loading, log_to_stderr, or_advice, or_refusal, until_told
from haidang.console_client import Console, NoAnswer, signed_in

store = typer.Typer(no_args_is_help=True, help="How the telemetry of a running service is kept.")
audit = typer.Typer(no_args_is_help=True, help="The audit log: who did what.")


def cloud(
    data: Data = Path("data"),
    config: CloudFile = None,
    clock: ClockFile = None,
) -> None:
    """Run the cloud service and its console."""
    with loading():
        from cloud import main
        from cloud.settings import load_settings

    log_to_stderr()
    settings, running = or_advice(lambda: (load_settings(config or data / "cloud.yaml", data), clock_file.load(clock)))
    until_told(main.serve(settings, running))


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

    settings = or_advice(lambda: load_settings(config or data / "cloud.yaml", data))
    raise typer.Exit(0 if or_refusal(lambda: auditing.run(settings, heads or (), key)) else 1)


def _ask(data: Path, config: Path | None, url: str | None, user: str | None, ask: Callable[[Console], None]) -> None:
    """Ask the running service as the administrator, whose password lies beside it, or as somebody who types one in."""
    from cloud.people.first import USERNAME
    from cloud.settings import load_settings

    settings = or_advice(lambda: load_settings(config or data / "cloud.yaml", data))
    if user is None:
        password = or_advice(lambda: settings.admin_password_file.read_text().strip())
    else:
        password = typer.prompt(f"password of {user}", hide_input=True)
    try:
        ca = settings.https.ca if settings.https and url is None else None
        with signed_in(url or settings.own_url, user or USERNAME, password, ca) as console:
            ask(console)
    except (NoAnswer, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
