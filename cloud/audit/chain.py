"""The hash chain of the audit log: each row carries the hash of the one before, so that none can be changed or lost."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import orjson

START = "0" * 64


class Act(StrEnum):
    """What is written down."""

    LOG_IN = "log_in"
    LOG_IN_FAILED = "log_in_failed"
    LOG_OUT = "log_out"
    COMMAND = "command"
    ACKNOWLEDGE = "acknowledge"
    CONFIGURE = "configure"


Parameters = Mapping[str, str | float]  # moments are ISO 8601 in UTC


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of one person. `at` is domain time; `parameters` says in JSON what exactly the act was."""

    at: datetime
    who: str
    act: Act
    target: str = ""
    reason: str = ""
    result: str = "ok"
    parameters: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """An entry in its place."""

    seq: int
    entry: Entry
    previous: str
    hash: str


def written(parameters: Parameters) -> str:
    """Parameters as an entry keeps them."""
    return orjson.dumps(parameters).decode()


def link(seq: int, entry: Entry, previous: str) -> Link:
    """Put an entry behind the hash of the one before."""
    return Link(seq, entry, previous, digest(seq, entry, previous))


def digest(seq: int, entry: Entry, previous: str) -> str:
    """SHA-256 over everything that a row says. One without parameters is hashed as rows were before there were any."""
    words = [seq, entry.at.timestamp(), entry.who, entry.act, entry.target, entry.reason, entry.result, previous]
    words += [] if entry.parameters is None else [entry.parameters]
    return hashlib.sha256(orjson.dumps(words)).hexdigest()


def first_break(links: Iterable[Link]) -> int | None:
    """The seq of the first link that does not follow from the one before, or `None` when all do."""
    seq, previous = 1, START
    for found in links:
        if found != link(seq, found.entry, previous):
            return seq
        seq, previous = seq + 1, found.hash
    return None
