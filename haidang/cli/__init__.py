"""The command line. Roles are imported when they are asked for, so that an edge needs nothing of the cloud."""

import typer

from haidang.cli.demo import demo
from haidang.cli.deploy import deploy
from haidang.cli.edge import edge
from haidang.cli.profile import profile
from haidang.cli.service import audit, cloud, store
from haidang.cli.sim import sim

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(edge, name="edge")
app.add_typer(sim, name="sim")
app.add_typer(profile, name="profile")
app.add_typer(store, name="store")
app.add_typer(audit, name="audit")
app.add_typer(deploy, name="deploy")
app.command()(cloud)
app.command()(demo)
