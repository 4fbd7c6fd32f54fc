"""When a bus is polled, and which units are left out."""

import math

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.quarantine import Quarantine
from edge_agent.schedule import next_slot, phase

NAMES = st.text(min_size=1, max_size=8)


@given(NAMES, st.floats(1, 100_000), st.floats(0, 2e9), st.integers(1, 20))
def test_no_two_rounds_fall_into_one_whole_second(name: str, period: float, start: float, count: int) -> None:
    slots = [next_slot(start, period, phase(name, period))]
    for _ in range(count):
        slots.append(next_slot(slots[-1] + 1e-4, period, phase(name, period)))
    assert len({math.floor(slot + 1e-3) for slot in slots}) == len(slots)


@given(NAMES, st.integers(1, 3600), st.floats(0, 2e9), st.floats(0, 0.49), st.floats(0, 0.49))
def test_even_rounds_that_come_a_little_late_do_not_share_a_second(
    name: str, period: int, start: float, delay: float, next_delay: float
) -> None:
    first = next_slot(start, period, phase(name, period))
    second = next_slot(first + delay, period, phase(name, period))
    assert math.floor(second + next_delay) - math.floor(first + delay) == period


@given(NAMES, st.floats(1, 100_000), st.floats(0, 2e9))
def test_the_next_round_is_later_and_at_most_a_period_away(name: str, period: float, now: float) -> None:
    assert now < next_slot(now, period, phase(name, period)) + 1e-3 <= now + period + 2e-3


def test_buses_do_not_all_speak_at_once() -> None:
    assert len({phase(f"HL-TC{n:03}", 10) for n in range(30)}) > 5


def test_a_silent_unit_is_news_once_and_asked_after_growing_pauses() -> None:
    quarantine = Quarantine(shortest=10, longest=40)
    assert quarantine.silent(7, now=0)
    asked_at = []
    now = 0.0
    while now < 200:
        if quarantine.due(now, {7}) == 7:
            asked_at.append(now)
            assert not quarantine.silent(7, now)
        now += 5
    assert asked_at == [0, 10, 30, 70, 110, 150, 190]
    assert quarantine.answered(7, now=200) == 200
    assert quarantine.answered(7, now=201) is None
    assert 7 not in quarantine


def test_of_many_silent_units_the_longest_due_is_asked_first() -> None:
    quarantine = Quarantine(shortest=10, longest=10)
    for now, unit in enumerate([5, 3, 9]):
        quarantine.silent(unit, now)
    order = []
    for now in range(10, 40, 10):
        assert quarantine.due(now, {4, 6}) is None
        due = quarantine.due(now, {3, 5, 9})
        assert due is not None
        order.append(due)
        quarantine.silent(due, now)
    assert order == [5, 3, 9]
