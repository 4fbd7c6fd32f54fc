"""edge.yaml: who this edge is, where its broker is, and what hangs on its buses."""

import difflib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from edge_agent import mqtt_config
from edge_agent.mqtt_config import Broker, Cloud, MqttBus, MqttDevice
from edge_agent.spans import PollSpan, PositiveSpan
from protocols import config, profiles
from protocols.config import ConfigError, ConfigModel, Found, Problem
from protocols.durations import Span
from protocols.inventory import Place, Timezone
from protocols.modbus.plan import Member
from protocols.names import Id
from protocols.profiles import KnownProfile, Profile
from rules.reporting import Reporting

_REGISTERS = 0x10000
_PORT_DIGITS = 5
_LINKS = ("modbus-tcp", "modbus-rtu", "modbus-rtu-over-tcp", "mqtt")
_LAST_ON_A_LINE = 247  # Modbus over Serial Line V1.02, section 2.2
_BAUDRATES = (1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200)
_SIZES = {"kB": 1000, "MB": 1000**2, "GB": 1000**3}


def _size(text: object) -> int:
    number, unit = (text[:-2], text[-2:]) if isinstance(text, str) else ("", "")
    if unit not in _SIZES or not number.isdecimal() or int(number) == 0:
        raise ValueError(f"{text!r} is not a size; write a whole number and a unit, as in 256MB")
    return int(number) * _SIZES[unit]


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not (host and port.isdecimal() and len(port) <= _PORT_DIGITS and 1 <= int(port) <= 65535):
        raise ValueError(f"{text!r} has no port; write host and port, as in 192.168.1.20:502")
    return text


def _file(path: Path) -> Path:
    if not path.name or "\0" in str(path):
        raise ValueError(f"{str(path)!r} is not a file; write its name, as in HL-E01.sqlite")
    return path


def _serial_name(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not a serial port; write its device file, as in /dev/ttyS0")
    return text


def _baudrate(baud: int) -> int:
    if baud not in _BAUDRATES:
        raise ValueError(f"no line runs at {baud} baud; there are {', '.join(map(str, _BAUDRATES))}")
    return baud


def _known_link(name: object) -> object:
    """A link that nobody knows ends up with the first of them, which says so."""
    if name != _LINKS[0]:
        close = difflib.get_close_matches(str(name), _LINKS, n=1)
        advice = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(_LINKS)}"
        raise ValueError(f"unknown link {name!r}; {advice}")
    return name


Size = Annotated[int, BeforeValidator(_size)]
Address = Annotated[str, AfterValidator(_address)]
DataFile = Annotated[Path, AfterValidator(_file)]
SerialName = Annotated[str, AfterValidator(_serial_name)]
Baudrate = Annotated[int, AfterValidator(_baudrate)]


class UplinkSettings(ConfigModel):
    """`window` is how many batches of a stream may be on their way without the cloud's acknowledgement."""

    stall_after: PositiveSpan = timedelta(seconds=30)
    backlog_per_second: float = Field(default=20, gt=0, le=1000)
    window: int = Field(default=100, ge=1, le=1000)


class Device(ConfigModel):
    """`unit` is the Modbus unit; `block` counts inside a device that repeats itself, such as a segment controller;
    `timeout` is for one that is slower than the rest of its bus."""

    id: Id
    profile: KnownProfile
    unit: int = Field(ge=1, le=255)
    block: int = Field(default=0, ge=0)
    timeout: PositiveSpan | None = None

    def member(self) -> Member:
        """This device with its profile, as the read plan wants it."""
        return Member(self.id, self.unit, profiles.library()[self.profile], self.block)


class Bus(ConfigModel):
    """Devices that share one line or one connection, on which one speaks at a time. `min_gap` is the least silence
    before each question, for devices that need more than Modbus gives them."""

    id: Id
    poll_every: PollSpan
    timeout: PositiveSpan = timedelta(seconds=1)
    min_gap: Span = timedelta(0)
    devices: tuple[Device, ...] = Field(min_length=1)

    @property
    def timeouts(self) -> dict[int, float]:
        """Of the units that have one of their own (s); the longest of those that share a unit."""
        given: dict[int, float] = {}
        for device in self.devices:
            if device.timeout is not None:
                given[device.unit] = max(given.get(device.unit, 0.0), device.timeout.total_seconds())
        return given


