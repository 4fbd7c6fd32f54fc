"""Who may do what on the broker: one account per edge, one for the cloud, one that only watches."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from haidang.demo.secrets import secret
from protocols import topics


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
        *(_edge(site, edge, secret(own, edge)) for edge in edges),
        Account("cloud", secret(ours, "cloud"), topics.cloud_may_write(site), topics.from_every_edge(site)),
        Account("monitor", secret(ours, "monitor"), [], [topics.everything(site)]),
    ]


def _edge(site: str, edge: str, password: str) -> Account:
    return Account(edge, password, topics.edge_may_write(site, edge), topics.to_one_edge(site, edge))
