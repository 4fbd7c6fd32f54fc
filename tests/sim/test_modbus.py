"""The simulator as a Modbus device: what an independent master and a hostile one get to see."""

import asyncio
import struct
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from firmware_sim.modbus_server import Line, Malformed
from firmware_sim.world import World, build
from protocols.profiles import library
from protocols.quantities import QUANTITIES
from tests.sim.town import LAMP_PROFILE, METER, SEGMENT_A, SEGMENT_B, Time, Town, read_device, running, small_city

PROGRAMME_LEVEL, OVERRIDE_LEVEL = 3, 26
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


async def override(client: AsyncModbusTcpClient, level: float, until: float, block: int = 0) -> None:
    registers = [round(level * 2), *divmod(int(until), 0x10000)]
    answer = await client.write_registers(block * 32 + OVERRIDE_LEVEL, registers, device_id=SEGMENT_A)
    assert not answer.isError(), answer


async def test_every_point_of_every_profile_is_read_within_its_plausible_range(town: Town) -> None:
    cabinet, stations = await town.edge(), await town.edge("HL-STATIONS")
    meter = await read_device(cabinet, METER, library()["eastron-sdm630"])
    lamp = await read_device(cabinet, SEGMENT_A, LAMP_PROFILE, block=2)
    air = await read_device(stations, 1, library()["renke-air-station"])
    water = await read_device(stations, 2, library()["yosemitech-y4000"])

    assert (lamp["actual_level"], lamp["command_reason"]) == (100, 0)  # it is dark, and no edge has spoken yet
    for quantity, value in [*meter.items(), *lamp.items(), *air.items(), *water.items()]:
        assert value is not None, quantity
        assert QUANTITIES[quantity].low <= value <= QUANTITIES[quantity].high, quantity


async def test_the_meter_counts_what_its_lamps_take(town: Town) -> None:
    client = await town.edge()
    town.time.wall += 5
    lamps = [await read_device(client, unit, LAMP_PROFILE, block) for unit in (11, 12, 13) for block in range(4)]
    meter = await read_device(client, METER, library()["eastron-sdm630"])

    assert meter["active_power"] == pytest.approx(
        sum(lamp["active_power"] or 0 for lamp in lamps) * 1.015 + 12, rel=0.01
    )


async def test_two_masters_read_the_same_digits_within_a_second(town: Town) -> None:
    first, second = await town.edge(), await town.edge()

    assert await read_device(first, SEGMENT_A, LAMP_PROFILE) == await read_device(second, SEGMENT_A, LAMP_PROFILE)
    assert await read_device(first, METER, library()["eastron-sdm630"]) == await read_device(
        second, METER, library()["eastron-sdm630"]
    )


async def test_an_override_is_obeyed_read_back_and_ends_by_itself(town: Town) -> None:
    client = await town.edge()
    await client.write_register(PROGRAMME_LEVEL, 100, device_id=SEGMENT_A)
    await override(client, 80.0, town.time.now() + 60)
    town.time.wall += 2
    held = await read_device(client, SEGMENT_A, LAMP_PROFILE)
    town.time.wall += 60
    after = await read_device(client, SEGMENT_A, LAMP_PROFILE)

    assert (held["actual_level"], held["target_level"], held["command_reason"]) == (80, 80, 3)
    assert (after["actual_level"], after["command_reason"]) == (50, 1)
    assert int(after["status_bits"] or 0) & 0b111 == 0b101


async def test_a_city_that_runs_fast_does_not_take_the_edges_pace_for_its_silence(tmp_path: Path) -> None:
    time = Time(speed=600)
    async with running(tmp_path / "new" / "folder", time) as town:
        client = await town.edge()
        await client.write_register(PROGRAMME_LEVEL, 60, device_id=SEGMENT_A)
        time.wall += 30  # five hours of the city's time
        polled = await read_device(client, SEGMENT_A, LAMP_PROFILE)

    assert (polled["actual_level"], polled["command_reason"]) == (30, 1)