class _AtAnAddress(Bus):
    address: Address

    @property
    def host(self) -> str:
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def place(self) -> str:
        """What no other bus may have."""
        return self.address


class TcpBus(_AtAnAddress):
    """Devices, or a gateway, that speak Modbus TCP."""

    link: Annotated[Literal["modbus-tcp"], BeforeValidator(_known_link)] = "modbus-tcp"


class RtuTcpBus(_AtAnAddress):
    """A serial line behind a socket that passes its bytes on as they are. `baudrate` is that of the line: with it
    requests are merged, and waited for, as the line needs it."""

    link: Literal["modbus-rtu-over-tcp"]
    baudrate: Baudrate | None = None


class SerialBus(Bus):
    """A serial line of this machine."""

    link: Literal["modbus-rtu"]
    port: SerialName
    baudrate: Baudrate
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1

    @property
    def place(self) -> str:
        """What no other bus may have."""
        return self.port


def _kind(bus: object) -> str:
    link = bus.get("link") if isinstance(bus, dict) else getattr(bus, "link", None)
    return link if link in _LINKS else _LINKS[0]


ModbusBus = TcpBus | RtuTcpBus | SerialBus
AnyBus = Annotated[
    Annotated[TcpBus, Tag("modbus-tcp")]
    | Annotated[RtuTcpBus, Tag("modbus-rtu-over-tcp")]
    | Annotated[SerialBus, Tag("modbus-rtu")]
    | Annotated[MqttBus, Tag("mqtt")],
    Discriminator(_kind),
]


class EdgeConfig(ConfigModel):
    """One edge. `data` holds the outbox and the overrides; `outbox_limit` bounds what waits for the cloud in bytes
    on the disk, `outbox_keep` in time."""

    edge: Id
    site: Id
    position: Place
    timezone: Timezone
    broker: Broker
    cloud: Cloud | None = None
    data: DataFile
    outbox_limit: Size = 256 * 1000**2
    outbox_keep: PositiveSpan = timedelta(days=30)
    uplink: UplinkSettings = UplinkSettings()
    report: Reporting = Reporting()
    figures_every: PollSpan = timedelta(minutes=1)
    buses: tuple[AnyBus, ...] = Field(min_length=1)

    @property
    def modbus(self) -> tuple[ModbusBus, ...]:
        """The buses that are polled."""
        return tuple(bus for bus in self.buses if isinstance(bus, Bus))

    @property
    def mqtt(self) -> tuple[MqttBus, ...]:
        """The links whose devices speak by themselves."""
        return tuple(bus for bus in self.buses if isinstance(bus, MqttBus))


def load_config(path: Path) -> EdgeConfig:
    """Read edge.yaml; the files that it names are relative to its folder. Raises ConfigError or OSError."""
    document = config.parse(path.read_bytes(), str(path))
    found = _rooted(_checked(document), path.parent)
    missing = [document.problem(key, f"{file}: no such file") for key, file in _files(found) if not file.is_file()]
    if missing:
        raise ConfigError(missing)
    return found


def parse_config(text: str, file: str) -> EdgeConfig:
    """The same without a file system: paths stay as they were written. Raises ConfigError."""
    return _checked(config.parse(text, file))


def _checked(document: config.Document) -> EdgeConfig:
    found = config.validate(document, EdgeConfig)
    problems: list[Problem] = [document.problem(path, advice) for path, advice in _mistakes(found)]
    if problems:
        raise ConfigError(problems)
    return found


