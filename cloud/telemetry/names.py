"""Which names a store takes, for every engine the same."""

import re

from cloud.telemetry.store import StoreRefused
from protocols.line_protocol import UNKNOWN
from protocols.names import is_id
from protocols.quantities import QUANTITIES

_STEP = re.compile(r".*_\d+[hm]", re.IGNORECASE)  # how the names of our summaries end, and no kind's
_OURS = frozenset({"key", "number", "at", "time", UNKNOWN})  # what an engine calls something else


def kind_name(kind: str) -> str:
    """A kind in small letters: not every engine tells `Meter` from `meter`, so none does. Raises StoreRefused.

    An edge chooses it: called like a summary, its samples would stand among the summary's rows and be forgotten with
    them, or take them along.
    """
    if not is_id(kind) or _STEP.fullmatch(kind):
        raise StoreRefused(f"{kind!r} is not the name of a kind")
    return kind.lower()


def quantity_name(quantity: str) -> str:
    """Raises StoreRefused."""
    if quantity not in QUANTITIES:
        raise StoreRefused(f"{quantity!r} is not in the dictionary of quantities")
    return quantity


def summary_name(name: str) -> str:
    """A summary in small letters. Raises StoreRefused."""
    if not is_id(name):
        raise StoreRefused(f"{name!r} is not the name of a summary")
    return name.lower()


def field_name(name: str) -> str:
    """Raises StoreRefused."""
    if not (is_id(name) and name == name.lower()) or name in _OURS:
        raise StoreRefused(f"{name!r} is not the name of a field: small letters, digits and _")
    return name
