"""A DALI gateway dims one lamp, a group, or all, and tells levels elsewhere than they are written."""

import pytest

from firmware_sim.device import GROUPS, LAMPS, unit
from firmware_sim.gateway import DaliGateway
from firmware_sim.image import words
from firmware_sim.units import IllegalAddress, IllegalValue
from protocols.modbus.dimming import Everyone, Group, OutOfReach, Whom, written
from protocols.modbus.plan import Member
from protocols.modbus.registers import Space
from protocols.profiles import library
from tests.sim.lamps import EVENING

ECODIM, ARLIGHT = library()["ecodim-dali-gw2"], library()["arlight-dali-logic-lite"]


def gateway(name: str) -> DaliGateway:
    found = unit(library()[name], EVENING)
    assert isinstance(found, DaliGateway)
    return found


def dim(found: DaliGateway, member: Member, light: float, whom: Whom = None) -> None:
    address, registers = written(member, light, whom)
    found.write(address, registers, EVENING)


def levels(found: DaliGateway, name: str, now: float = EVENING + 60) -> list[float | None]:
    profile = library()[name]
    point = profile.point("actual_level")
    members = [Member(f"L{n}", 1, profile, n) for n in range(LAMPS)]
    return [point.decode(words(found.read(Space.HOLDING, member.address(point), 1, now))) for member in members]


@pytest.mark.parametrize("name", [ECODIM.profile, ARLIGHT.profile])
def test_one_address_dims_one_lamp(name: str) -> None:
    found = gateway(name)
    dim(found, Member("L3", 1, library()[name], 3), 10)
    assert levels(found, name) == [100.0] * 3 + [pytest.approx(10, abs=0.2)] + [100.0] * 8


@pytest.mark.parametrize("name", [ECODIM.profile, ARLIGHT.profile])
def test_a_group_dims_its_lamps_and_no_others(name: str) -> None:
    found = gateway(name)
    dim(found, Member("L0", 1, library()[name]), 0, Group(1))
    assert levels(found, name) == [0.0 if n in GROUPS[1] else 100.0 for n in range(LAMPS)]


def test_a_broadcast_dims_all() -> None:
    found = gateway(ECODIM.profile)
    dim(found, Member("L0", 1, ECODIM), 50, Everyone())
    assert set(levels(found, ECODIM.profile)) == {50.531}


def test_127_is_three_percent_and_not_half() -> None:
    found = gateway(ECODIM.profile)
    found.write(1000, [127], EVENING)
    assert set(levels(found, ECODIM.profile)) == {3.119}


def test_mask_changes_nothing_and_more_is_refused() -> None:
    found = gateway(ECODIM.profile)
    found.write(1000, [255], EVENING)
    assert set(levels(found, ECODIM.profile)) == {100.0}
    with pytest.raises(IllegalValue):
        found.write(1000, [256], EVENING)


def test_an_address_without_gear_has_no_level() -> None:
    point = ARLIGHT.point("actual_level")
    found = gateway(ARLIGHT.profile)
    address = Member("L63", 1, ARLIGHT, 63).address(point)
    assert point.decode(words(found.read(Space.HOLDING, address, 1, EVENING))) is None


@pytest.mark.parametrize(("space", "address"), [(Space.INPUT, 3004), (Space.HOLDING, 3003), (Space.HOLDING, 3400)])
def test_what_it_does_not_have_is_refused(space: Space, address: int) -> None:
    with pytest.raises(IllegalAddress):
        gateway(ECODIM.profile).read(space, address, 1, EVENING)


@pytest.mark.parametrize("address", [2001, 2000 + 5 * 16, 999])
def test_a_place_that_is_no_level_cannot_be_written(address: int) -> None:
    with pytest.raises(IllegalAddress):
        gateway(ECODIM.profile).write(address, [0], EVENING)


@pytest.mark.parametrize(
    ("profile", "whom", "said"),
    [
        (ARLIGHT, Everyone(), "arlight-dali-logic-lite has no level for all"),
        (ARLIGHT, Group(16), "arlight-dali-logic-lite has groups 0 to 15, not 16"),
        (library()["haidang-segment-controller"], Group(0), "haidang-segment-controller has no groups"),
        (library()["eastron-sdm630"], None, "eastron-sdm630 has no level to write"),
    ],
)
def test_nobody_is_dimmed_who_is_out_of_reach(profile: object, whom: Whom, said: str) -> None:
    assert isinstance(profile, type(ARLIGHT))
    with pytest.raises(OutOfReach, match=said):
        written(Member("L", 1, profile), 50, whom)
