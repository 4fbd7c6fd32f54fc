"""Which lines a refusal speaks of. Every engine says it in another way, and some do not say it at all.

    1, 2  unable to parse 'LINE': REASON
    1, 2  partial write: field type conflict: input field "F" on measurement "M" is type …, already exists as …
          dropped=N
    1, 2  partial write: points beyond retention policy dropped=N
    3     {"data": [{"line_number": N, "error_message": REASON, …}, …]}

1 and 2 have mostly written the lines that they do not speak of, but not always; so those are written again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

_UNPARSED = re.compile(r"unable to parse '([^'\n]*)': ([^\n]*)")
_CONFLICT = re.compile(r'input field "([^"]+)" on measurement "([^"]+)" is type .* dropped=(\d+)')
_EXPIRED = re.compile(r"points beyond retention policy dropped=(\d+)")


@dataclass(frozen=True, slots=True)
class Told:
    """What an engine said: the reason, and the lines that it is the reason for, by their place."""

    why: str
    lines: Mapping[int, str]
    expired: bool = False


def is_an_engine_s(body: bytes) -> bool:
    """Every engine refuses lines in JSON. A web server before it, which speaks of the request, says it in HTML."""
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def told(body: bytes, lines: Sequence[bytes]) -> Told:
    """What can be read from the answer to `lines`. No lines: somebody has to look for them."""
    answer = _answer(body)
    why = str(answer.get("message") or answer.get("error") or "refused without a word")
    if "beyond retention policy" in why:
        return Told(why, dict.fromkeys(_oldest(why, lines), why), expired=True)
    found = _numbered(answer, lines) or _unparsed(why, lines) or dict.fromkeys(_conflicting(why, lines), why)
    return Told(why, found)


def _answer(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"message": body.decode(errors="replace").strip()}
    return answer if isinstance(answer, dict) else {"message": str(answer)}


def _numbered(answer: Mapping[str, Any], lines: Sequence[bytes]) -> dict[int, str]:
    data = answer.get("data")
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    named = ((entry.get("line_number"), str(entry.get("error_message"))) for entry in entries)
    return {number - 1: why for number, why in named if type(number) is int and 0 < number <= len(lines)}


def _unparsed(why: str, lines: Sequence[bytes]) -> dict[int, str]:
    reasons = {text.encode(): reason for text, reason in _UNPARSED.findall(why)}
    return {n: reasons[line] for n, line in enumerate(lines) if line in reasons}


def _conflicting(why: str, lines: Sequence[bytes]) -> Sequence[int]:
    """All lines that have the field, when they are as many as were dropped."""
    match = _CONFLICT.search(why)
    if match is None:
        return []
    series, field = f"{match[2]},".encode(), re.compile(rb"[ ,]" + re.escape(match[1].encode()) + rb"=")
    found = [n for n, line in enumerate(lines) if line.startswith(series) and field.search(line)]
    return found if len(found) == int(match[3]) else []


def _oldest(why: str, lines: Sequence[bytes]) -> Iterator[int]:
    """Whatever is beyond is older than whatever is not."""
    match = _EXPIRED.search(why)
    by_age = sorted(range(len(lines)), key=lambda n: int(lines[n].rpartition(b" ")[2]))
    yield from by_age[: int(match[1]) if match else 0]
