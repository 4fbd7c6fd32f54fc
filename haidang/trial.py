"""What a look at a device is told as: a table of values, and for what went wrong the usual reasons."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge_agent.links import Garbled, LinkError, NoAnswer, Unreachable
from edge_agent.trying import Level, Trial, Tried, Verdict, attempt
from protocols.modbus.dimming import Everyone, Group, OutOfReach
from protocols.profiles import Profile
from protocols.quantities import QUANTITIES

ALL_WELL, DOUBTFUL, NOT_READ = 0, 1, 3  # exit codes; 2 is a file that is wrong

_COLOURS: Mapping[Verdict, str] = {
    Verdict.PLAUSIBLE: "green",
    Verdict.NOT_PLAUSIBLE: "red",
    Verdict.NOT_KNOWN: "yellow",
    Verdict.NOT_READ: "red",
}
_BY_EXCEPTION: Mapping[int, str] = {
    1: "this function code is not for it; is the table right, input or holding?",
    2: "there is no such register; compare the address with the manual, which may count from 1",
    3: "it does not take this count or value; a lower most_registers may help",
    4: "it cannot carry it out now; what stands behind it may be away",
    6: "it is busy; try again in a moment",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see of a device. `dim` is a level (%) to set first: of the block, a group or all."""

    host: str
    port: int
    unit: int
    block: int
    timeout_s: float
    dim: float | None = None
    group: int | None = None
    everyone: bool = False

    @property
    def level(self) -> Level | None:
        """The level that is set first."""
        if self.dim is None:
            return None
        return Level(self.dim, Everyone() if self.everyone else None if self.group is None else Group(self.group))


def run(profile: Profile, wish: Wish, console: Console) -> int:
    """Look and tell. Returns the exit code."""
    look = attempt(
        profile, wish.host, wish.port, wish.unit, block=wish.block, timeout_s=wish.timeout_s, level=wish.level
    )
    if profile.wait:
        console.print(f"starting it, then {profile.wait.total_seconds():g} s of waiting")
    try:
        return told(profile, asyncio.run(look), console)
    except LinkError as error:
        console.print(f"[red]unit {wish.unit}[/red]: {escape(explained(error))}", soft_wrap=True)
    except (OutOfReach, OverflowError) as error:
        console.print(escape(str(error)), soft_wrap=True)
    return NOT_READ


def told(profile: Profile, trial: Trial, console: Console) -> int:
    """Print a look. Returns the exit code."""
    if trial.tried:
        console.print(_table(profile, trial))
    for request, error in trial.refused:
        console.print(f"[red]cannot {_verb(request)}[/red]: {escape(explained(error))}", soft_wrap=True)
    if not any(tried.words for tried in trial.tried):
        return NOT_READ
    return ALL_WELL if all(tried.verdict is Verdict.PLAUSIBLE for tried in trial.tried) else DOUBTFUL


def explained(error: LinkError) -> str:
    """What a link had to say, and what is usually behind it."""
    match error:
        case Unreachable():
            return f"{error}; is the address right, and is another master holding the only connection?"
        case NoAnswer():
            return f"{error}; is the unit number right, the device on, and the line's speed and wiring as set?"
        case Garbled():
            return f"{error}; two masters on one line, or a gateway that mixes answers up"
    advice = _BY_EXCEPTION.get(error.code or 0)
    return f"{error}: {advice}" if advice else str(error)


def _verb(request: str) -> str:
    return request if request.startswith(("read ", "write ")) else f"read {request}"


def _table(profile: Profile, trial: Trial) -> Table:
    table = Table(title=f"{profile.title.en} ({profile.profile})")
    for column in ("quantity", "register", "words"):
        table.add_column(column, overflow="fold")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("")
    for tried in trial.tried:
        table.add_row(*_row(tried))
    return table


def _row(tried: Tried) -> tuple[str, ...]:
    quantity = QUANTITIES[tried.quantity]
    words = " ".join(f"{word:04X}" for word in tried.words)
    value = "" if tried.value is None else f"{tried.value:.10g}"
    verdict = f"[{_COLOURS[tried.verdict]}]{tried.verdict}[/]"
    if tried.verdict is Verdict.NOT_PLAUSIBLE:
        verdict += f", {quantity.low:g} to {quantity.high:g} would be"
    return tried.quantity, tried.register, words, value, quantity.unit, verdict
