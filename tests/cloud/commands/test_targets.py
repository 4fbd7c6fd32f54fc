"""Which lamps are meant, where two cities use the same names."""

import pytest

from cloud.commands.group_schemas import StreetTarget
from cloud.commands.targets import described, found
from cloud.errors import NoSuchArea
from cloud.fleet.fleet import Fleet
from cloud.fleet.view import View
from tests.cloud.cities import second_city, small_city

STREET = "Trần Phú"


@pytest.fixture(scope="module")
def both() -> View:
    return View(Fleet([small_city(), second_city()], 1))


def test_a_street_of_one_of_two_cities_is_that_one_s(both: View) -> None:
    meant = found(StreetTarget(street=STREET, area="/mongcai"), both.fleet, both, both)
    wards = {both.fleet.lamps[n].ward for n in meant.tolist()}
    assert {both.fleet.site_of_ward[ward] for ward in wards} == {"mongcai"}


def test_a_street_that_may_be_in_either_city_is_asked_for_its_city(both: View) -> None:
    with pytest.raises(NoSuchArea, match="several cities have a street of this name; give the city"):
        found(StreetTarget(street=STREET), both.fleet, both, both)


def test_the_audit_log_says_the_street_and_its_city() -> None:
    assert described({"street": STREET, "area": "/mongcai"}) == "Trần Phú, /mongcai"
