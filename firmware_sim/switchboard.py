"""Breaks and mends the devices of a world, and remembers what is broken."""

import logging
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

from firmware_sim import faults
from firmware_sim.controller import Node
from firmware_sim.expansion import PHASES
from firmware_sim.faults import Fault, FaultName, UnknownFault
from firmware_sim.luminaire import Luminaire
from firmware_sim.units import Instrument
from firmware_sim.world import World

log = logging.getLogger(__name__)


class Switchboard:
    """The faults that are on. `file` keeps them."""

    def __init__(self, world: World, file: Path) -> None:
        self._world = world
        self._file = file
        self._on: set[Fault] = set()
        for fault in faults.load(file):
            self._break_again(fault)

    def on(self) -> list[Fault]:
        """What is broken, in order."""
        return sorted(self._on)

    def switch(self, name: str, target: str, *, on: bool) -> None:
        """Switch a fault on or off; twice is once. Raises UnknownFault."""
        fault = faults.parse(name, target, self._targets(name))
        if on == (fault in self._on):
            return
        self._on ^= {fault}
        self._apply(fault, on=on)
        faults.save(self._file, self._on)

    def _break_again(self, fault: Fault) -> None:
        try:
            faults.parse(fault.name, fault.target, self._targets(fault.name))
        except UnknownFault as error:
            log.warning("a fault of before is left out: %s", error)
        else:
            self._on.add(fault)
            self._apply(fault, on=True)

    def _targets(self, name: str) -> Iterable[str]:
        world = self._world
        by_name: Mapping[str, Iterable[str]] = {
            FaultName.LAMP_OUT: world.nodes,
            FaultName.STUCK_ON: world.nodes,
            FaultName.COMM_LOSS: chain(world.nodes, world.instruments, world.cabinets),
            FaultName.PHASE_LOSS: (f"{cabinet}:{phase}" for cabinet in world.cabinets for phase in PHASES),
            FaultName.SENSOR_STUCK: chain(world.nodes, world.instruments),
        }
        return by_name.get(name, ())

    def _apply(self, fault: Fault, *, on: bool) -> None:
        world, target, now = self._world, fault.target, self._world.now()
        if fault.name is FaultName.PHASE_LOSS:
            cabinet, _, phase = target.partition(":")
            world.segment(cabinet, phase).switch_supply(not on, now)
        elif fault.name is FaultName.SENSOR_STUCK:
            _stick(world.nodes.get(target) or world.instruments[target], now, on=on)
        elif target in world.nodes:
            self._break_lamp(world.nodes[target].lamp, now)
        elif target in world.instruments:
            world.instruments[target].silent = on
        else:
            world.lines[target].silent = on

    def _break_lamp(self, lamp: Luminaire, now: float) -> None:
        lamp.set_faults(
            now,
            out=Fault(FaultName.LAMP_OUT, lamp.id) in self._on,
            stuck_on=Fault(FaultName.STUCK_ON, lamp.id) in self._on,
            silent=Fault(FaultName.COMM_LOSS, lamp.id) in self._on,
        )


def _stick(device: Node | Instrument, now: float, *, on: bool) -> None:
    if not on:
        device.frozen = None
    elif device.frozen is None:  # after a restart it already has the digits of before
        device.freeze(now)
