"""A probe of a bus finds who is there and says which profile fits; it writes nothing unless it may."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.links import Unreachable
from edge_agent.links.ports import TcpPort
from edge_agent.probing import Found, harmless, probe
from firmware_sim import device
from firmware_sim.modbus_server import Line, listening
from firmware_sim.units import Unit
from haidang import bus_probe
from haidang.cli import app
from protocols.modbus.registers import Space
from protocols.profiles import library
from tests.edge.clocks import NOON, running_clock
from tests.edge.devices import quick
from tests.edge.streets import street

LIBRARY = library()
AT = NOON.timestamp() + 3600
PLAIN = sorted(profile.profile for profile in harmless(LIBRARY.values()) if not profile.is_visited)


class Watched:
    """A unit, and what was written to it."""

    takes_orders = True

    def __init__(self, unit: Unit) -> None:
        self.silent = False
        self.unit = unit
        self.written: list[tuple[int, Sequence[int]]] = []
        self.orders = 0

    def read(self, space: Space, address: int, count: int, now: float) -> bytes:
        self.orders += count == 0
        return self.unit.read(space, address, count, now)

    def write(self, address: int, numbers: Sequence[int], now: float) -> None:
        self.written.append((address, numbers))
        self.unit.write(address, numbers, now)


@asynccontextmanager
async def bus(**names: str) -> AsyncIterator[tuple[int, dict[int, Watched]]]:
    """Devices by unit, as `u11="eastron-sdm630"`: the port, and the devices."""
    units = {int(unit[1:]): Watched(device.unit(quick(LIBRARY[name]), AT)) for unit, name in names.items()}
    async with listening(Line("bus", units, lambda: AT), "127.0.0.1", 0) as port:
        yield port, units


async def found_on(port: int, *units: int, start: bool = False) -> dict[int, Found]:
    known = [quick(profile) for profile in LIBRARY.values()]
    profiles = known if start else harmless(known)
    asked: list[int] = []
    place = TcpPort("127.0.0.1", port)
    found = [one async for one in probe(place, units, profiles, timeout_s=1.0, told=asked.append)]
    assert asked == list(units)
    return {one.unit: one for one in found}


def best(found: Found) -> str | None:
    return found.best.profile.profile if found.best else None


async def test_the_devices_of_a_cabinet_are_found_and_nothing_is_written() -> None:
    async with bus(u1="eastron-sdm630", u11="haidang-segment-controller") as (port, units):
        found = await found_on(port, 1, 2, 11)
        assert {unit: best(one) for unit, one in found.items()} == {
            1: "eastron-sdm630",
            11: "haidang-segment-controller",
        }
        assert found[11].blocks == device.LAMPS
        assert [unit.written for unit in units.values()] == [[], []]
        assert sum(unit.orders for unit in units.values()) == 0


async def test_the_demo_s_cabinet_has_the_devices_that_its_edge_is_told_of(tmp_path: Path) -> None:
    async with street(tmp_path, running_clock()) as cabinet:
        told = {device.unit: device.profile for device in cabinet.config.devices}
        found = await found_on(cabinet.port, *sorted({*told, 2, 32}))
    assert len(set(told.values())) > 1
    assert {unit: best(one) for unit, one in found.items()} == told


@pytest.mark.parametrize("name", PLAIN)
async def test_every_device_that_answers_plainly_is_found_by_its_own_profile(name: str) -> None:
    async with bus(u7=name) as (port, _):
        found = (await found_on(port, 7))[7]
    assert name in [fit.profile.profile for fit in found.fits if fit.fits]
    assert best(found) == name


async def test_a_device_that_has_to_be_started_is_known_only_when_that_is_allowed() -> None:
    async with bus(u7="yosemitech-y511") as (port, units):
        assert best((await found_on(port, 7))[7]) is None
        assert (units[7].written, units[7].orders) == ([], 0)
        found = (await found_on(port, 7, start=True))[7]
    assert "yosemitech-y511" in [fit.profile.profile for fit in found.fits if fit.fits]  # with its sisters


async def test_a_bus_that_cannot_be_reached_is_told() -> None:
    async with bus(u7="eastron-sdm630") as (port, _):
        pass
    with pytest.raises(Unreachable):
        await found_on(port, 7)


class TestOnTheCommandLine:
    """What a person sees."""

    def test_units_are_written_as_people_write_them(self) -> None:
        assert bus_probe.units("1-3,11") == [1, 2, 3, 11]

    @pytest.mark.parametrize("wrong", ["", "0-3", "a", "1-", "256", "1-999999999999"])
    def test_what_are_no_units_is_told(self, wrong: str) -> None:
        with pytest.raises(ValueError, match="units"):
            bus_probe.units(wrong)

    @pytest.mark.parametrize("wrong", [[], ["--tcp", "127.0.0.1", "--serial", "/dev/ttyS0"]])
    def test_one_bus_is_asked_for(self, wrong: list[str]) -> None:
        result = CliRunner().invoke(app, ["edge", "probe", *wrong])
        assert result.exit_code == 2

    def test_nobody_there_is_an_exit_code_of_its_own(self) -> None:
        result = CliRunner().invoke(app, ["edge", "probe", "--tcp", "127.0.0.1:1", "--units", "1"])
        assert result.exit_code == bus_probe.NOBODY
        assert "cannot connect to 127.0.0.1:1" in result.output
