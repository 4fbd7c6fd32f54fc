"""Faults are switched from outside while the city runs, show as a real one would, and stay over a restart."""

import asyncio
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from firmware_sim.control import SOCKET, Away, list_faults, switch_fault
from firmware_sim.faults import UnknownFault, load, parse
from firmware_sim.files import Unreadable
from protocols.profiles import library
from tests.sim.town import LAMP_PROFILE, METER, SEGMENT_A, SEGMENT_B, Time, Town, read_device, running

DEVICE_FAILURE = 4


async def switch(town: Town, state: str, name: str, target: str) -> None:
    await asyncio.to_thread(switch_fault, town.data, state, name, target)


async def hasty(town: Town, bus: str = "HL-TC001") -> AsyncModbusTcpClient:
    """A master that does not wait long for those who are silent."""
    client = AsyncModbusTcpClient("127.0.0.1", port=town.ports.lines[bus], timeout=1, retries=0)
    town.clients.append(client)
    assert await client.connect()
    return client


async def says_nothing(question: Callable[[], Awaitable[object]]) -> bool:
    try:
        await question()
    except ModbusIOException:
        return True
    return False


async def test_a_lamp_that_is_out_says_on_and_takes_no_power(town: Town) -> None:
    await switch(town, "on", "lamp_out", "HL-000001")
    lamp = await read_device(await town.edge(), SEGMENT_A, LAMP_PROFILE)

    assert lamp["actual_level"] == 100
    assert lamp["active_power"] == pytest.approx(0.4, abs=0.1)


async def test_a_lamp_that_is_stuck_burns_whatever_it_is_told(town: Town) -> None:
    client = await town.edge()
    await switch(town, "on", "stuck_on", "HL-000001")
    await client.write_register(3, 0, device_id=SEGMENT_A)
    town.time.wall += 10
    lamp = await read_device(client, SEGMENT_A, LAMP_PROFILE)

    assert (lamp["target_level"], lamp["actual_level"]) == (0, 100)
    assert (lamp["active_power"] or 0) > 50


async def test_a_lamp_without_contact_is_not_known_while_its_neighbour_is(town: Town) -> None:
    client = await town.edge()
    await switch(town, "on", "comm_loss", "HL-000002")
    lost, neighbour = [await read_device(client, SEGMENT_A, LAMP_PROFILE, block) for block in (1, 0)]
    refused = await client.write_register(32 + 3, 100, device_id=SEGMENT_A)

    assert set(lost.values()) == {None}
    assert None not in neighbour.values()
    assert refused.exception_code == DEVICE_FAILURE
    await switch(town, "off", "comm_loss", "HL-000002")
    assert None not in (await read_device(client, SEGMENT_A, LAMP_PROFILE, 1)).values()


async def test_a_meter_without_contact_says_nothing_while_the_lamps_answer(town: Town) -> None:
    await switch(town, "on", "comm_loss", "HL-TC001-M")
    client = await hasty(town)

    assert await says_nothing(lambda: client.read_input_registers(0, count=2, device_id=METER))
    assert not (await client.read_input_registers(0, count=2, device_id=SEGMENT_A)).isError()


async def test_a_cabinet_without_contact_takes_connections_and_says_nothing(town: Town) -> None:
    await switch(town, "on", "comm_loss", "HL-TC001")
    client = await hasty(town)

    assert await says_nothing(lambda: client.read_input_registers(0, count=2, device_id=SEGMENT_A))
    await switch(town, "off", "comm_loss", "HL-TC001")
    again = await town.edge()
    assert not (await again.read_input_registers(0, count=2, device_id=SEGMENT_A)).isError()


async def test_a_lost_phase_takes_its_lamps_and_shows_on_the_meter(town: Town) -> None:
    client = await town.edge()
    await switch(town, "on", "phase_loss", "HL-TC001:B")
    lamp = await read_device(client, SEGMENT_B, LAMP_PROFILE)
    other = await read_device(client, SEGMENT_A, LAMP_PROFILE)
    meter = await read_device(client, METER, library()["eastron-sdm630"])

    assert set(lamp.values()) == {None}
    assert None not in other.values()
    assert meter["active_power_l2"] == 0
    assert (meter["voltage_l2"] or 0) < 10
    before = town.time.wall
    await switch(town, "off", "phase_loss", "HL-TC001:B")
    town.time.wall = before + 5
    back = await read_device(client, SEGMENT_B, LAMP_PROFILE)
    assert back["actual_level"] == 100
    assert back["supply_loss_count"] is not None


