"""The InfluxQL that is asked, in the part of it that every engine from 1.6 to 3 and openGemini has: one statement each.

Names have been checked, and ids are percent-encoded like the tags they are compared with: no text of anybody else gets
into a statement.
"""

from collections.abc import Iterator, Sequence

from protocols.line_protocol import LAST_KEPT, UNKNOWN, tag
from protocols.readings import Quality

TOGETHER = 100  # ids in one statement, so that it fits a web address
CALLS = ("count", "min", "mean", "max", "last")  # the order of Stats
WITHOUT_MEAN = ("count", "min", "max", "last")
PROBE = "SHOW MEASUREMENTS LIMIT 1"


def groups(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids in parts that fit a statement; without any, one part that is empty and means all."""
    for first in range(0, max(1, len(ids)), TOGETHER):
        yield ids[first : first + TOGETHER]


def raw(kind: str, devices: Sequence[str], quantities: Sequence[str], start: int, end: int) -> str:
    columns = ", ".join(f'"{q}", "{q}_q"' for q in quantities)
    return f'SELECT {columns} FROM "{kind}" WHERE {_among("device", devices)}{_span(start, end)} GROUP BY "device"'  # noqa: S608


def rollup(
    kind: str, devices: Sequence[str], quantity: str, start: int, end: int, step_s: int, calls: Sequence[str] = CALLS
) -> str:
    """Codes below SUSPECT are those of a value that counts; see protocols.line_protocol."""
    columns = ", ".join(f'{call}("{quantity}")' for call in calls)
    counts = f'"{quantity}_q" < {int(Quality.SUSPECT)}'
    return (
        f'SELECT {columns} FROM "{kind}" WHERE {counts} AND {_among("device", devices)}{_span(start, end)} '  # noqa: S608
        f'GROUP BY "device", time({min(step_s, LAST_KEPT)}s) fill(none)'
    )


def summaries(name: str, keys: Sequence[str], fields: Sequence[str], start: int, end: int) -> str:
    columns = ", ".join(f'"{field}"' for field in (UNKNOWN, *fields))
    return f'SELECT {columns} FROM "{name}" WHERE {_among("key", keys)}{_span(start, end)} GROUP BY "key"'  # noqa: S608


def field_keys(name: str) -> str:
    return f'SHOW FIELD KEYS FROM "{name}"'


def _among(key: str, ids: Sequence[str]) -> str:
    """Empty for all of them."""
    one_of = " OR ".join(f"\"{key}\" = '{tag(one)}'" for one in ids)
    return f"({one_of}) AND " if ids else ""


def _span(start: int, end: int) -> str:
    first, last = (min(max(0, moment), LAST_KEPT + 1) for moment in (start, end))
    return f"time >= {first}s AND time < {last}s"
