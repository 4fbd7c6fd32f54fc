"""Who does not obey is told again, but less and less often; who says or should do something else, at once."""

from datetime import UTC, datetime, timedelta

import pytest

from edge_agent.insistence import Insistence
from edge_agent.lamps import Hold, Order, Programme, Release
from protocols.readings import Reading

END = datetime(2026, 11, 21, 18, tzinfo=UTC)
DIM: list[Order] = [Programme(1)]


def says(level: float | None, **others: float) -> Reading:
    return Reading("L1", "luminaire", 0, {"actual_level": level, **others})


def test_the_pauses_between_two_tries_grow_to_five_minutes() -> None:
    insistence, now, tries = Insistence(), 0.0, list[float]()
    while now < 1200:
        insistence.heard(says(3.1, active_power=40 + now))
        if not insistence.is_too_soon("L1", DIM, now):
            insistence.told(says(3.1), DIM, now)
            tries.append(now)
        now += 1
    assert tries == [0, 1, 11, 31, 71, 151, 311, 611, 911]


def test_another_lamp_is_not_meant() -> None:
    insistence = in_vain()
    assert insistence.is_too_soon("L1", DIM, 100)
    assert not insistence.is_too_soon("L2", DIM, 100)


@pytest.mark.parametrize(
    "orders",
    [[Programme(2)], [Hold(1, END)], [Release()], [Programme(1), Release()]],
)
def test_what_it_should_do_instead_it_is_told_at_once(orders: list[Order]) -> None:
    insistence = in_vain()
    assert not insistence.is_too_soon("L1", orders, 100)
    insistence.told(says(3.1), orders, 100)
    assert not insistence.is_too_soon("L1", orders, 100), "it may have been lost on the way"


@pytest.mark.parametrize("reading", [says(100), says(None), says(3.1, target_level=1), says(3.1, command_reason=4)])
def test_who_says_something_else_is_told_at_once(reading: Reading) -> None:
    insistence = in_vain()
    insistence.heard(reading)
    assert not insistence.is_too_soon("L1", DIM, 100)


def test_a_reading_of_other_things_is_no_news() -> None:
    insistence = in_vain()
    insistence.heard(Reading("L1", "luminaire", 0, {"active_power": 40.0}))
    assert insistence.is_too_soon("L1", DIM, 100)


def test_the_moment_until_which_a_level_is_held_makes_no_other_order() -> None:
    insistence = Insistence()
    for n in range(3):
        insistence.told(says(3.1), [Hold(1, END + timedelta(seconds=n))], 100)
    assert insistence.is_too_soon("L1", [Hold(1, END + timedelta(hours=1))], 100)


def test_what_is_forgotten_begins_anew() -> None:
    insistence = in_vain()
    insistence.forget("L1")
    assert not insistence.is_too_soon("L1", DIM, 100)


def in_vain() -> Insistence:
    """A lamp that stands at 3.1 % was told 1 % three times by 100 s."""
    insistence = Insistence()
    for _ in range(3):
        insistence.told(says(3.1), DIM, 100)
    return insistence