def _mistakes(edge: EdgeConfig) -> Found:
    """What is wrong between the parts; each part alone is right."""
    yield from config.repeated((("buses", n, "id"), bus.id) for n, bus in enumerate(edge.buses))
    yield from _shared_places(edge)
    devices = ((("buses", b, "devices", d), device.id) for b, d, device in _every_device(edge))
    yield from config.repeated(((*path, "id"), name) for path, name in devices)
    yield from _same_place(edge)
    yield from _bad_blocks(edge)
    yield from _bad_units(edge)
    for path, bus in _mqtt(edge):
        yield from mqtt_config.mistakes(path, bus)
    yield from mqtt_config.shared_accounts(edge.broker, list(_mqtt(edge)))


def _mqtt(edge: EdgeConfig) -> Iterator[tuple[config.Path, MqttBus]]:
    for n, bus in enumerate(edge.buses):
        if isinstance(bus, MqttBus):
            yield ("buses", n), bus


def _every_device(edge: EdgeConfig) -> Iterator[tuple[int, int, Device | MqttDevice]]:
    for b, bus in enumerate(edge.buses):
        found: Sequence[Device | MqttDevice] = bus.devices
        for d, device in enumerate(found):
            yield b, d, device


def _devices(edge: EdgeConfig) -> Iterator[tuple[int, int, Device]]:
    for b, d, device in _every_device(edge):
        if isinstance(device, Device):
            yield b, d, device


def _shared_places(edge: EdgeConfig) -> Found:
    owners: dict[str, str] = {}
    for n, bus in enumerate(edge.buses):
        if isinstance(bus, Bus) and (owner := owners.setdefault(bus.place, bus.id)) != bus.id:
            key = "port" if isinstance(bus, SerialBus) else "address"
            yield ("buses", n, key), f"{bus.place} is bus {owner} already; put the devices of both under one bus"


def _same_place(edge: EdgeConfig) -> Found:
    owners: dict[tuple[int, int, int], str] = {}
    for b, d, device in _devices(edge):
        owner = owners.setdefault((b, device.unit, device.block), device.id)
        if owner != device.id:
            place = f"unit {device.unit}, block {device.block}"
            yield ("buses", b, "devices", d, "unit"), f"{place} is {owner} already; two devices cannot share it"


def _bad_blocks(edge: EdgeConfig) -> Found:
    for b, d, device in _devices(edge):
        advice = _bad_block(device, profiles.library()[device.profile])
        if advice:
            yield ("buses", b, "devices", d, "block"), advice


def _bad_units(edge: EdgeConfig) -> Found:
    for b, d, device in _devices(edge):
        if isinstance(edge.buses[b], SerialBus) and device.unit > _LAST_ON_A_LINE:
            yield ("buses", b, "devices", d, "unit"), f"{device.unit} is reserved; give 1 to {_LAST_ON_A_LINE}"


def _bad_block(device: Device, profile: Profile) -> str | None:
    if profile.block is None:
        return f"{device.profile} has no blocks; take `block` out" if device.block else None
    most = _REGISTERS // profile.block - 1
    return f"{device.block} is past the last register; at most {most}" if device.block > most else None


def _rooted(edge: EdgeConfig, folder: Path) -> EdgeConfig:
    """Every path against the folder that edge.yaml stands in."""
    buses = tuple(
        bus.model_copy(update={"broker": bus.broker.rooted(folder)}) if isinstance(bus, MqttBus) else bus
        for bus in edge.buses
    )
    cloud = edge.cloud and edge.cloud.rooted(folder)
    rooted = {"broker": edge.broker.rooted(folder), "cloud": cloud, "data": folder / edge.data, "buses": buses}
    return edge.model_copy(update=rooted)


def _files(edge: EdgeConfig) -> Iterator[tuple[config.Path, Path]]:
    yield from _files_of(("broker",), edge.broker)
    if edge.cloud:
        yield ("cloud", "token_file"), edge.cloud.token_file
    for path, bus in _mqtt(edge):
        yield from _files_of((*path, "broker"), bus.broker)


def _files_of(place: config.Path, broker: Broker) -> Iterator[tuple[config.Path, Path]]:
    if broker.password_file:
        yield (*place, "password_file"), broker.password_file
    for name, path in broker.tls or ():
        if path:
            yield (*place, "tls", name), path
