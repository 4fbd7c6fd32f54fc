"""What a city keeps over a restart: counters, levels and overrides, so that energy never runs backwards."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from firmware_sim.controller import Node
from firmware_sim.feeder import MeterState
from firmware_sim.files import Unreadable
from firmware_sim.luminaire import LampState, Luminaire
from firmware_sim.units import Instrument
from firmware_sim.world import World


@dataclass(slots=True)
class Saved:
    """`clean` is false when it was written on the way, not at the end. `heard` is by cabinet and phase."""

    v: int
    clean: bool
    at: float
    lamps: dict[str, LampState]
    meters: dict[str, MeterState]  # by cabinet
    heard: dict[str, tuple[float, ...]]  # by cabinet, its three segments
    frozen: dict[str, str]  # registers as hex


State = TypeVar("State", LampState, MeterState)

_SAVED = TypeAdapter(Saved)


def dump(world: World, *, clean: bool) -> bytes:
    """The state as bytes. Nothing is advanced for it: a lamp goes on from its last look."""
    return orjson.dumps(
        {
            "v": 1,
            "clean": clean,
            "at": world.now(),
            "lamps": {name: node.lamp.state for name, node in world.nodes.items()},
            "meters": {name: cabinet.meter.state for name, cabinet in world.cabinets.items()},
            "heard": {name: [s.heard for s in cabinet.segments] for name, cabinet in world.cabinets.items()},
            "frozen": {name: registers.hex() for name, registers in _frozen(world)},
        }
    )


def _frozen(world: World) -> Iterator[tuple[str, bytes]]:
    devices: Iterable[tuple[str, Node | Instrument]] = chain(world.nodes.items(), world.instruments.items())
    for name, device in devices:
        if device.frozen is not None:
            yield name, device.frozen


def load(file: Path) -> Saved | None:
    """The state of the last run; `None` when there was none. Raises Unreadable."""
    if not file.exists():
        return None
    try:
        return _SAVED.validate_json(file.read_bytes())
    except ValidationError as error:
        raise Unreadable(file, str(error.errors()[0]["msg"])) from error


def restore(world: World, saved: Saved, saved_every: float) -> None:
    """Take over what was saved of the devices that are still there. `saved_every` is in domain seconds."""
    now = world.now()
    for name, cabinet in world.cabinets.items():
        cabinet.meter.state = _not_ahead(saved.meters.get(name, cabinet.meter.state), now)
        for segment, heard in zip(cabinet.segments, saved.heard.get(name, ()), strict=False):
            segment.heard = min(heard, now)
    for name, state in saved.lamps.items():
        if name in world.nodes:
            lamp = world.nodes[name].lamp
            lamp.state, lamp.version = _not_ahead(state, now), lamp.version + 1
            if not saved.clean:
                _credit(lamp, min(max(now - saved.at, 0.0), saved_every))
    for name, registers in saved.frozen.items():
        device = world.nodes.get(name) or world.instruments.get(name)
        if device is not None:
            device.frozen = bytes.fromhex(registers)


def _credit(lamp: Luminaire, unknown_s: float) -> None:
    """After a sudden end nobody knows what a lamp was told since the last save: it may have burnt at full."""
    full = lamp.curve.power(100) * lamp.spread
    lamp.state.energy_wh += (full - lamp.power) * unknown_s / 3600


def _not_ahead(state: State, now: float) -> State:
    """A city whose clock was set back goes on from where its clock is."""
    state.at = min(state.at, now)
    return state
