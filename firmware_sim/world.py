"""All devices of an expanded city, alive, by their ids and on the lines on which they answer."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial

from firmware_sim.controller import Node, SegmentController
from firmware_sim.expansion import FIRST_SEGMENT_UNIT, METER_UNIT, PHASES, Bus, Expanded
from firmware_sim.feeder import Meter, MeterState
from firmware_sim.image import Layout
from firmware_sim.luminaire import SILENCE_S, LampState, Luminaire, PowerCurve, Segment
from firmware_sim.modbus_server import Line, OnRead
from firmware_sim.noise import noise, seed_of
from firmware_sim.probes import instrument
from firmware_sim.sky import Sky
from firmware_sim.stations import values_of
from firmware_sim.units import Instrument, Unit
from protocols import inventory
from protocols.inventory import City
from protocols.modbus.registers import Space
from protocols.profiles import Profile, library

_USUAL_SHARE = 0.7  # of its rated power, that a dimmed lamp has used on average in its life

Now = Callable[[], float]  # domain time, Unix seconds


@dataclass(frozen=True, slots=True)
class Cabinet:
    """A cabinet with its three segments, whether they have lamps or not."""

    meter: Meter
    segments: Sequence[Segment]
    nodes: Mapping[str, Node]
    units: Mapping[int, Unit]


@dataclass(frozen=True, slots=True)
class World:
    """The devices of a city. Nodes are lamps on their controllers; instruments are meters and stations."""

    city: City
    now: Now
    cabinets: Mapping[str, Cabinet]
    nodes: Mapping[str, Node]
    instruments: Mapping[str, Instrument]
    lines: Mapping[str, Line]

    def segment(self, cabinet: str, phase: str) -> Segment:
        return self.cabinets[cabinet].segments[PHASES.index(phase)]


def build(expanded: Expanded, now: Now, *, silence: float = SILENCE_S, on_read: OnRead | None = None) -> World:
    """Every device, as it would be found: lamps with some years behind them, and lit when it is dark."""
    spec, city = expanded.spec, expanded.city
    sky = Sky(spec.centre)
    maker = _Maker(
        library()[spec.luminaire_profile], library()[spec.meter_profile], city, sky, now(), silence, expanded.alone
    )
    cabinets = {meter.cabinet: maker.cabinet(meter) for meter in city.meters}
    stations = {
        s.id: instrument(library()[s.profile], partial(values_of(s.kind), sky, seed_of(s.id))) for s in spec.stations
    }
    meters = {meter.id: cabinets[meter.cabinet].units[METER_UNIT] for meter in city.meters}
    instruments = {**{name: unit for name, unit in meters.items() if isinstance(unit, Instrument)}, **stations}
    nodes = {name: node for cabinet in cabinets.values() for name, node in cabinet.nodes.items()}
    lines = {bus.id: Line(bus.id, _units(bus, cabinets, stations), now, on_read) for bus in expanded.buses}
    return World(city, now, cabinets, nodes, instruments, lines)


def _units(bus: Bus, cabinets: Mapping[str, Cabinet], stations: Mapping[str, Instrument]) -> Mapping[int, Unit]:
    if bus.id in cabinets:
        return cabinets[bus.id].units
    return {device.unit: stations[device.id] for device in bus.devices}


class _Maker:
    """Makes cabinets with what hangs on them."""

    def __init__(
        self,
        lamp_profile: Profile,
        meter_profile: Profile,
        city: City,
        sky: Sky,
        now: float,
        silence: float,
        alone: Set[str],
    ) -> None:
        self._profile = lamp_profile
        self._meter_profile = meter_profile
        self._layout = Layout(lamp_profile, Space.INPUT, fill=0xFFFF)
        self._sky, self._now, self._silence = sky, now, silence
        self._alone = alone
        self._types = {kind.id: (PowerCurve(kind), kind.rated_power_w) for kind in city.luminaire_types}
        self._lamps: dict[str, list[inventory.Luminaire]] = {}
        for lamp in city.luminaires:
            self._lamps.setdefault(lamp.segment, []).append(lamp)

    def cabinet(self, meter: inventory.Meter) -> Cabinet:
        segments = [self._segment(f"{meter.cabinet}-{phase}") for phase in PHASES]
        live = Meter(seed_of(meter.id), segments, MeterState(self._now))
        nodes = [
            [Node(lamp, self._layout, partial(live.volts, number)) for lamp in segment.lamps]
            for number, segment in enumerate(segments)
        ]
        units: dict[int, Unit] = {METER_UNIT: instrument(self._meter_profile, live.values)}
        for number, segment in enumerate(segments):
            wired = [node for node in nodes[number] if not node.lamp.alone]
            if wired:
                units[FIRST_SEGMENT_UNIT + number] = SegmentController(self._profile, segment, wired)
        return Cabinet(live, segments, {node.lamp.id: node for part in nodes for node in part}, units)

    def _segment(self, name: str) -> Segment:
        segment = Segment(self._sky, self._now, self._silence)
        segment.lamps.extend(self._lamp(lamp, segment) for lamp in self._lamps.get(name, ()))
        return segment

    def _lamp(self, lamp: inventory.Luminaire, segment: Segment) -> Luminaire:
        (curve, rated), seed = self._types[lamp.type], seed_of(lamp.id)
        state = _with_a_past(seed, rated, self._now)
        found = Luminaire(
            lamp.id, curve, segment, state, seed, spread=1 + 0.02 * noise(seed, 1), alone=lamp.id in self._alone
        )
        state.level = found.target(self._now)[0]
        return found


def _with_a_past(seed: int, rated: float, now: float) -> LampState:
    """A lamp of one or two years."""
    hours = 6000 + 2000 * noise(seed, 2)
    return LampState(
        at=now,
        energy_wh=hours * rated * _USUAL_SHARE,
        lit_s=hours * 3600,
        switch_ons=int(hours / 12),
        supply_losses=int(4 + 4 * noise(seed, 3)),
    )
