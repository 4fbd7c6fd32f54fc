"""The demo's broker accounts: who may do what, each with a password that nobody chose."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge_agent.config import EdgeConfig, parse_config
from haidang.access import Permission, link_permissions, permissions
from haidang.demo.secrets import secret
from protocols.inventory import City

DEVICES = "devices"  # the folder of their passwords


@dataclass(frozen=True, slots=True)
class Account:
    """A broker account. `writes` and `reads` are MQTT topics and filters."""

    user: str
    password: str
    writes: Sequence[str]
    reads: Sequence[str]


def accounts_of_all(cities: Mapping[Path, City], data: Path) -> list[Account]:
    """Every account of several sites, each with a folder. Who has business in all of them has it with one password."""
    found: dict[str, Account] = {}
    for folder, city in cities.items():
        for account in accounts(city.site, city.edges, folder, data):
            met = found.get(account.user, replace(account, writes=(), reads=()))
            writes, reads = (*met.writes, *account.writes), (*met.reads, *account.reads)
            found[account.user] = replace(met, writes=writes, reads=reads)
    return list(found.values())


def accounts(site: str, edges: Sequence[str], data: Path, centre: Path | None = None) -> list[Account]:
    """Every account of a site. An edge's passwords stand beside its configuration, as on a machine of its own, and
    those of the devices on its links in a folder of their own; those of the control centre may stand elsewhere."""
    own, ours = data / "edges" / "secrets", (centre or data) / "secrets"
    everyone = [_account(may, own if may.user in edges else ours) for may in permissions(site, edges)]
    for edge in _configs(data, edges):
        for bus in edge.mqtt:
            link, *devices = link_permissions(bus, edge.site, edge.edge)
            everyone += [_account(link, own), *(_account(may, data / DEVICES) for may in devices)]
    return everyone


def _account(may: Permission, folder: Path) -> Account:
    return Account(may.user, secret(folder, may.user), may.writes, may.reads)


def _configs(data: Path, edges: Sequence[str]) -> Iterator[EdgeConfig]:
    """What the edges are told of their devices, where it has been written already."""
    for file in (data / "edges" / f"{edge}.yaml" for edge in edges):
        if file.exists():
            yield parse_config(file.read_text("utf-8"), file.name)
