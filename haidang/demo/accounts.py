"""The demo's broker accounts: who may do what, each with a password that nobody chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from haidang.access import permissions
from haidang.demo.secrets import secret


@dataclass(frozen=True, slots=True)
class Account:
    """A broker account. `writes` and `reads` are MQTT topics and filters."""

    user: str
    password: str
    writes: Sequence[str]
    reads: Sequence[str]


def accounts(site: str, edges: Sequence[str], data: Path) -> list[Account]:
    """Every account of a site. An edge's password stands beside its configuration, as on a machine of its own."""
    own, ours = data / "edges" / "secrets", data / "secrets"
    return [
        Account(may.user, secret(own if may.user in edges else ours, may.user), may.writes, may.reads)
        for may in permissions(site, edges)
    ]
