"""Spans of time that a setting may have."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator

from protocols.durations import Span

SHORTEST_POLL = timedelta(seconds=1)  # samples carry whole seconds


def _not_shorter(span: timedelta) -> timedelta:
    if span < SHORTEST_POLL:
        raise ValueError(f"{span.total_seconds():g}s is too short; give 1s or more")
    return span


def _positive(span: timedelta) -> timedelta:
    if span <= timedelta(0):
        raise ValueError("0s is no time at all; give more than that")
    return span


PositiveSpan = Annotated[Span, AfterValidator(_positive)]
PollSpan = Annotated[Span, AfterValidator(_not_shorter)]
