"""What a probe of a bus is told as: a table of who answers, the profile that fits, and why."""

import asyncio
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from edge_agent.links import LinkError
from edge_agent.links.ports import Port
from edge_agent.probing import Fit, Found, harmless, probe
from haidang.trial import explained
from protocols.profiles import Profile, library

ALL_KNOWN, NOT_ALL_KNOWN, NOBODY = 0, 1, 3  # exit codes; 2 is a wrong command line

_LAST = 255  # unit
_OTHERS = 2  # that are named beside the best ...
_WORTH_SAYING = 3.0  # ... if there is so much evidence for them, in bits


def units(text: str) -> list[int]:
    """`1-32`, `3` or `1-8,11,13`. Raises ValueError with what would be right."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(f"{text!r} are no units; write them as in 1-32 or 1,3,11")
        found.update(range(int(first), min(int(last or first), _LAST + 1) + 1))
    if not found or min(found) < 1 or max(found) > _LAST:
        raise ValueError(f"{text!r}: units are 1 to 255")
    return sorted(found)


def run(port: Port, wanted: Sequence[int], timeout_s: float, allow_start: bool, console: Console) -> int:
    """Probe and tell. Returns the exit code."""
    profiles = list(library().values()) if allow_start else harmless(library().values())
    try:
        found = asyncio.run(_all(port, wanted, profiles, timeout_s, console))
    except LinkError as error:
        console.print(f"[red]{escape(port.name)}[/red]: {escape(explained(error))}", soft_wrap=True)
        return NOBODY
    if not found:
        console.print(f"nobody answers on {escape(port.name)} as unit {wanted[0]} to {wanted[-1]}", soft_wrap=True)
        return NOBODY
    console.print(_table(port, found))
    if not all(one.best for one in found):
        console.print(_on_strangers(allow_start), soft_wrap=True)
        return NOT_ALL_KNOWN
    return ALL_KNOWN


async def _all(
    port: Port, wanted: Sequence[int], profiles: Sequence[Profile], timeout_s: float, console: Console
) -> list[Found]:
    with Progress(console=console, transient=True) as progress:
        asking = progress.add_task("asking", total=len(wanted))

        def told(unit: int) -> None:
            progress.update(asking, advance=1, description=f"unit {unit}")

        return [found async for found in probe(port, wanted, profiles, timeout_s=timeout_s, told=told)]


def _table(port: Port, found: Sequence[Found]) -> Table:
    table = Table(title=port.name)
    table.add_column("unit", justify="right")
    for column in ("profile", "why", "also possible"):
        table.add_column(column, overflow="fold")
    for one in found:
        table.add_row(*_row(one))
    return table


def _row(found: Found) -> tuple[str, str, str, str]:
    best = found.best
    others = [fit for fit in found.fits if fit is not best and fit.bits > _WORTH_SAYING][:_OTHERS]
    rest = "; ".join(f"{fit.profile.profile}: {_why(fit)}" for fit in others)
    if best is None:
        return str(found.unit), "[yellow]none fits[/yellow]", "answers", rest
    many = f" x {found.blocks}" if found.blocks > 1 else ""
    return str(found.unit), f"[green]{best.profile.profile}[/green]{many}", _why(best), rest


def _why(fit: Fit) -> str:
    parts = [f"{fit.plausible} of {len(fit.profile.polled)} values plausible"]
    if fit.doubtful:
        parts.append(", ".join(f"{one.quantity} {one.value:g} is not" for one in fit.doubtful[:_OTHERS]))
    if fit.unread:
        parts.append(f"{fit.unread} not to be read")
    return ", ".join(parts)


def _on_strangers(allow_start: bool) -> str:
    advice = "a device that nobody has described yet: docs/add-a-device.md"
    if allow_start:
        return advice
    return f"{advice}; or one that measures only when it is told to: try --allow-start, which writes to it"
