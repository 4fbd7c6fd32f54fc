"""The dictionary: one name, one unit, one meaning for the whole system."""

from collections import Counter

import pytest

from protocols import quantities
from protocols.names import is_id
from protocols.profiles import library
from protocols.quantities import QUANTITIES, Kind, Quantity

UNITS = {"", "%", "s", "h", "degC", "V", "A", "W", "var", "Hz", "kWh", "mg/L", "NTU", "uS/cm", "mV", "ug/L"}
UNITS |= {"kPa", "m/s", "deg", "dB", "ug/m3", "lx", "mm", "ppt", "m", "bar", "W/m2", "MB", "mm/h", "1/h"}


def test_a_name_stands_once() -> None:
    lighting = quantities._LIGHTING, quantities._ELECTRICAL, quantities._ROAD
    groups = (*lighting, quantities._WATER, quantities._AIR, quantities._EDGE)
    assert Counter(q.name for group in groups for q in group).most_common(1)[0][1] == 1
    assert all(name == quantity.name for name, quantity in QUANTITIES.items())


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda q: q.name)
def test_a_quantity_has_a_unit_that_we_use_and_a_range(quantity: Quantity) -> None:
    assert quantity.unit in UNITS
    assert quantity.low < quantity.high
    assert is_id(quantity.name)
    assert quantity.kind is not Kind.STATE or quantity.unit == ""


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("actual_level", "%"),
        ("voltage", "V"),
        ("current", "A"),
        ("active_power", "W"),
        ("active_energy", "kWh"),
        ("lamp_hours", "h"),
        ("gear_temperature", "degC"),
        ("conductivity", "uS/cm"),
        ("dissolved_oxygen", "mg/L"),
        ("pressure", "kPa"),
        ("pm2_5", "ug/m3"),
    ],
)
def test_the_unit_of_a_quantity_is_what_everybody_agreed_on(name: str, unit: str) -> None:
    assert QUANTITIES[name].unit == unit


@pytest.mark.parametrize("dialect", ["talq", "lwm2m"])
def test_a_name_of_another_dialect_means_one_quantity_of_ours(dialect: str) -> None:
    names = [getattr(q, dialect) for q in QUANTITIES.values() if getattr(q, dialect) is not None]
    ambiguous = {name for name, n in Counter(names).items() if n > 1}
    assert ambiguous <= {"temperature"}


def test_only_what_grows_is_a_counter() -> None:
    counters = {q.name for q in QUANTITIES.values() if q.kind is Kind.COUNTER}
    assert counters == {
        "active_energy",
        "active_energy_export",
        "batches_dropped",
        "lamp_hours",
        "polls_failed",
        "polls_late",
        "polls_overtaken",
        "rain",
        "readings_lost",
        "supply_loss_count",
        "switch_on_count",
    }


def test_the_checked_words_of_every_profile_mean_plausible_values() -> None:
    for profile in library().values():
        for check in profile.checked_with:
            quantity = QUANTITIES[check.quantity]
            assert check.value is None or quantity.low <= check.value <= quantity.high
