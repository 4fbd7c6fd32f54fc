"""What the roll-ups remember between two batches, and the file it is read from after a restart, with the inbox's place.

The file is replaced as a whole. Devices are found again by their names, so another version of the inventory may follow.
"""

import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from cloud.fleet.fleet import LUMINAIRE
from cloud.rollups.topology import COUNTING, Kind, Topology
from protocols.quantities import QUANTITIES
from rules.fleet_hours import OpenHours

_VERSION = 1
_TALLIES = "tallies."

Arrays = Mapping[str, NDArray[Any]]


@dataclass(slots=True)
class State:
    """`position` is how far the inbox has been counted, `now` the time until when it has been read (Unix seconds).

    `told` is the end of the 5-minute steps that are written, `closed_at` the position at which an hour was closed last.
    """

    kinds: Mapping[str, OpenHours]
    inbox: str = ""
    position: int = 0
    now: int = 0
    told: int = 0
    closed_at: int = 0

    @property
    def first(self) -> int:
        """Start of the earlier open hour; all before it are closed."""
        return next(iter(self.kinds.values())).first

    @property
    def is_empty(self) -> bool:
        """Has nobody been heard in the open hours?"""
        return all(hours.is_empty for hours in self.kinds.values())

    def skip_to(self, first: int) -> None:
        """Go on with a later hour; nobody has been heard in the open ones."""
        for hours in self.kinds.values():
            hours.skip_to(first)

    def forget(self) -> None:
        """The earlier open hour is written down."""
        for hours in self.kinds.values():
            hours.forget()
        self.closed_at = self.position


def fresh(topology: Topology) -> State:
    """Nothing is known."""
    return State({name: _open_hours(kind) for name, kind in topology.kinds.items()})


def save(state: State, topology: Topology, file: Path) -> None:
    """Whole or not at all, and on disk when it returns. Raises OSError."""
    draft = file.with_name(f"{file.name}.tmp")
    with draft.open("wb") as opened:
        np.savez(opened, **dict(_parts(state, topology)))  # type: ignore[arg-type]  # names of arrays, not of options
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)


def load(file: Path, topology: Topology) -> State | None:
    """What was saved; `None` without a file. Raises ValueError, KeyError, OSError when it cannot be used."""
    if not file.exists():
        return None
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as parts:
        about = orjson.loads(parts["about"].tobytes())
        if about.pop("version") != _VERSION:
            raise ValueError("saved by another version")
        return _restored(about, parts, topology)


def _open_hours(kind: Kind) -> OpenHours:
    return OpenHours(kind.most_mw, 0, counts=kind.name in COUNTING, steps=kind.name == LUMINAIRE)


def _parts(state: State, topology: Topology) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "about", _bytes(orjson.dumps({"version": _VERSION, "first": state.first, **_about(state)}))
    for name, hours in state.kinds.items():
        yield f"{name}/ids", _bytes("\n".join(topology.kinds[name].ids).encode())
        runs = bool(hours.heard[1].any())
        for path, array in hours.arrays():
            yield f"{name}/{path}", array if runs or len(array) == 1 else _earlier_half(path, array)


def _earlier_half(path: str, array: NDArray[Any]) -> NDArray[Any]:
    """Nobody has been heard in the later hour: its part of what is summed up is empty, and need not be written."""
    return array[: len(array) // 2] if path.startswith((_TALLIES, "power.")) else array


def _about(state: State) -> dict[str, object]:
    names = ("inbox", "position", "now", "told", "closed_at")
    return {name: getattr(state, name) for name in names}


def _restored(about: dict[str, Any], parts: Arrays, topology: Topology) -> State:
    first = about.pop("first")
    state = State(fresh(topology).kinds, **about)
    state.skip_to(first)
    for name, hours in state.kinds.items():
        if f"{name}/ids" in parts:
            _restore(hours, topology.kinds[name], {path: parts[path] for path in parts if path.startswith(f"{name}/")})
    return state


def _restore(hours: OpenHours, kind: Kind, parts: Arrays) -> None:
    saved = parts[f"{kind.name}/ids"].tobytes().decode().split("\n")
    there = [(kind.numbers[name], n) for n, name in enumerate(saved) if name in kind.numbers]
    now, then = np.array(there, np.int64).reshape(-1, 2).T
    for quantity in _quantities(kind, parts):
        hours.know(quantity)
    for path, array in hours.arrays():
        held = parts.get(f"{kind.name}/{path}")
        if held is not None:
            array[: len(held), now] = held[:, then]


def _quantities(kind: Kind, parts: Arrays) -> set[str]:
    front = f"{kind.name}/{_TALLIES}"
    named = {path.removeprefix(front).partition(".")[0] for path in parts if path.startswith(front)}
    return named & QUANTITIES.keys()


def _bytes(text: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text, np.uint8)
