"""`haidang deploy init`: everything that a deployment is told, in one folder. What is there and still good is kept.

    DIR/ca/             the city's authority; belongs on a stick in a safe, nothing mounts it
    DIR/broker|console|cloud|influxdb|postgresql|sim/   what each container is told, mounted read-only
    DIR/edges/EDGE/     what an edge takes to its cabinet; EDGE/devices has the passwords of devices that speak MQTT
    DIR/monitor/        for whoever looks on, with mosquitto_sub
    DIR/volumes/        what the containers keep; the backup
    DIR/.env            what docker/compose.yaml asks for

Nothing here starts anything.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from haidang.access import CLOUD, HEALTH, MONITOR, Permission, permissions
from haidang.demo.secrets import secret, write_private
from haidang.demo.tokens import tell
from haidang.deploy import broker, console, influxdb
from haidang.deploy.certificates import NoCertificate, Pair, authority, is_of_another, issue
from haidang.deploy.city import DeployedCity
from haidang.deploy.devices import Link, links
from haidang.mosquitto import password_line
from haidang.own_files import own_files

VOLUMES = ("broker", "cloud", "edge", "influxdb", "influxdb-config", "influxdb-token", "postgresql", "sim")
CONSOLE = "console"
EDGE_TOKENS = "edge_tokens"  # beside cloud.yaml
_NOBODY_SPECIAL = 10001  # owns the files of a deployment that root has laid out: no container runs as root


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts find each other. The defaults are docker/compose.yaml's; `proxy` is the console's own address."""

    broker: str = "broker:8883"
    broker_listens: str = "8883"
    devices_listen: str = "8884"
    cloud: str = "cloud:8080"
    cloud_listens: str = "0.0.0.0:8080"
    console: str = "console:8443"
    proxy: str = "172.30.250.2"
    https_listens: str = "8443"
    http_listens: str = "8080"
    postgresql: str = "postgresql:5432"
    influxdb: str = "http://influxdb:8086"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the engineer asked for."""

    folder: Path
    host: str
    of: DeployedCity
    https_port: int = 443
    http_port: int = 80
    mqtt_port: int = 8883
    devices_port: int = 8884
    addresses: Addresses = field(default_factory=Addresses)
    telemetry: Mapping[str, Any] | None = None


def lay_out(wish: Wish) -> list[str]:
    """Write what is missing or no longer right. Returns the certificates that are new.

    Raises NoCertificate, OSError, and ValueError for an edge with a name of ours.
    """
    with own_files():
        try:
            return list(_write(wish))
        finally:
            _give_away(wish.folder)  # what was written before a certificate could not be made is its owner's, too


def _write(wish: Wish) -> Iterator[str]:
    known = permissions(wish.of.city.site, wish.of.city.edges)
    _check_authority(wish.folder)
    for name in _folders(wish):
        (wish.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    for edge in wish.of.city.edges:
        _edge(wish, edge)
    found = list(links(wish.folder / "edges", wish.of.city.edges))
    _broker_s(wish, known, found)
    _console(wish)
    _cloud(wish)
    _influxdb(wish.folder / "influxdb")
    if wish.of.played is not None:
        (wish.folder / "sim" / "city.yaml").write_bytes(wish.of.played)
    _environment(wish)
    yield from _certificates(wish, found)


def _folders(wish: Wish) -> Iterator[str]:
    """What is mounted into a folder that is mounted read-only needs a place there."""
    yield from ("ca", "broker/data", "console/run", "cloud/data", "cloud/influxdb", "influxdb", "monitor")
    yield from ("postgresql", "sim/data")
    yield from (f"edges/{edge}/data" for edge in wish.of.city.edges)
    yield from (f"volumes/{name}" for name in VOLUMES)


def _broker_s(wish: Wish, known: Sequence[Permission], found: Sequence[Link]) -> None:
    folder, at = wish.folder / "broker", wish.addresses
    devices = [(link.edge, may) for link in found for may in link.devices]
    access = broker.access([*known, *(link.own for link in found), *(may for _, may in devices)])
    passwords = [(may.user, secret(wish.folder / "edges" / edge / "devices", may.user)) for edge, may in devices]
    write_private(folder / "acl", access)
    write_private(folder / "passwords", "".join(password_line(*account) for account in passwords))
    write_private(folder / "mosquitto.conf", broker.configuration(at.broker_listens, at.devices_listen))


def _console(wish: Wish) -> None:
    at = wish.addresses
    told = console.configuration(wish.host, at.cloud, at.https_listens, at.http_listens, wish.https_port)
    write_private(wish.folder / "console" / "nginx.conf", told)


def _cloud(wish: Wish) -> None:
    folder, at = wish.folder / "cloud", wish.addresses
    password = secret(wish.folder / "postgresql", "password")
    write_private(folder / "database_url", f"postgresql+asyncpg://haidang:{password}@{at.postgresql}/haidang\n")
    edges = wish.of.city.edges
    tell(folder / EDGE_TOKENS, {edge: secret(wish.folder / "edges" / edge, "token") for edge in edges})
    _write_once(folder / "cloud.yaml", cloud_settings(wish))
    (folder / "inventory.json").write_bytes(wish.of.inventory)
    if wish.of.basemap is not None:
        (folder / "basemap.geojson").write_bytes(wish.of.basemap)


def cloud_settings(wish: Wish) -> dict[str, Any]:
    """What the cloud of a deployment is told, as cloud.yaml says it."""
    at = wish.addresses
    return {
        "sites": [{"id": wish.of.city.site, "inventory": "inventory.json", "basemap": "basemap.geojson"}],
        "data": "data",
        "listen": at.cloud_listens,
        "console_url": _https(f"{wish.host}:{wish.https_port}"),
        "proxies": [at.proxy],
        "broker": _broker(at.broker, CLOUD),
        "admin_password_file": "data/admin",
        "edge_tokens": EDGE_TOKENS,
        "database_url_file": "database_url",
        "telemetry": dict(wish.telemetry or _influx(at.influxdb)),
    }


def _https(address: str) -> str:
    return f"https://{address.removesuffix(':443')}"


def _influx(url: str) -> dict[str, Any]:
    return {"engine": "influxdb", "url": url, **influxdb.BUCKETS, "org": "haidang", "token_file": "influxdb/token"}


def _broker(address: str, name: str) -> dict[str, Any]:
    host, _, port = address.rpartition(":")
    tls = {"ca": "ca.crt", "certificate": f"{name}.crt", "key": f"{name}.key"}
    return {"host": host, "port": int(port), "username": name, "tls": tls}


def _influxdb(folder: Path) -> None:
    """Its own secrets, which nobody else gets, and what its first start runs."""
    secret(folder, "password")
    secret(folder, "token")
    for name, script in influxdb.SCRIPTS.items():
        write_private(folder / name, script)
        (folder / name).chmod(0o700)


def _edge(wish: Wish, edge: str) -> None:
    """The part of its edge.yaml that says where the centre is; the demo's edge stands beside it and gets the whole."""
    folder, at = wish.folder / "edges" / edge, wish.addresses
    outside = _centre(edge, f"{wish.host}:{wish.mqtt_port}", f"{wish.host}:{wish.https_port}")
    write_private(folder / "centre.yaml", _yaml(outside))
    if edge in wish.of.edges:
        beside = {**_centre(edge, at.broker, at.console), "data": f"data/{edge}.sqlite"}
        _write_once(folder / "edge.yaml", {**wish.of.edges[edge], **beside})


