"""What edge.yaml says of brokers, and of devices that speak MQTT."""

import difflib
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from edge_agent.spans import PollSpan
from protocols import topics
from protocols.config import ConfigModel, Found
from protocols.names import Id
from protocols.profiles import mqtt

_LEVELS = re.compile(r"[^+#/\x00\s]{1,64}(/[^+#/\x00\s]{1,64})*")


def _known(name: str) -> str:
    known = mqtt.library()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        advice = f"did you mean `{close[0]}`?" if close else f"those that speak MQTT are {', '.join(known)}"
        raise ValueError(f"unknown profile {name!r}; {advice}")
    return name


def _levels(text: str) -> str:
    if text and not _LEVELS.fullmatch(text):
        raise ValueError(f"{text!r} is no part of a topic; write levels as in lamps/17, without wildcards and spaces")
    return text


KnownMqttProfile = Annotated[Id, AfterValidator(_known)]
Levels = Annotated[str, AfterValidator(_levels)]


class Tls(ConfigModel):
    """Files in PEM. Without `certificate` and `key` only the broker proves who it is."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _is_a_pair(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together; give both or none")
        return self

    def rooted(self, folder: Path) -> Self:
        """Every path against a folder."""
        return self.model_copy(update={name: path and folder / path for name, path in self})


class Broker(ConfigModel):
    host: str = Field(min_length=1)
    port: int = Field(default=1883, ge=1, le=65535)
    username: str | None = None
    password_file: Path | None = None
    tls: Tls | None = None

    def rooted(self, folder: Path) -> Self:
        """Every path against a folder."""
        password = self.password_file and folder / self.password_file
        return self.model_copy(update={"password_file": password, "tls": self.tls and self.tls.rooted(folder)})

    def same_account(self, other: "Broker") -> bool:
        """True when both would connect as one: a broker lets an account connect once."""
        return (self.host, self.port, self.username) == (other.host, other.port, other.username)


def _http(text: str) -> str:
    if not _is_reachable(text):
        raise ValueError(f"{text!r} is not where a cloud is; write it as in https://den.halong.example")
    return text


def _is_reachable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an address in brackets that is none
        return False


class Cloud(ConfigModel):
    """Where documents are fetched; over https also with a certificate of our own."""

    url: Annotated[str, AfterValidator(_http)]
    token_file: Path
    tls: Tls | None = None

    def rooted(self, folder: Path) -> Self:
        """Every path against a folder."""
        rooted = {"token_file": folder / self.token_file, "tls": self.tls and self.tls.rooted(folder)}
        return self.model_copy(update=rooted)


class MqttDevice(ConfigModel):
    """`address` is what stands for {device} in the topics of its profile; its id unless it says otherwise."""

    id: Id
    profile: KnownMqttProfile
    address: Levels | None = Field(default=None, min_length=1)

    @property
    def topic(self) -> str:
        """The device's own levels under the prefix."""
        return self.address or self.id


class MqttBus(ConfigModel):
    """Devices behind one broker: the cabinet's own, or the city's. `prefix` is what stands before every topic, and
    `ask_every` how long a device that can be asked may be silent."""

    id: Id
    link: Literal["mqtt"]
    broker: Broker
    prefix: Levels | None = None
    ask_every: PollSpan = timedelta(seconds=60)
    devices: tuple[MqttDevice, ...] = Field(min_length=1)

    def under(self, site: str, edge: str) -> str:
        """The prefix; without one of its own the part of the city's broker that belongs to this edge."""
        return topics.devices(site, edge) if self.prefix is None else self.prefix


def mistakes(place: tuple[str | int, ...], bus: MqttBus) -> Found:
    """What is wrong between the devices of a bus."""
    seen: dict[str, str] = {}
    for n, device in enumerate(bus.devices):
        owner = seen.setdefault(device.topic, device.id)
        if owner != device.id:
            yield (*place, "devices", n, "address"), f"{device.topic} is {owner} already; two devices cannot share it"


def shared_accounts(uplink: Broker, buses: list[tuple[tuple[str | int, ...], MqttBus]]) -> Found:
    """Two connections that would throw each other out."""
    taken = [("the uplink", uplink)]
    for place, bus in buses:
        for owner, broker in taken:
            if bus.broker.same_account(broker):
                advice = f"is the account of {owner}; a broker lets an account connect once, so give it another"
                yield (*place, "broker", "username"), f"{bus.broker.username} {advice}"
        taken.append((bus.id, bus.broker))
