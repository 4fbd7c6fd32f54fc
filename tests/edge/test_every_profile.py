"""Every profile of the library is served by the simulator and read back by our own link, equal to the truth."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from edge_agent.visits import Visitor
from firmware_sim.device import HALONG
from firmware_sim.image import Values
from firmware_sim.noise import seed_of
from firmware_sim.probes import MappedSonde
from firmware_sim.sky import Sky
from firmware_sim.stations import values_of
from firmware_sim.units import Instrument
from protocols.modbus.plan import Member
from protocols.modbus.registers import Space, is_float
from protocols.profiles import Point, Profile, library
from protocols.quantities import QUANTITIES
from tests.edge.clocks import SetClock
from tests.edge.devices import UNIT, played, quick

PROFILES = library().values()
INSTRUMENTS = [profile for profile in PROFILES if profile.kind != "luminaire"]
STARTED = [profile for profile in PROFILES if profile.start]


async def read(visitor: Visitor) -> Values:
    """What one visit brings."""
    visited = await visitor.visit()
    assert not visited.refused, visited.refused
    (reading,) = visited.plan.decode({block: heard.answer for block, heard in visited.heard.items()})
    return reading.values


def truth(unit: object, profile: Profile, now: float) -> Values:
    """What the simulated device measures at a moment, before it stands in any register."""
    if profile.kind != "meter":
        return partial(values_of(profile.kind), Sky(HALONG), seed_of(profile.profile))(now)
    assert isinstance(unit, Instrument)
    return unit._values(now)


def step(point: Point) -> float:
    """How far a value may be from the truth: half a step of a whole number; a float32 is nearly exact."""
    return 1e-6 if is_float(point.type) else 0.5001 * float(point.scale)


@pytest.mark.parametrize("profile", INSTRUMENTS, ids=lambda profile: profile.profile)
async def test_a_device_is_read_equal_to_the_truth(profile: Profile) -> None:
    clock = SetClock()
    async with played(clock.clock, quick(profile)) as found:
        values = await read(Visitor(found.bus, next(iter(found.bus.members.values()))))
        true = truth(found.unit, profile, clock.clock.now().timestamp())
    assert set(values) == {point.quantity for point in profile.polled}
    for point in profile.polled:
        value = values[point.quantity]
        assert value is not None, point.quantity
        assert value == pytest.approx(true[point.quantity], rel=2e-7, abs=step(point)), point.quantity
        assert QUANTITIES[point.quantity].low <= value <= QUANTITIES[point.quantity].high


@pytest.mark.parametrize("name", ["haidang-segment-controller", "arlight-dali-logic-lite", "ecodim-dali-gw2"])
async def test_every_lamp_behind_a_controller_or_gateway_is_read(name: str) -> None:
    clock = SetClock()
    async with played(clock.clock, library()[name], blocks=12) as found:
        levels = [(await read(Visitor(found.bus, member)))["actual_level"] for member in found.bus.members.values()]
    assert levels == [100.0] * 12


def test_no_profile_is_left_out() -> None:
    lamps = {"haidang-segment-controller", "arlight-dali-logic-lite", "ecodim-dali-gw2"}
    assert {p.profile for p in INSTRUMENTS} | lamps == set(library())


@pytest.mark.parametrize("profile", STARTED, ids=lambda profile: profile.profile)
async def test_a_probe_that_is_not_started_has_no_value_and_then_the_old_one(profile: Profile) -> None:
    clock = SetClock()
    passive = quick(profile).model_copy(update={"start": (), "stop": ()})
    async with played(clock.clock, quick(profile)) as found:
        member = next(iter(found.bus.members.values()))
        asleep = Visitor(found.bus, Member(member.device, UNIT, passive))
        measured = [p.quantity for p in profile.polled if is_float(p.type)]
        before = await read(asleep)
        first = await read(Visitor(found.bus, member))
        clock.forward(6 * 3600)
        old = await read(asleep)
        new = await read(Visitor(found.bus, member))
    assert {before[quantity] for quantity in measured} == {None}
    assert old == first
    assert all(new[quantity] != old[quantity] for quantity in measured)


async def test_a_probe_that_is_read_too_early_still_tells_the_old_value() -> None:
    profile = library()["aqualabo-optod"]
    hasty = profile.model_copy(update={"wait": timedelta(0)})
    clock = SetClock()
    async with played(clock.clock, profile) as found:
        device = next(iter(found.bus.members))
        assert (await read(Visitor(found.bus, Member(device, UNIT, hasty))))["dissolved_oxygen"] is None


def values_of_a_bay(now: float) -> Values:
    return values_of("water_station")(Sky(HALONG), seed_of("ysi-exo"), now)


class Restless(MappedSonde):
    """A sonde that nobody should have."""

    def read(self, space: Space, address: int, count: int, now: float) -> bytes:
        self.codes = [1, self.codes[-1] + 1000]
        return super().read(space, address, count, now)


class TestOwnMap:
    """The sonde that tells which value stands where."""

    PROFILE = library()["ysi-exo"]

    async def test_a_changed_list_is_followed_and_nothing_is_taken_for_something_else(self) -> None:
        clock = SetClock()
        async with played(clock.clock, self.PROFILE) as found:
            sonde, visitor = self._sonde(found.unit), Visitor(found.bus, found.bus.members["ysi-exo-0"])
            sonde.codes = [1, 18, 212]
            before = await read(visitor)
            sonde.codes = [212, 37, 1]
            after = await read(visitor)
        true = values_of_a_bay(clock.clock.now().timestamp())
        assert set(before) == {"water_temperature", "ph", "dissolved_oxygen"}
        assert set(after) == {"water_temperature", "turbidity", "dissolved_oxygen"}
        assert after == pytest.approx({quantity: true[quantity] for quantity in after}, rel=2e-7)

    async def test_of_two_codes_for_one_quantity_the_first_of_the_profile_counts(self) -> None:
        async with played(SetClock().clock, self.PROFILE) as found:
            self._sonde(found.unit).codes = [37, 223]
            visited = await Visitor(found.bus, found.bus.members["ysi-exo-0"]).visit()
        (place,) = visited.plan.places["ysi-exo-0"]
        assert place.point.register_.address == 386  # the second pair: 223 stands there

    async def test_a_probe_that_is_not_plugged_in_has_no_value(self) -> None:
        async with played(SetClock().clock, self.PROFILE) as found:
            self._sonde(found.unit).missing = {18}
            values = await read(Visitor(found.bus, found.bus.members["ysi-exo-0"]))
        assert values["ph"] is None
        assert values["water_temperature"] is not None

    async def test_a_list_that_changes_at_every_look_gives_no_reading_at_all(self) -> None:
        async with played(SetClock().clock, self.PROFILE) as found:
            assert self.PROFILE.map is not None
            found.units[UNIT] = Restless(self.PROFILE, self.PROFILE.map, values_of_a_bay)
            visited = await Visitor(found.bus, found.bus.members["ysi-exo-0"]).visit()
        assert not visited.heard

    @staticmethod
    def _sonde(unit: object) -> MappedSonde:
        assert isinstance(unit, MappedSonde)
        return unit


async def test_while_a_probe_is_waited_for_the_others_are_read_and_commands_go_first() -> None:
    """The wait takes no turn on the bus."""
    probe = library()["aqualabo-optod"].model_copy(update={"wait": timedelta(seconds=30)})
    meter = library()["eastron-sdm630"]
    async with played(SetClock().clock, probe, meter) as found:
        waiting = asyncio.create_task(Visitor(found.bus, found.bus.members["aqualabo-optod-0"]).visit())
        other = await read(Visitor(found.bus, found.bus.members["eastron-sdm630-0"]))
        assert other["active_power"] is not None
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
