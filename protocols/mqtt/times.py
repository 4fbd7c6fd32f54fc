"""When a device says that it measured, and whether it can be believed."""

from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from pydantic import JsonValue

from protocols.mqtt.documents import Fault, Unusable, shown

_LAST = 253_402_300_799.0  # the last second of the year 9999


class Format(StrEnum):
    """How a time is written."""

    UNIX = "unix"  # seconds
    UNIX_MS = "unix_ms"
    ISO8601 = "iso8601"  # without an offset it is UTC
    ISO8601_LOCAL = "iso8601_local"  # without an offset it is the city's local time


def moment(value: JsonValue, written: Format, local: tzinfo) -> float:
    """Unix seconds. Raises Unusable."""
    if written in (Format.UNIX, Format.UNIX_MS):
        return _unix(value, 1000 if written is Format.UNIX_MS else 1)
    if not isinstance(value, str):
        raise _bad(value, "is no date and time")
    return _iso8601(value, UTC if written is Format.ISO8601 else local)


def _unix(value: JsonValue, per_second: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad(value, "is no number of seconds")
    if not 0 <= value / per_second <= _LAST:
        raise _bad(value, "is no time between 1970 and 9999")
    return value / per_second


def _iso8601(text: str, zone: tzinfo) -> float:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError) as error:
        raise _bad(text, "is no date and time") from error


def _bad(value: JsonValue, what: str) -> Unusable:
    return Unusable(Fault.BAD_TIME, f"{shown(value)} {what}")