async def test_what_was_written_is_read_back_from_the_holding_registers(town: Town) -> None:
    client = await town.edge()
    until = int(town.time.now()) + 3600
    await override(client, 30.0, until)
    answer = await client.read_holding_registers(0, count=32, device_id=SEGMENT_A)

    assert answer.registers[OVERRIDE_LEVEL : OVERRIDE_LEVEL + 3] == [60, *divmod(until, 0x10000)]
    assert answer.registers[PROGRAMME_LEVEL] == 0xFFFF  # never written


async def test_a_command_reaches_its_lamp_and_no_other(town: Town) -> None:
    client = await town.edge()
    await override(client, 0.0, town.time.now() + 60, block=1)
    town.time.wall += 3
    levels = [(await read_device(client, SEGMENT_A, LAMP_PROFILE, block))["actual_level"] for block in range(4)]

    assert levels == [100, 0, 100, 100]


@pytest.mark.parametrize(
    ("unit", "address", "registers", "code"),
    [
        (SEGMENT_A, 0, [1], ILLEGAL_ADDRESS),
        (SEGMENT_A, OVERRIDE_LEVEL + 1, [0], ILLEGAL_ADDRESS),  # half an expiry
        (SEGMENT_A, 32 * 4 + PROGRAMME_LEVEL, [100], ILLEGAL_ADDRESS),  # the fifth of four lamps
        (SEGMENT_A, PROGRAMME_LEVEL, [201], ILLEGAL_VALUE),
        (SEGMENT_A, OVERRIDE_LEVEL, [300, 0, 0], ILLEGAL_VALUE),
        (METER, 0, [1], ILLEGAL_ADDRESS),
    ],
)
async def test_what_cannot_be_written_is_refused(
    town: Town, unit: int, address: int, registers: list[int], code: int
) -> None:
    client = await town.edge()
    answer = await client.write_registers(address, registers, device_id=unit)

    assert answer.isError()
    assert answer.exception_code == code


async def test_reads_outside_a_device_or_of_too_many_registers_are_refused(town: Town) -> None:
    client = await town.edge()
    beyond = await client.read_input_registers(32 * 4 - 1, count=2, device_id=SEGMENT_A)
    outside = await client.read_input_registers(0x0060, count=2, device_id=METER)
    many = await client.read_input_registers(0, count=76, device_id=METER)
    coils = await client.read_coils(0, count=1, device_id=METER)

    codes = [answer.exception_code for answer in (beyond, outside, coils)]
    assert codes == [ILLEGAL_ADDRESS, ILLEGAL_ADDRESS, ILLEGAL_FUNCTION]
    assert not many.isError()


async def test_a_unit_that_is_not_there_says_nothing(town: Town) -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=town.ports.lines["HL-TC001"], timeout=1, retries=0)
    town.clients.append(client)
    assert await client.connect()

    with pytest.raises(ModbusIOException):
        await client.read_input_registers(0, count=1, device_id=99)


# What pymodbus does not do: bytes by hand


