"""What a city has counted and was told survives a restart, a sudden end too."""

from pathlib import Path

import pytest

from firmware_sim import keeping
from firmware_sim.files import Unreadable, write_whole
from firmware_sim.main import STATE
from firmware_sim.world import World, build
from protocols.profiles import library
from tests.sim.town import LAMP_PROFILE, METER, SEGMENT_A, Time, read_device, running, small_city

LAMP = "HL-000001"
SAVED_EVERY = 10.0


async def test_energy_levels_and_overrides_go_on_after_a_restart(tmp_path: Path) -> None:
    time = Time()
    async with running(tmp_path, time) as town:
        client = await town.edge()
        await client.write_register(3, 60, device_id=SEGMENT_A)
        until = int(time.now()) + 600
        await client.write_registers(26, [100, *divmod(until, 0x10000)], device_id=SEGMENT_A)
        time.wall += 300
        lamp = await read_device(client, SEGMENT_A, LAMP_PROFILE)
        meter = await read_device(client, METER, library()["eastron-sdm630"])
    time.wall += 60
    async with running(tmp_path, time) as town:
        client = await town.edge()
        later = await read_device(client, SEGMENT_A, LAMP_PROFILE)
        assert (later["actual_level"], later["command_reason"]) == (50, 3)
        assert (later["active_energy"] or 0) >= (lamp["active_energy"] or 0)
        assert (later["lamp_hours"] or 0) >= (lamp["lamp_hours"] or 0)
        counted = await read_device(client, METER, library()["eastron-sdm630"])
        assert (counted["active_energy"] or 0) >= (meter["active_energy"] or 0)
        time.wall += 400
        over = await read_device(client, SEGMENT_A, LAMP_PROFILE)
        assert (over["actual_level"], over["command_reason"]) == (30, 1)


def after(world: World, time: Time, *, clean: bool, down: float, folder: Path) -> World:
    """The world of the next run, after some time in which nobody looked."""
    write_whole(folder / STATE, keeping.dump(world, clean=clean))
    return again(time, down, folder)


def again(time: Time, down: float, folder: Path) -> World:
    time.wall += down
    world = build(small_city(), time.now)
    saved = keeping.load(folder / STATE)
    assert saved is not None
    keeping.restore(world, saved, SAVED_EVERY)
    return world


def energy(world: World) -> float:
    lamp = world.nodes[LAMP].lamp
    lamp.advance(world.now())
    return lamp.state.energy_wh


def test_a_clean_restart_counts_the_time_between_exactly(tmp_path: Path) -> None:
    time = Time()
    world = build(small_city(), time.now)
    world.nodes[LAMP].lamp.set_programme(50.0, world.now())
    next_run = after(world, time, clean=True, down=600, folder=tmp_path)

    assert energy(next_run) == pytest.approx(energy(world))


def test_energy_does_not_run_backwards_when_the_last_command_was_not_saved(tmp_path: Path) -> None:
    time = Time()
    world = build(small_city(), time.now)
    lamp = world.nodes[LAMP].lamp
    lamp.set_programme(0.0, world.now())
    time.wall += 100
    lamp.advance(world.now())
    write_whole(tmp_path / STATE, keeping.dump(world, clean=False))
    lamp.set_programme(100.0, world.now())  # and then it burns until the process is killed
    time.wall += SAVED_EVERY
    seen = energy(world)

    assert energy(again(time, 3, tmp_path)) >= seen


def test_a_clock_that_was_set_back_counts_nothing_twice(tmp_path: Path) -> None:
    time = Time(wall=5000)
    world = build(small_city(), time.now)
    before = energy(world)
    next_run = after(world, time, clean=True, down=-4000, folder=tmp_path)

    assert energy(next_run) == before


def test_a_smaller_city_takes_over_what_it_still_has(tmp_path: Path) -> None:
    time = Time()
    dump = keeping.dump(build(small_city(), time.now), clean=True)
    write_whole(tmp_path / STATE, dump.replace(b'"HL-000012"', b'"HL-999999"'))

    assert set(again(time, 0, tmp_path).nodes) == set(build(small_city(), time.now).nodes)


def test_a_damaged_state_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / STATE).write_bytes(b'{"v": 1}')

    with pytest.raises(Unreadable, match="take it away to start anew"):
        keeping.load(tmp_path / STATE)


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def test_a_simulator_that_ends_leaves_a_clean_state_and_no_drafts(tmp_path: Path) -> None:
    async with running(tmp_path, Time()):
        pass

    assert b'"clean":true' in (tmp_path / STATE).read_bytes()
    assert names(tmp_path) == {STATE}
