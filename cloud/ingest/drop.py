"""A fault for the system test: one batch is lost in the cloud's memory, as if the process had died between the broker
and the disk. The broker's acknowledgement goes out, the mark does not move, and the edge has to send it again.

Switched on by HAIDANG_TEST_DROP=edge-glob:stream:seq, once for each process; nothing else reads this variable.
"""

import logging
from collections.abc import Mapping
from fnmatch import fnmatchcase

from cloud.ingest.arrivals import Arrival, Drop

VARIABLE = "HAIDANG_TEST_DROP"

log = logging.getLogger(__name__)


def from_environment(environ: Mapping[str, str]) -> Drop | None:
    """The fault that the environment asks for. Raises ValueError when it is not edge-glob:stream:seq."""
    text = environ.get(VARIABLE)
    if not text:
        return None
    try:
        edge, stream, seq = text.split(":")
        return once(edge, stream, int(seq))
    except ValueError as error:
        raise ValueError(f"{VARIABLE}={text}: write edge-glob:stream:seq, as in HL-E*:live:5") from error


def once(edge: str, stream: str, seq: int) -> Drop:
    """Drop the first batch with this name."""
    left = [True]

    def drop(arrival: Arrival) -> bool:
        hit = left[0] and fnmatchcase(arrival.edge, edge) and (arrival.stream, arrival.header.seq) == (stream, seq)
        left[0] = left[0] and not hit
        if hit:
            log.warning("%s/%s/%d is lost on purpose: %s is set", arrival.edge, stream, seq, VARIABLE)
        return hit

    return drop