def _centre(edge: str, broker_at: str, console_at: str) -> dict[str, Any]:
    """Where readings go, and where documents come from."""
    cloud = {"url": _https(console_at), "token_file": "token", "tls": {"ca": "ca.crt"}}
    return {"broker": _broker(broker_at, edge), "cloud": cloud}


def _environment(wish: Wish) -> None:
    owner = _owner()
    said = {
        "HAIDANG_DIR": wish.folder.absolute(),
        "HAIDANG_USER": f"{owner}:{owner}",
        "HAIDANG_FRONT": wish.addresses.proxy.rpartition(".")[0],
        "HAIDANG_HTTPS_PORT": wish.https_port,
        "HAIDANG_HTTP_PORT": wish.http_port,
        "HAIDANG_MQTT_PORT": wish.mqtt_port,
        "HAIDANG_DEVICES_PORT": wish.devices_port,
        "HAIDANG_DEMO_LAMPS": wish.of.lamps,
    }
    if wish.of.city.edges:
        said["HAIDANG_DEMO_EDGE"] = wish.of.city.edges[0]
    write_private(wish.folder / ".env", "".join(f"{name}={value}\n" for name, value in said.items()))


def _check_authority(folder: Path) -> None:
    """A second authority would lock out every edge that knows the first. Raises NoCertificate."""
    ours, known = folder / "ca" / "ca.crt", folder / "broker" / "ca.crt"
    if known.exists() and not ours.exists():
        raise NoCertificate(f"{ours} is not here, but everybody trusts it already: bring it back from where it is kept")


def _certificates(wish: Wish, found: Sequence[Link]) -> Iterator[str]:
    of = authority(wish.folder / "ca", wish.of.city.site)
    of_links = [(wish.folder / "edges" / link.edge, link.own.user, ()) for link in found]
    for folder, name, hosts in (*_wanted(wish), *of_links):
        shutil.copyfile(of.certificate, folder / "ca.crt")
        pair = Pair.in_folder(folder, name)
        if name == CONSOLE and is_of_another(of, pair):
            continue  # one that browsers trust already
        if issue(of, pair, name, hosts):
            yield f"{folder.relative_to(wish.folder)}/{name}"


def _wanted(wish: Wish) -> Iterator[tuple[Path, str, Sequence[str]]]:
    """Every certificate: where it stands, who it is, and for a server under which names it is reached."""
    folder = wish.folder
    broker_at, console_at = (address.rpartition(":")[0] for address in (wish.addresses.broker, wish.addresses.console))
    yield folder / "broker", "broker", tuple(dict.fromkeys((wish.host, broker_at, "localhost")))
    yield folder / "broker", HEALTH, ()
    yield folder / CONSOLE, CONSOLE, tuple(dict.fromkeys((wish.host, console_at)))
    yield folder / "cloud", CLOUD, ()
    yield folder / "monitor", MONITOR, ()
    for edge in wish.of.city.edges:
        yield folder / "edges" / edge, edge, ()


def _owner() -> int:
    return os.geteuid() or int(os.environ.get("SUDO_UID", _NOBODY_SPECIAL))


def _give_away(folder: Path) -> None:
    """What root has laid out belongs to the account that the containers run as."""
    if os.geteuid() == 0 and folder.exists():
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _owner(), _owner())


def _write_once(file: Path, content: Mapping[str, Any]) -> None:
    """What people add to (mail, how long samples are kept, more buses) is theirs from then on."""
    if not file.exists():
        write_private(file, _yaml(content))


def _yaml(content: Mapping[str, Any]) -> str:
    written = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
    return f"# Written by `haidang deploy init`.\n{written}"
