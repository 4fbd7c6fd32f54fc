"""Samples as InfluxDB's line protocol: one line for each device and second, times in milliseconds.

    luminaire,device=HL-000001 voltage_q=1,voltage=230.1,current_q=9 1795262400000

The code of a quantity (`voltage_q`) stands on every line on which the quantity was read, also when it is GOOD: a field
that is absent does not overwrite an earlier one, and InfluxQL has no way to ask for a field that is absent. It is the
QARTOD flag; 10 is added when flag and value contradict each other (a value that is called MISSING, or no value that
is not), because a number that is written once cannot be taken back, only declared void.

A name that is not an id is percent-encoded: then nothing in it means anything to an engine, and it comes back whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, unquote

import orjson

from protocols.names import is_id
from protocols.readings import Quality, Table

LAST_KEPT = 9_223_372_035  # 2262-04-11: an engine counts nanoseconds in 64 bits
UNKNOWN = "unknown"  # the field of a summary that names those of its fields that have no number

_NO_NAME = "%"  # what no percent-encoded name can be
_CONTRADICTS = 10
_SERIES_REMEMBERED = 1 << 18

Pieces = bytes | Sequence[bytes]  # one for all rows, or one for each


def tag(name: str) -> str:
    """A name as the value of a tag: letters, digits and `_-.~%`."""
    return name if is_id(name) else quote(name, safe="") or _NO_NAME


def untag(text: str) -> str:
    """The reverse of `tag`."""
    return "" if text == _NO_NAME else unquote(text)


def code(value: float | None, flag: int) -> int:
    """What stands beside a quantity."""
    return flag if (value is None) == (flag == Quality.MISSING) else flag + _CONTRADICTS


def point(value: float | None, stored: float | None) -> tuple[float | None, int | None]:
    """Value and flag behind a stored number and its code; no flag when the quantity was not read."""
    there, flag = _POINTS.get(stored, _NOT_READ)
    return (value if there else None), flag


def lines(table: Table, kind: str) -> bytes:
    """A table's rows, each line with its end; `kind` is the measurement. Rows without quantities are no lines."""
    if not len(table) or not table.quantities:
        return b""
    fields: list[Pieces] = []
    for quantity, texts, flags in zip(table.quantities, _texts(table.values), table.flags, strict=True):
        fields += _sample(f",{quantity}".encode(), texts, flags)
    fields[0] = _without_comma(fields[0])
    return _joined([_series(kind, "device", device) for device in table.devices], fields, table.at)


def summary_lines(
    name: str,
    keys: Sequence[str],
    at: Sequence[int],
    fields: Mapping[str, Sequence[float | None]],
    others: Sequence[str],
) -> bytes:
    """Rows of a summary; `others` are fields that it had before and does not have now.

    Every row names what it does not know, so that a number of an earlier row does not shine through.
    """
    if not len(keys):
        return b""
    texts = dict(zip(fields, _texts(list(fields.values())), strict=True))
    pieces: list[Pieces] = [_unknown(texts, others)]
    for field, column in texts.items():
        pieces += _value(f",{field}=".encode(), column)
    return _joined([_series(name, "key", key) for key in keys], pieces, at)


def blocks(table: Table, samples: int) -> Iterator[Table]:
    """A table cut between its rows into tables of at most so many samples."""
    rows = max(1, samples // max(1, len(table.quantities)))
    if len(table) <= rows:
        yield table
        return
    for start in range(0, len(table), rows):
        yield table.part(slice(start, start + rows))


def named(line: bytes) -> tuple[str, str, int]:
    """Measurement, device or key, and second of a line made here."""
    series, _, rest = line.decode().partition(" ")
    measurement, _, tags = series.partition(",")
    return measurement, untag(tags.partition("=")[2]), int(rest.rpartition(" ")[2]) // 1000


@lru_cache(_SERIES_REMEMBERED)
def _series(measurement: str, key: str, name: str) -> bytes:
    return f"{measurement},{key}={tag(name)} ".encode()


def _texts(columns: Sequence[Sequence[float | None]]) -> list[list[bytes]]:
    """Every number of some columns as the shortest text that gives it back exactly; what is no number is `null`."""
    try:
        written = orjson.dumps(columns)
    except TypeError:  # a whole number of more than 64 bits
        written = orjson.dumps([[value if value is None else float(value) for value in column] for column in columns])
    return [column.split(b",") for column in written[2:-2].split(b"],[")]


def _sample(quantity: bytes, texts: Sequence[bytes], flags: Sequence[int]) -> list[Pieces]:
    """The fields of one quantity: its code, and its value where there is one."""
    name = quantity + b"_q="
    first = flags[0]
    if b"null" not in texts and flags.count(first) == len(flags):
        return [name + _CODES[True][first] + quantity + b"=", texts]
    codes = [name + _CODES[text != b"null"][flag] for text, flag in zip(texts, flags, strict=True)]
    return [codes, *_value(quantity + b"=", texts)]


def _value(name: bytes, texts: Sequence[bytes]) -> list[Pieces]:
    if b"null" not in texts:
        return [name, texts]
    return [[b"" if text == b"null" else name + text for text in texts]]


def _unknown(columns: Mapping[str, Sequence[bytes]], others: Sequence[str]) -> Pieces:
    """The field that names the fields without a number."""
    absent = [other.encode() for other in others]
    holes = [
        [field.encode() if text == b"null" else b"" for text in column]
        for field, column in columns.items()
        if b"null" in column
    ]
    if not holes:
        return _listed(absent)
    return [_listed([*absent, *filter(None, row)]) for row in zip(*holes, strict=True)]


def _listed(names: Sequence[bytes]) -> bytes:
    return b'%b="%b"' % (UNKNOWN.encode(), b",".join(names))


def _without_comma(pieces: Pieces) -> Pieces:
    return pieces[1:] if isinstance(pieces, bytes) else [piece[1:] for piece in pieces]


def _joined(series: Sequence[bytes], fields: Sequence[Pieces], at: Sequence[int]) -> bytes:
    """Row by row: its series, its fields, its time."""
    times = orjson.dumps([moment * 1000 for moment in at])[1:-1].split(b",")
    slots: list[Pieces] = [series, *fields, b" ", times, b"\n"]
    parts = [b""] * (len(series) * len(slots))
    for n, slot in enumerate(slots):
        parts[n :: len(slots)] = [slot] * len(series) if isinstance(slot, bytes) else slot
    return b"".join(parts)


_NOT_READ: tuple[bool, int | None] = (False, None)
_POINTS: Mapping[float | None, tuple[bool, int | None]] = {
    code(0.0 if there else None, flag): (there, int(flag)) for flag in Quality for there in (True, False)
}
_CODES = {
    there: {int(flag): str(code(0.0 if there else None, flag)).encode() for flag in Quality} for there in (True, False)
}
