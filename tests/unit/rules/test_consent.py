"""Few may switch many lamps, and not by a slip of the hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.consent import Given, Limits, Need, missing, needs

LIMITS = Limits(alone=20, one_person=500)
SURE = (Need.REASON, Need.PASSWORD)
EVERYTHING = Given("lan", "storm", password_again=True, second="minh")


@pytest.mark.parametrize(
    ("lamps", "wanted"),
    [(0, ()), (1, ()), (20, ()), (21, SURE), (500, SURE), (501, (*SURE, Need.SECOND_PERSON))],
)
def test_the_more_lamps_the_more_it_takes(lamps: int, wanted: tuple[Need, ...]) -> None:
    assert needs(lamps, LIMITS) == wanted
    assert missing(lamps, LIMITS, Given("lan")) == wanted
    assert missing(lamps, LIMITS, EVERYTHING) == ()


@pytest.mark.parametrize(
    ("said", "lacks"),
    [
        (Given("lan", "  ", password_again=True, second="minh"), Need.REASON),
        (Given("lan", "storm", password_again=False, second="minh"), Need.PASSWORD),
        (Given("lan", "storm", password_again=True, second="lan"), Need.SECOND_PERSON),
        (Given("lan", "storm", password_again=True), Need.SECOND_PERSON),
    ],
)
def test_what_is_missing_is_named(said: Given, lacks: Need) -> None:
    assert missing(501, LIMITS, said) == (lacks,)


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 1000), st.integers(0, 1000))
def test_one_more_lamp_never_takes_less(lamps: int, more: int, alone: int, further: int) -> None:
    limits = Limits(alone, alone + further)
    assert set(needs(lamps, limits)) <= set(needs(lamps + more, limits))


def test_limits_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match="may not switch more"):
        Limits(alone=30, one_person=20)