@pytest.mark.parametrize(
    ("target", "bus", "unit", "profile"),
    [
        ("HL-000001", "HL-TC001", SEGMENT_A, "haidang-segment-controller"),
        ("HL-TC001-M", "HL-TC001", METER, "eastron-sdm630"),
        ("HL-AIR-01", "HL-STATIONS", 1, "renke-air-station"),
        ("HL-WATER-01", "HL-STATIONS", 2, "yosemitech-y4000"),
    ],
)
async def test_a_stuck_sensor_says_the_same_digits_also_after_a_restart(
    tmp_path: Path, target: str, bus: str, unit: int, profile: str
) -> None:
    time = Time()
    async with running(tmp_path, time) as town:
        await switch(town, "on", "sensor_stuck", target)
        stuck = await read_device(await town.edge(bus), unit, library()[profile])
        time.wall += 5000
        assert await read_device(await town.edge(bus), unit, library()[profile]) == stuck
    time.wall += 5000
    async with running(tmp_path, time) as town:
        assert await read_device(await town.edge(bus), unit, library()[profile]) == stuck
        await switch(town, "off", "sensor_stuck", target)
        assert await read_device(await town.edge(bus), unit, library()[profile]) != stuck


async def test_faults_stay_on_over_a_restart_until_they_are_switched_off(tmp_path: Path) -> None:
    async with running(tmp_path, Time()) as town:
        await switch(town, "on", "lamp_out", "HL-000003")
        await switch(town, "on", "lamp_out", "HL-000003")
        await switch(town, "on", "phase_loss", "HL-TC001:A")
        await switch(town, "off", "phase_loss", "HL-TC001:A")
    async with running(tmp_path, Time()) as town:
        assert await asyncio.to_thread(list_faults, tmp_path) == [("lamp_out", "HL-000003")]
        lamp = await read_device(await town.edge(), SEGMENT_A, LAMP_PROFILE, block=2)
        assert lamp["active_power"] == pytest.approx(0.4, abs=0.1)
        await switch(town, "off", "lamp_out", "HL-000003")
        assert await asyncio.to_thread(list_faults, tmp_path) == []


@pytest.mark.parametrize(
    ("name", "target", "advice"),
    [
        ("lampout", "HL-000001", "unknown fault 'lampout'; did you mean `lamp_out`?"),
        ("earthquake", "HL-000001", "there are lamp_out, stuck_on, comm_loss, phase_loss, sensor_stuck"),
        ("lamp_out", "HL-00001", "nothing called 'HL-00001' can have lamp_out; did you mean `HL-0000"),
        ("lamp_out", "HL-TC001-M", "nothing called 'HL-TC001-M' can have lamp_out"),
        ("phase_loss", "HL-TC001", "did you mean `HL-TC001:"),
        ("sensor_stuck", "HL-CAM-01", "nothing called 'HL-CAM-01' can have sensor_stuck"),
    ],
)
async def test_a_wrong_name_is_answered_with_what_would_be_right(
    town: Town, name: str, target: str, advice: str
) -> None:
    with pytest.raises(UnknownFault) as error:
        await switch(town, "on", name, target)

    assert advice in str(error.value)
    assert await asyncio.to_thread(list_faults, town.data) == []


def test_in_a_large_city_a_wrong_id_is_answered_without_comparing_it_to_all_others() -> None:
    with pytest.raises(UnknownFault, match=r"nothing called 'X' can have lamp_out; there are HL-0, HL-1, .* …"):
        parse("lamp_out", "X", (f"HL-{n}" for n in range(50_000)))


def test_a_damaged_list_of_faults_is_refused_with_advice(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_bytes(b'{"v": 1, "on": [["lamp_off", "HL-000001"]]}')

    with pytest.raises(Unreadable, match="take it away to start anew"):
        load(file)


async def test_only_the_owner_may_open_the_door(town: Town) -> None:
    assert stat.S_IMODE((town.data / SOCKET).stat().st_mode) == 0o600


async def test_nonsense_at_the_door_is_answered_and_does_no_harm(town: Town) -> None:
    reader, writer = await asyncio.open_unix_connection(str(town.data / SOCKET))
    for line in (b"\xff\xfe\n", b"{}\n", b'{"ask": "explode"}\n'):
        writer.write(line)
        async with asyncio.timeout(30):
            assert b'"ok":false' in await reader.readline()
    writer.close()

    assert await asyncio.to_thread(list_faults, town.data) == []


async def test_a_second_simulator_in_the_same_folder_is_refused(town: Town) -> None:
    with pytest.raises(Away, match=r"a simulator runs in .* already"):
        async with running(town.data, Time()):
            pass

    assert await asyncio.to_thread(list_faults, town.data) == []


def test_without_a_simulator_the_client_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(Away, match=r"no simulator runs in .* haidang sim"):
        list_faults(tmp_path)


async def test_a_door_that_a_killed_simulator_left_behind_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / SOCKET))

    async with running(tmp_path, Time()) as town:
        await switch(town, "on", "lamp_out", "HL-000001")
