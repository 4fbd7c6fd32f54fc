"""Faults by name, and which of them are on. They stay on over a restart."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from firmware_sim.files import Unreadable, write_whole

_MOST_COMPARED = 2000  # names that a mistyped one is compared with: more would hold up the whole simulator


class FaultName(StrEnum):
    """What can be switched on, and for what."""

    LAMP_OUT = "lamp_out"  # a lamp: no light, standby power, while its level says on
    STUCK_ON = "stuck_on"  # a lamp: full light whatever it is told
    COMM_LOSS = "comm_loss"  # a lamp, a meter, a station, or a cabinet with everything behind it
    PHASE_LOSS = "phase_loss"  # one phase of a cabinet, as HL-TC001:B
    SENSOR_STUCK = "sensor_stuck"  # a lamp, a meter or a station: the same digits for ever


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of one thing."""

    name: FaultName
    target: str


class UnknownFault(ValueError):
    """There is no such fault, or nothing of this name can have it; the text says what would be right."""


def parse(name: str, target: str, targets: Iterable[str]) -> Fault:
    """Check a fault against what is in the city. Raises UnknownFault."""
    if name not in [str(known) for known in FaultName]:
        raise UnknownFault(f"unknown fault {name!r}; {_advice(name, list(FaultName))}")
    known = list(targets)
    if target not in known:
        raise UnknownFault(f"nothing called {target!r} can have {name}; {_advice(target, known)}")
    return Fault(FaultName(name), target)


class _Kept(BaseModel):
    """The file between two runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    v: Literal[1] = 1
    on: tuple[tuple[FaultName, str], ...]


def load(file: Path) -> list[Fault]:
    """The faults that were on; none when the file is not there. Raises Unreadable."""
    if not file.exists():
        return []
    try:
        kept = _Kept.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise Unreadable(file, str(error.errors()[0]["msg"])) from error
    return [Fault(name, target) for name, target in kept.on]


def save(file: Path, faults: Iterable[Fault]) -> None:
    """Remember which faults are on."""
    kept = _Kept(on=tuple((fault.name, fault.target) for fault in sorted(faults)))
    write_whole(file, kept.model_dump_json().encode())


def _advice(wrong: str, known: list[str]) -> str:
    close = difflib.get_close_matches(wrong, known, n=1) if len(known) <= _MOST_COMPARED else []
    if close:
        return f"did you mean `{close[0]}`?"
    return f"there are {', '.join(known[:5])}{' …' if len(known) > 5 else ''}"
