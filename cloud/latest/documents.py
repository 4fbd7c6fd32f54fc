"""What is kept of an edge's devices between two runs: JSON in columns, one document for each edge and kind.

    {"devices": [...], "at": [...], "values": {"voltage": [...]}, "flags": {"voltage": [...]},
     "rules": {"lamp_out": {"held_s": [...], ...}}}

`at` is -1 for a device that was never heard of, a flag is 0 where nothing was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from cloud.latest.values import Ints, LatestOfKind, Rows

Remembered = Mapping[str, Any]  # what a rule knows of some devices, in columns


@dataclass(frozen=True, slots=True)
class Document:
    """What was kept of the devices that still are in the city; every column is as long as `rows`.

    `is_whole` is False when some of them are not.
    """

    rows: Rows
    rules: Mapping[str, Remembered]
    is_whole: bool


def encode(columns: LatestOfKind, places: Ints, rules: Mapping[str, Remembered]) -> bytes:
    """Some devices of a kind, with what rules remember of them."""
    document = {
        "devices": [columns.devices[place] for place in places.tolist()],
        "at": columns.at[places],
        "values": {quantity: columns.values(quantity, places) for quantity in columns.quantities},
        "flags": {quantity: columns.flags(quantity, places) for quantity in columns.quantities},
        "rules": rules,
    }
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def decode(columns: LatestOfKind, document: bytes) -> Document:
    """The reverse of encode, for another day's inventory."""
    raw = orjson.loads(document)
    there = [(row, columns.places[name]) for row, name in enumerate(raw["devices"]) if name in columns.places]
    rows = [row for row, _ in there]
    shape = len(raw["values"]), len(raw["devices"])
    values = np.array(list(raw["values"].values()), dtype=np.float64).reshape(shape)
    flags = np.array(list(raw["flags"].values()), dtype=np.uint8).reshape(shape)
    at = np.array(raw["at"], dtype=np.int64)
    rules = {
        rule: {name: np.array(column)[rows] for name, column in told.items()} for rule, told in raw["rules"].items()
    }
    places = np.array([place for _, place in there], dtype=np.int64)
    kept = Rows(places, at[rows], list(raw["values"]), values[:, rows], flags[:, rows])
    return Document(kept, rules, len(rows) == len(raw["devices"]))
