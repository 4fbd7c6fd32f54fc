"""Spans of time as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.durations import span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5),
        ("200ms", 0.2),
        ("2m", 120),
        ("1h", 3600),
        ("30d", 2_592_000),
        ("0.5h", 1800),
        ("1.5s", 1.5),
        ("0s", 0),
    ],
)
def test_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["5", "", "s", "-5s", "5 s", "5S", "1e3s", "5s\n", "1h30m", "٥s", ".5s", 5, None, True]
)
def test_anything_else_is_answered_with_what_would_be_right(text: object) -> None:
    with pytest.raises(ValueError, match="is not a span of time; write a number and a unit, as in 30s, 5m or 2h"):
        span(text)


@pytest.mark.parametrize("text", ["99999999999d", "9" * 400 + "s"])
def test_a_span_of_ages_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is too long a span of time; give at most 36500d"):
        span(text)


def test_a_span_stays_a_span() -> None:
    assert span(timedelta(minutes=3)) == timedelta(minutes=3)


@given(st.integers(0, 10**5), st.sampled_from(["ms", "s", "m", "h"]))
def test_whole_numbers_are_exact(number: int, unit: str) -> None:
    units = {
        "ms": timedelta(milliseconds=1),
        "s": timedelta(seconds=1),
        "m": timedelta(minutes=1),
        "h": timedelta(hours=1),
    }
    assert span(f"{number}{unit}") == number * units[unit]
