"""Several makes read by mbpoll, an independent Modbus master that decodes by itself, and by our own link: the same."""

import pytest

from edge_agent.visits import Visitor
from firmware_sim.image import Values
from protocols import dali
from protocols.profiles import library
from tests.edge.clocks import SetClock
from tests.edge.devices import UNIT, Played, played, quick
from tests.system import mbpoll

pytestmark = [pytest.mark.system, pytest.mark.skipif(not mbpoll.THERE, reason=mbpoll.MISSING)]

_DIGITS = 6  # of a float that mbpoll prints


async def ours(found: Played) -> Values:
    """What our own link reads."""
    visited = await Visitor(found.bus, next(iter(found.bus.members.values()))).visit()
    (reading,) = visited.plan.decode({block: heard.answer for block, heard in visited.heard.items()})
    return reading.values


def same(values: Values, quantity: str, printed: float) -> bool:
    value = values[quantity]
    return value is not None and f"{value:.{_DIGITS}g}" == f"{printed:.{_DIGITS}g}"


async def test_a_schneider_meter_with_64_bits_of_energy() -> None:
    clock = SetClock()
    async with played(clock.clock, library()["schneider-iem3155"]) as found:
        clock.forward(48 * 3600)
        values = await ours(found)
        watt_hours = await mbpoll.words(found.port, UNIT, 0x0C83, 4, 4)
        kilowatts = await mbpoll.number(found.port, UNIT, 0x0BF3, "4:float")
        volts = await mbpoll.number(found.port, UNIT, 0x0BD3, "4:float")
    energy = sum(word << 16 * n for n, word in enumerate(reversed(watt_hours)))
    assert energy > 10_000
    assert values["active_energy"] == energy / 1000
    assert same(values, "active_power", kilowatts * 1000)
    assert same(values, "voltage_l1", volts)


async def test_a_carlo_gavazzi_meter_with_the_low_word_first() -> None:
    clock = SetClock()
    async with played(clock.clock, library()["carlo-gavazzi-em340"]) as found:
        values = await ours(found)
        tenths = await mbpoll.number(found.port, UNIT, 0x0028, "3:int", low_word_first=True)
        milliamperes = await mbpoll.number(found.port, UNIT, 0x000C, "3:int", low_word_first=True)
    assert tenths > 10_000
    assert (values["active_power"], values["current_l1"]) == (tenths / 10, milliamperes / 1000)


async def test_a_chint_meter_in_tenths_and_thousandths() -> None:
    clock = SetClock()
    async with played(clock.clock, library()["chint-dtsu666"]) as found:
        values = await ours(found)
        places = {"voltage_l2": (0x2008, 10), "current_l3": (0x2010, 1000), "active_power": (0x2012, 10)}
        for quantity, (address, per_unit) in places.items():
            printed = await mbpoll.number(found.port, UNIT, address, "4:float")
            assert values[quantity] == pytest.approx(printed / per_unit, rel=1e-5), quantity


async def test_a_sonde_that_tells_its_own_map() -> None:
    clock = SetClock()
    async with played(clock.clock, library()["ysi-exo"]) as found:
        values = await ours(found)
        codes = await mbpoll.words(found.port, UNIT, 128, 32, 4)
        place = codes.index(18)
        ph = await mbpoll.number(found.port, UNIT, 384 + 2 * place, "4:float", low_word_first=True)
    assert codes[-1] == 0
    assert same(values, "ph", ph)


async def test_a_probe_that_was_started_delivers_to_every_master() -> None:
    """What mbpoll reads before anybody has started the probe is not a number."""
    clock = SetClock()
    profile = quick(library()["aqualabo-optod"])
    async with played(clock.clock, profile) as found:
        asleep = await mbpoll.words(found.port, UNIT, 0x0057, 2, 4)
        values = await ours(found)
        oxygen = await mbpoll.number(found.port, UNIT, 0x0057, "4:float")
        status = await mbpoll.words(found.port, UNIT, 0x0066, 1, 4)
    assert asleep == [0x7FC0, 0]
    assert status == [0]
    assert same(values, "dissolved_oxygen", oxygen)


async def test_a_dali_gateway_that_another_master_dims() -> None:
    clock = SetClock()
    async with played(clock.clock, library()["ecodim-dali-gw2"]) as found:
        await mbpoll.write(found.port, UNIT, 1000, 229)
        clock.forward(60)
        values = await ours(found)
        [level] = await mbpoll.words(found.port, UNIT, 3004, 1, 4)
    assert (level, values["actual_level"]) == (229, dali.percent(229))
