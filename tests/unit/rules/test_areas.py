"""A grant helps in its area and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.areas import PROVINCE, Area, Grant, may, may_give, reaches, visible, wards

HALONG, MONGCAI = Area("halong"), Area("mongcai")
W1, W2, TRA_CO = Area("halong", "W1"), Area("halong", "W2"), Area("mongcai", "W1")

LOOK, SWITCH, MANAGE = "look", "switch", "manage"
AREAS = st.sampled_from([PROVINCE, HALONG, MONGCAI, W1, W2, TRA_CO])
RIGHTS = st.sampled_from([LOOK, SWITCH, MANAGE])
GRANTS = st.lists(st.builds(Grant, st.just("any"), AREAS, st.frozensets(RIGHTS)), max_size=5)


def _may_look(area: Area) -> Grant:
    return Grant("viewer", area, frozenset({LOOK}))


@pytest.mark.parametrize(
    ("held", "where", "allowed"),
    [
        (PROVINCE, PROVINCE, True),
        (PROVINCE, MONGCAI, True),
        (PROVINCE, TRA_CO, True),
        (HALONG, PROVINCE, False),
        (HALONG, HALONG, True),
        (HALONG, W2, True),
        (HALONG, MONGCAI, False),
        (HALONG, TRA_CO, False),
        (W1, HALONG, False),
        (W1, W1, True),
        (W1, W2, False),
        (W1, TRA_CO, False),
    ],
)
def test_a_right_is_held_inside_its_area(held: Area, where: Area, allowed: bool) -> None:
    assert may([_may_look(held)], LOOK, where) is allowed


@pytest.mark.parametrize(
    ("held", "where", "touched"),
    [(W1, HALONG, True), (W1, PROVINCE, True), (W1, MONGCAI, False), (PROVINCE, W1, True), (W1, W2, False)],
)
def test_a_right_in_a_part_reaches_the_whole(held: Area, where: Area, touched: bool) -> None:
    assert reaches([_may_look(held)], LOOK, where) is touched


@pytest.mark.parametrize(
    ("held", "seen"),
    [
        ([PROVINCE], None),
        ([HALONG, W1], None),
        ([W1], {"W1"}),
        ([W1, W2], {"W1", "W2"}),
        ([W1, TRA_CO, MONGCAI], {"W1"}),
        ([MONGCAI], set()),
        ([], set()),
    ],
)
def test_of_a_city_only_the_granted_wards_are_seen(held: list[Area], seen: set[str] | None) -> None:
    assert wards([_may_look(area) for area in held], LOOK, "halong") == seen


@pytest.mark.parametrize("text", ["", "halong", "//", "/halong/", "/halong/W1/P3", "/ha long", "/halong/*", "/../x"])
def test_what_is_no_area_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValueError, match="is not an area"):
        Area.parse(text)


def test_a_ward_without_a_city_is_no_area() -> None:
    with pytest.raises(ValueError, match="in no city"):
        Area(None, "W1")


@given(AREAS)
def test_an_area_is_read_as_it_is_written(area: Area) -> None:
    assert Area.parse(str(area)) == area


@given(GRANTS, RIGHTS, AREAS, AREAS, AREAS)
def test_a_wider_area_never_sees_less(grants: list[Grant], right: str, one: Area, other: Area, where: Area) -> None:
    wide, narrow = sorted((one, other), key=lambda area: area.depth)
    if wide.covers(narrow) and may([*grants, Grant("any", narrow, frozenset({right}))], right, where):
        assert may([*grants, Grant("any", wide, frozenset({right}))], right, where)


@given(GRANTS, GRANTS, RIGHTS, AREAS)
def test_one_more_grant_takes_nothing_away(grants: list[Grant], more: list[Grant], right: str, where: Area) -> None:
    assert may([*grants, *more], right, where) >= may(grants, right, where)
    assert reaches([*grants, *more], right, where) >= reaches(grants, right, where)


@given(GRANTS, RIGHTS, AREAS)
def test_a_grant_of_another_city_never_helps(grants: list[Grant], right: str, where: Area) -> None:
    if where.site is not None:
        near = [grant for grant in grants if grant.area.site in (None, where.site)]
        assert may(grants, right, where) == may(near, right, where)
        assert reaches(grants, right, where) == reaches(near, right, where)
        assert wards(grants, right, where.site) == wards(near, right, where.site)


@given(GRANTS, RIGHTS, AREAS)
def test_what_may_be_done_lies_in_a_visible_area_and_the_other_way_round(
    grants: list[Grant], right: str, where: Area
) -> None:
    assert may(grants, right, where) == any(area.covers(where) for area in visible(grants, right))


@given(GRANTS, RIGHTS, AREAS)
def test_a_right_that_is_in_no_grant_is_held_nowhere(grants: list[Grant], right: str, where: Area) -> None:
    without = [Grant(grant.role, grant.area, grant.rights - {right}) for grant in grants]
    assert not reaches(without, right, where)


@given(GRANTS, st.builds(Grant, st.just("any"), AREAS, st.frozensets(RIGHTS)), RIGHTS, AREAS)
def test_nobody_gives_what_he_does_not_hold(grants: list[Grant], given_: Grant, right: str, where: Area) -> None:
    if may_give(grants, MANAGE, given_):
        assert may([given_], right, where) <= may(grants, right, where)


def test_who_does_not_manage_people_gives_nothing() -> None:
    assert not may_give([_may_look(PROVINCE)], MANAGE, _may_look(W1))
