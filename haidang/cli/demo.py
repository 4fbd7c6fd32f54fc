"""`haidang demo`."""

import asyncio
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from haidang.cli.options import Data
from haidang.cli.roles import FAULT_IN_CONFIG, loading

CityFiles = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="The cities, each as YAML.")]


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
    with loading():
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
