"""JSON from a device that we did not write, and places in it (RFC 6901).

What cannot be used raises Unusable, whose `fault` is one word of a closed list, so that it can be counted.
"""

import re
from enum import StrEnum
from typing import Annotated, Final

import orjson
from pydantic import AfterValidator, JsonValue

MAX_BYTES = 64_000  # as every message of the system; no device needs a tenth of it

_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")  # RFC 6901, section 4: no leading zeros
_ESCAPED = re.compile(r"~(?![01])")


class Fault(StrEnum):
    """What is wrong with a message."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"  # also NaN, infinite numbers, and nesting beyond 1,024 levels
    WRONG_TYPE = "wrong_type"  # a text where a number should be, and the like
    BAD_TIME = "bad_time"  # not a time in the profile's format
    WRONG_CLOCK = "wrong_clock"  # a time that cannot be: the device's clock is wrong


class Unusable(ValueError):
    """Nothing, or not everything, of a message can be used."""

    def __init__(self, fault: Fault, advice: str) -> None:
        super().__init__(advice)
        self.fault = fault


class Missing:
    """A place that a document does not have. Not the same as null, which is a device that says "not known"."""


MISSING: Final = Missing()


def parse(payload: bytes) -> JsonValue:
    """JSON to plain data. Raises Unusable."""
    if len(payload) > MAX_BYTES:
        raise Unusable(Fault.TOO_LARGE, f"{len(payload)} bytes; at most {MAX_BYTES}")
    try:
        document: JsonValue = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Unusable(Fault.NOT_JSON, str(error)) from error
    return document


def find(document: JsonValue, pointer: str) -> JsonValue | Missing:
    """The value at a pointer; the empty pointer is the whole document."""
    here: JsonValue | Missing = document
    for token in _tokens(pointer):
        here = _inside(here, token)
    return here


def shown(said: JsonValue) -> str:
    """What a device said, short enough for a log. A list that is deep enough could not even be written out."""
    return f"a {type(said).__name__}" if isinstance(said, list | dict) else repr(str(said)[:40])


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _inside(here: JsonValue | Missing, token: str) -> JsonValue | Missing:
    if isinstance(here, dict):
        return here.get(token, MISSING)
    if isinstance(here, list) and _INDEX.fullmatch(token) and int(token) < len(here):
        return here[int(token)]
    return MISSING


def _pointer(text: str) -> str:
    if text and not text.startswith("/"):
        raise ValueError(f"{text!r} is not a JSON pointer; write one as in /ENERGY/Power (RFC 6901)")
    if _ESCAPED.search(text):
        raise ValueError(f"{text!r}: ~ stands for itself as ~0, and a / inside a name as ~1 (RFC 6901)")
    return text


Pointer = Annotated[str, AfterValidator(_pointer)]