def request(transaction: int, unit: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def read(transaction: int, address: int, count: int, unit: int = SEGMENT_A) -> bytes:
    return request(transaction, unit, struct.pack(">BHH", 4, address, count))


async def connection(town: Town) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", town.ports.lines["HL-TC001"])


async def one_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(30):
        transaction, _, length, _ = struct.unpack(">HHHB", await reader.readexactly(7))
        return transaction, await reader.readexactly(length - 1)


async def test_requests_in_one_segment_are_all_answered_in_order(town: Town) -> None:
    reader, writer = await connection(town)
    writer.write(b"".join(read(n, 32 * (n % 4), 4) for n in range(100)))
    answers = [await one_answer(reader) for _ in range(100)]
    writer.close()

    assert [transaction for transaction, _ in answers] == list(range(100))
    assert {pdu[:2] for _, pdu in answers} == {bytes((4, 8))}


async def test_a_request_in_pieces_is_answered_once_it_is_whole(town: Town) -> None:
    reader, writer = await connection(town)
    for byte in read(7, 0, 1) + read(8, 32, 1):
        writer.write(bytes([byte]))
        await asyncio.sleep(0)  # let it leave on its own
    answers = [await one_answer(reader), await one_answer(reader)]
    writer.close()

    assert [transaction for transaction, _ in answers] == [7, 8]


@pytest.mark.parametrize(
    "garbage",
    [
        struct.pack(">HHHB", 1, 0, 1, SEGMENT_A),  # no function
        struct.pack(">HHHB", 1, 0, 255, SEGMENT_A),  # longer than Modbus allows
        struct.pack(">HHHB", 1, 5, 6, SEGMENT_A) + bytes(5),  # not the Modbus protocol
        request(1, SEGMENT_A, bytes((4, 0, 0, 0))),  # a read that is too short
        request(1, SEGMENT_A, struct.pack(">BHHB", 16, 3, 1, 4) + bytes(2)),  # four bytes announced, two sent
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_modbus_end_the_connection_after_what_was_right(town: Town, garbage: bytes) -> None:
    reader, writer = await connection(town)
    writer.write(read(1, 0, 1) + garbage)
    first = await one_answer(reader)
    async with asyncio.timeout(30):
        rest = await reader.read()
    writer.close()

    assert first[0] == 1
    assert rest == b""


@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        (struct.pack(">BHH", 4, 0, 0), ILLEGAL_VALUE),
        (struct.pack(">BHH", 4, 0, 126), ILLEGAL_VALUE),
        (struct.pack(">BHHB", 16, 3, 2, 2) + bytes(2), ILLEGAL_VALUE),
        (struct.pack(">BHHB", 16, 3, 0, 0), ILLEGAL_VALUE),
        (bytes((43, 14, 1, 0)), ILLEGAL_FUNCTION),
    ],
)
async def test_counts_that_the_protocol_forbids_are_refused(town: Town, pdu: bytes, code: int) -> None:
    reader, writer = await connection(town)
    writer.write(request(5, SEGMENT_A, pdu))
    answer = await one_answer(reader)
    writer.close()

    assert answer == (5, bytes((pdu[0] | 0x80, code)))


async def test_a_write_of_one_register_is_echoed(town: Town) -> None:
    reader, writer = await connection(town)
    pdu = struct.pack(">BHH", 6, PROGRAMME_LEVEL, 100)
    writer.write(request(9, SEGMENT_B, pdu))
    answer = await one_answer(reader)
    writer.close()

    assert answer == (9, pdu)


async def test_every_answered_read_is_written_down_with_what_was_said(town: Town) -> None:
    client = await town.edge()
    first = await client.read_input_registers(0, count=22, device_id=SEGMENT_A)
    await client.read_input_registers(200, count=1, device_id=SEGMENT_A)  # refused, so not answered with values
    second = await client.read_input_registers(0, count=4, device_id=METER)
    lines = [orjson.loads(line) for line in (town.data / "reads.jsonl").read_bytes().splitlines()]

    place = {"bus": "HL-TC001", "space": "input", "address": 0, "at": town.time.now()}
    assert lines == [
        {"n": 1, "unit": SEGMENT_A, "words": first.registers, **place},
        {"n": 2, "unit": METER, "words": second.registers, **place},
    ]


def small_world() -> World:
    return build(small_city(), Time().now)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 255), st.binary(min_size=1, max_size=253))
def test_no_bytes_bring_a_line_down(unit: int, pdu: bytes) -> None:
    line: Line = _WORLD.lines["HL-TC001"]
    try:
        answer = line.answer(unit, pdu, line.now())
    except Malformed:
        return
    assert answer is None or (answer[0] & 0x7F == pdu[0] & 0x7F and len(answer) <= 253)


_WORLD = small_world()
