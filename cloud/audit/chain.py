"""The hash chain of the audit log: each row carries the hash of the one before, so that none can be changed or lost."""

import hashlib
from collections.abc import Mapping
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
    SLOWED = "slowed"
    COMMAND = "command"
    COMMAND_GROUP = "command_group"
    ASK_CONSENT = "ask_consent"
    CONSENT = "consent"
    HAND_OVER = "hand_over"
    ACKNOWLEDGE = "acknowledge"
    CONFIGURE = "configure"
    PLAN_LIGHT = "plan_light"
    PROPOSE_LIGHT = "propose_light"
    DECIDE_LIGHT = "decide_light"
    SEND_LIGHT = "send_light"
    IMPORT_FLEET = "import_fleet"
    IMPORT_AREAS = "import_areas"
    EXPORT = "export"
    ADD_PERSON = "add_person"
    GRANT = "grant"
    DISABLE = "disable"
    ENABLE = "enable"
    END_SESSION = "end_session"
    FIRST_ADMINISTRATOR = "first_administrator"
    CHANGE_EMAIL = "change_email"
    GIVE_PASSWORD = "give_password"  # noqa: S105 - the act, not one
    ASK_RESET = "ask_reset"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the act, not one
    MAKE_TOKEN = "make_token"  # noqa: S105 - the act, not one
    END_TOKEN = "end_token"  # noqa: S105 - the act, not one
    CHANGE_PASSWORD = "change_password"  # noqa: S105 - the act, not one
    CONFIRM = "confirm"
    ADD_FACTOR = "add_factor"
    REMOVE_FACTOR = "remove_factor"
    FORGET_FACTORS = "forget_factors"
    CHANGE_LANGUAGE = "change_language"
    LINK = "link"


Parameters = Mapping[str, str | float]  # moments are ISO 8601 in UTC


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of one person. `at` is domain time; `parameters` says in JSON what exactly the act was.

    `act` is an `Act`, but for a row that somebody has changed. `address` is the one that the act came from; `None` for
    what the service does by itself, and in rows from before it was kept.
    """

    at: datetime
    who: str
    act: str
    target: str = ""
    reason: str = ""
    result: str = "ok"
    parameters: str | None = None
    address: str | None = None


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
    """SHA-256 over everything that a row says. One without parameters or address is hashed as rows were before there
    were any; how many words there are says which of the two it has."""
    words = [seq, entry.at.timestamp(), entry.who, entry.act, entry.target, entry.reason, entry.result, previous]
    if entry.address is not None:
        words += [entry.parameters, entry.address]
    elif entry.parameters is not None:
        words += [entry.parameters]
    return hashlib.sha256(orjson.dumps(words)).hexdigest()
