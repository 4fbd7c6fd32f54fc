"""Who may do what on a broker: each edge and each device under its own name, the cloud, and one that only watches."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_agent.mqtt_config import MqttBus, MqttDevice
from protocols import topics
from protocols.mqtt.messages import topic
from protocols.profiles import mqtt

CLOUD, MONITOR = "cloud", "monitor"
HEALTH = "health"  # asks a broker whether it is alive, and sees nothing of the city
_OURS = (CLOUD, MONITOR, HEALTH)
_ACCOUNT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")  # a line of a broker's files, and a file of a password


@dataclass(frozen=True, slots=True)
class Permission:
    """What one account may do: MQTT topics and filters."""

    user: str
    writes: Sequence[str]
    reads: Sequence[str]


def permissions(site: str, edges: Sequence[str]) -> list[Permission]:
    """Everybody of a site. Raises ValueError for an edge that is called like one of us."""
    for edge in edges:
        if edge in _OURS:
            raise ValueError(f"an edge cannot be called {edge}: that name has rights of its own")
    return [
        *(Permission(edge, topics.edge_may_write(site, edge), topics.to_one_edge(site, edge)) for edge in edges),
        Permission(CLOUD, topics.cloud_may_write(site), topics.from_every_edge(site)),
        Permission(MONITOR, [], [topics.everything(site)]),
    ]


def link_permissions(bus: MqttBus, site: str, edge: str) -> list[Permission]:
    """Everybody on the broker of an edge's link: the edge itself, which hears and tells all that stands under the
    prefix, and each device, which reaches only its own. Raises ValueError where one of them has no account."""
    if bus.broker.username is None:
        raise ValueError(f"link {bus.id} of {edge} has no username, so it cannot be given rights")
    for name in (bus.broker.username, *map(account_of, bus.devices)):
        if not _ACCOUNT.fullmatch(name):
            raise ValueError(f"link {bus.id} of {edge}: {name!r} is no account; take letters, digits, `_`, `-` and `.`")
    prefix = bus.under(site, edge)
    everything = [topics.under(prefix, "#")]
    return [Permission(bus.broker.username, everything, everything), *_of_devices(bus, prefix)]


def _of_devices(bus: MqttBus, prefix: str) -> Iterator[Permission]:
    gateways = {name for device in bus.devices if (name := account_of(device)) != device.topic}
    for name in sorted(gateways):
        below = [topics.under(prefix, f"{name}/#")]
        yield Permission(name, below, below)  # of a gateway, which speaks for several devices and for itself
    for device in bus.devices:
        if account_of(device) not in gateways:
            yield _of_device(device, prefix)


def _of_device(device: MqttDevice, prefix: str) -> Permission:
    """It says what its profile hears, and hears what its profile tells."""
    profile = mqtt.library()[device.profile]
    writes = [topics.under(prefix, topic(pattern, device.topic)) for pattern in profile.heard]
    reads = [topics.under(prefix, topic(pattern, device.topic)) for pattern in profile.told]
    return Permission(device.topic, writes, reads)


def account_of(device: MqttDevice) -> str:
    """The broker account of a device: the first level of its topics. Several devices below it share a gateway's."""
    return device.topic.partition("/")[0]
