"""Spans of time as people write them in YAML: `5s`, `2m`, `1h`, `30d`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_LONGEST_D = 36_500


def span(text: object) -> timedelta:
    """Parse one span. Raises ValueError with what would be right."""
    if isinstance(text, timedelta):
        return text
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a span of time; write a number and a unit, as in 30s, 5m or 2h")
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > _LONGEST_D * _UNITS["d"]:
        raise ValueError(f"{text!r} is too long a span of time; give at most {_LONGEST_D}d")
    return timedelta(seconds=seconds)


Span = Annotated[timedelta, BeforeValidator(span)]
