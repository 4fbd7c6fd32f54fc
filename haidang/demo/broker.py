"""The demo's broker: one that is there already, else mosquitto when it is on the PATH, else the nats-server of a wheel.

Any of them may lose everything that it had acknowledged: the edge's outbox and the cloud's watermark do not need it to
keep anything. Ours listen on loopback only, and let in nobody without an account.
"""

import getpass
import os
import shutil
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from haidang.demo.accounts import Account
from haidang.demo.secrets import write_private
from haidang.mosquitto import COMMON, IN_FLIGHT, LARGEST_MESSAGE, access_list, password_line

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is, and how it is started: `command` is empty for one that somebody else runs."""

    name: str
    command: Sequence[str]
    host: str
    port: int


class NoBroker(RuntimeError):
    """Neither mosquitto nor nats-server is there."""


def address(url: str) -> tuple[str, int]:
    """Host and port of `mqtt://host:port`. Raises ValueError with what would be right."""
    found = _host_and_port(url)
    if found is None:
        raise ValueError(f"{url!r} is not the address of a broker; write mqtt://HOST:PORT")
    return found


def _host_and_port(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or 1883
    except ValueError:  # a port or an address in brackets that is none
        return None
    is_plain = parts.scheme == "mqtt" and not parts.username and not parts.path.strip("/")
    return (parts.hostname, port) if is_plain and parts.hostname else None


def elsewhere(folder: Path, url: str, accounts: Sequence[Account]) -> Broker:
    """A broker that somebody else runs. The accounts that it needs are written down in mosquitto's form."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    host, port = address(url)
    _mosquitto_files(folder, port, accounts)
    return Broker(f"at {host}:{port}", [], host, port)


def prepare(folder: Path, port: int, accounts: Sequence[Account], prefer: str | None = None) -> Broker:
    """Write the configuration of the broker that is there. `prefer` names one: mosquitto or nats-server."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found, nats = mosquitto(), _nats_server()
    if found and prefer != "nats-server":
        return Broker("mosquitto", [found, "-c", _mosquitto_files(folder, port, accounts)], _LOOPBACK, port)
    if nats and prefer != "mosquitto":
        return Broker("nats-server", [nats, "-c", _nats_files(folder, port, accounts)], _LOOPBACK, port)
    raise NoBroker("no broker: install mosquitto, or the extra `sim`, which brings nats-server")


def mosquitto() -> str | None:
    """Where mosquitto is; Debian keeps it out of the way of people who are not root."""
    return shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def _nats_server() -> str | None:
    """Only the wheel's: Debian's 2.9 cannot carry dots in topics and has known session hijacks."""
    path = Path(sysconfig.get_path("scripts")) / "nats-server"
    return str(path) if path.exists() else None


def _mosquitto_files(folder: Path, port: int, accounts: Sequence[Account]) -> str:
    passwords, acl, config = folder / "passwords", folder / "acl", folder / "mosquitto.conf"
    write_private(passwords, "".join(password_line(a.user, a.password) for a in accounts))
    write_private(acl, access_list(accounts))
    lines = [
        f"listener {port} 127.0.0.1",
        f"password_file {passwords}",
        f"acl_file {acl}",
        "persistence false",
        f"user {getpass.getuser()}",
        *COMMON,
    ]
    write_private(config, "\n".join(lines) + "\n")
    return str(config)


def _nats_files(folder: Path, port: int, accounts: Sequence[Account]) -> str:
    config = folder / "nats.conf"
    users = [
        {
            "user": account.user,
            "password": account.password,
            "permissions": {"publish": _subjects(account.writes), "subscribe": _subjects(account.reads)},
        }
        for account in accounts
    ]
    storage = {"max_memory_store": 67_108_864, "max_file_store": 1_073_741_824}
    settings = {
        "server_name": "haidang",
        "listen": "127.0.0.1:-1",  # the native port is not used; -1 takes any free one
        "max_payload": LARGEST_MESSAGE,
        "jetstream": {"store_dir": str(folder / "jetstream"), **storage},
        "mqtt": {"listen": f"127.0.0.1:{port}", "ack_wait": "10s", "max_ack_pending": IN_FLIGHT},
        "accounts": {"LIGHT": {"jetstream": "enabled", "users": users}},
    }
    write_private(config, orjson.dumps(settings, option=orjson.OPT_INDENT_2).decode())
    return str(config)


def _subjects(filters: Sequence[str]) -> dict[str, list[str]]:
    """MQTT filters as NATS subjects: levels are parted by dots, `+` is `*`, and `x/#` is both `x` and `x.>`."""
    subjects: list[str] = []
    for text in filters:
        dotted = text.replace("/", ".").replace("+", "*")
        subjects += [dotted.removesuffix(".#"), f"{dotted.removesuffix('#')}>"] if dotted.endswith(".#") else [dotted]
    return {"allow": subjects} if subjects else {"deny": [">"]}
