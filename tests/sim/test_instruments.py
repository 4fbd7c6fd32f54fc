"""Meters and stations say what is plausible, and the same to everybody within a second."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim import stations
from firmware_sim.feeder import CABLE_LOSS, CONTROLLER_W, Meter, MeterState, frequency, measured, voltage
from firmware_sim.noise import drift, noise
from firmware_sim.sky import Sky
from firmware_sim.units import IllegalAddress, Instrument
from protocols.modbus.registers import Space
from protocols.profiles import library
from protocols.quantities import QUANTITIES, Kind
from tests.sim.lamps import EVENING, HALONG, NOON, lamp, unix

SKY = Sky(HALONG)
A_YEAR = st.floats(unix("2026-01-01T00:00"), unix("2027-01-01T00:00"))


def meter(programme: float, level: float) -> Meter:
    lamps = [lamp(NOON, programme, level) for _ in range(3)]
    segments = (lamps[0].segment, lamps[1].segment, lamps[2].segment)
    return Meter(5, segments, MeterState(NOON))


def test_a_meter_measures_its_lamps_and_what_is_lost_on_the_way() -> None:
    values = meter(100.0, 100.0).values(NOON + 100)

    assert values["active_power"] == pytest.approx(3 * (100 * (1 + CABLE_LOSS) + CONTROLLER_W), rel=0.002)
    for phase in (1, 2, 3):
        watts, volts, amperes = (values[f"{q}_l{phase}"] for q in ("active_power", "voltage", "current"))
        assert watts == pytest.approx(volts * amperes * values[f"power_factor_l{phase}"])
    assert values["active_energy"] * 1000 == pytest.approx(values["active_power"] / 36, rel=0.01)


def test_a_lost_phase_shows_on_the_meter_and_not_on_the_others() -> None:
    feeder = meter(100.0, 100.0)
    feeder.segments[1].switch_supply(False, NOON)
    values = feeder.values(NOON + 10)

    assert values["voltage_l2"] < 10
    assert values["active_power_l2"] == values["current_l2"] == 0
    assert values["active_power_l1"] > 100
    assert values["voltage_l3"] > 220


def test_the_energy_of_a_meter_never_runs_backwards() -> None:
    feeder = meter(50.0, 50.0)
    seen = [feeder.values(NOON + at)["active_energy"] for at in (0, 1, 1, 60, 59, 3600, 7200)]

    assert all(a <= b for a, b in pairwise(seen))


def test_phases_swing_slowly_around_230_volts_and_on_their_own() -> None:
    day = range(int(NOON), int(NOON) + 86_400, 600)
    swings = [[voltage(9, phase, second) for second in day] for phase in range(3)]

    assert all(222 < volts < 238 for swing in swings for volts in swing)
    assert all(max(swing) - min(swing) > 3 for swing in swings)
    assert swings[0] != swings[1]


def test_what_a_node_measures_is_the_same_within_a_second_and_moves_between_them() -> None:
    lit = lamp(NOON, 100.0, 100.0)

    assert measured(lit, 230.0, 5) == measured(lit, 230.0, 5)
    assert measured(lit, 230.0, 5) != measured(lit, 230.0, 6)
    assert measured(lit, 230.0, 5).power == pytest.approx(100, rel=0.01)


@settings(max_examples=100)
@given(A_YEAR, st.integers(0, 0xFFFFFFFF))
def test_stations_stay_within_what_is_plausible(at: float, seed: int) -> None:
    for values in (stations.air(SKY, seed, at), stations.water(SKY, seed, at)):
        for name, value in values.items():
            assert QUANTITIES[name].low <= value <= QUANTITIES[name].high, name


def test_stations_give_all_that_their_profiles_read() -> None:
    for name, values in (("renke-air-station", stations.air), ("yosemitech-y4000", stations.water)):
        assert {p.quantity for p in library()[name].polled} <= set(values(SKY, 1, NOON))


def test_days_are_brighter_and_warmer_than_nights() -> None:
    day, night = stations.air(SKY, 1, NOON), stations.air(SKY, 1, NOON + 12 * 3600)

    assert day["illuminance"] > 20_000 > 10 > night["illuminance"]
    assert day["air_temperature"] > night["air_temperature"]
    assert SKY.sun_elevation(NOON) > 0 > SKY.sun_elevation(EVENING)


def test_rain_only_adds_up() -> None:
    start = unix("2026-03-01T00:00")
    rain = [stations.rain_since_new_year(3, start + hour * 3600) for hour in range(24 * 60)]

    assert all(a <= b for a, b in pairwise(rain))
    assert 100 < rain[-1] < 2000


@pytest.mark.parametrize("second", [0, 1, 1_800_000_000])
def test_noise_is_the_same_everywhere_and_spreads_evenly(second: int) -> None:
    values = [noise(seed, second) for seed in range(2000)]

    assert values == [noise(seed, second) for seed in range(2000)]
    assert all(-1 <= value <= 1 for value in values)
    assert abs(sum(values) / len(values)) < 0.05


def test_a_drift_has_no_jumps() -> None:
    values = [drift(3, second, 600) for second in range(5000)]

    assert max(abs(a - b) for a, b in pairwise(values)) < 0.01
    assert max(values) - min(values) > 0.5


def test_the_grid_has_50_hertz() -> None:
    assert all(math.isclose(frequency(second), 50, abs_tol=0.05) for second in range(0, 10_000, 7))


def test_an_instrument_has_no_registers_outside_its_map_and_none_to_write() -> None:
    profile = library()["renke-air-station"]
    air = Instrument(profile, lambda at: stations.air(SKY, 1, at))

    assert len(air.read(Space.HOLDING, 0x01F4, 14, NOON)) == 28
    for space, address, count in ((Space.HOLDING, 0x01F3, 2), (Space.HOLDING, 0x0201, 2), (Space.INPUT, 0x01F4, 1)):
        with pytest.raises(IllegalAddress):
            air.read(space, address, count, NOON)
    with pytest.raises(IllegalAddress):
        air.write(0x01F4, [1], NOON)


def test_counters_and_gauges_are_called_what_the_dictionary_calls_them() -> None:
    assert QUANTITIES["rain"].kind is Kind.COUNTER
    assert set(meter(0.0, 0.0).values(NOON)) <= set(QUANTITIES)
