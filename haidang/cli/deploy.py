"""`haidang deploy`."""

from pathlib import Path
from typing import Annotated

import typer

from haidang.cli.options import a_host
from haidang.cli.roles import FAULT_IN_CONFIG, or_advice

deploy = typer.Typer(no_args_is_help=True, help="Lay out a deployment for docker/compose.yaml.")


@deploy.command("init")
def deploy_init(
    folder: Annotated[Path, typer.Argument(help="Where everything of the deployment is kept; its backup.")],
    host: Annotated[str, typer.Option(callback=a_host, help="The name under which people and edges reach it.")],
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
    city = or_advice(lambda: city_of(inventory, basemap, played, lamps))
    try:
        fresh = lay_out(Wish(folder, host, city, https_port, http_port, mqtt_port, devices_port))
    except (NoCertificate, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAULT_IN_CONFIG) from error
    typer.echo("".join(f"new certificate: {name}\n" for name in fresh), nl=False)
    typer.echo(f"next: docker compose --env-file {folder}/.env -f docker/compose.yaml up --build --detach")
