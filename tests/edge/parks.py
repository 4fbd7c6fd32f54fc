"""Six lamps that speak MQTT, two of each make, on a real broker, and an edge that has nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from edge_agent.config import EdgeConfig, parse_config
from firmware_sim.city import CITIES, load_city
from firmware_sim.expansion import Expanded, expand
from firmware_sim.export import EdgeOptions, edge_config
from firmware_sim.luminaire import Luminaire
from firmware_sim.mqtt_kinds import MAKES
from firmware_sim.mqtt_player import Broker as Place
from firmware_sim.mqtt_player import Player
from firmware_sim.switchboard import Switchboard
from firmware_sim.world import World, build
from protocols import topics
from protocols.clock import DomainClock
from protocols.profiles.mqtt import MqttProfile, library
from tests.edge.clouds import EDGE, SITE, Broker

LAMPS = 6
SLEEPS_S, LISTENS_S = 0.5, 3.0
Z1, Z2 = "HL-000001", "HL-000002"  # behind a Zigbee2MQTT gateway
T1, T2 = "HL-000003", "HL-000004"  # Tasmota
N1, N2 = "HL-000005", "HL-000006"  # nodes that sleep


@cache
def city() -> Expanded:
    """The six lamps nearest to the centre, all of which speak MQTT."""
    spec = load_city(Path(str(CITIES / "halong.yaml")))
    assert spec.mqtt is not None
    mqtt = spec.mqtt.model_copy(update={"from_lamps": 1})
    small = spec.model_copy(update={"mqtt": mqtt, "districts": spec.districts[:1]})
    expanded = expand(small, LAMPS)
    assert expanded.alone == {Z1, Z2, T1, T2, N1, N2}
    return expanded


def quicker(listens_for_s: float, **seconds: float) -> Mapping[str, MqttProfile]:
    """The library, with other times in every profile's `control`. What does not sleep sleeps here neither."""
    times = {name: timedelta(seconds=value) for name, value in seconds.items()}
    asleep = times | {"listens_for": timedelta(seconds=listens_for_s)}
    return {
        name: profile.model_copy(
            update={"control": control and control.model_copy(update=asleep if control.listens_for else times)}
        )
        for name, profile in library().items()
        for control in [profile.control]
    }


def write_config(folder: Path, port: int) -> None:
    """What the simulator writes for the edge: it says which accounts the broker needs."""
    text = edge_config(city(), EDGE, EdgeOptions(broker_port=port, poll_every="1s"))
    (folder / "edges").mkdir(exist_ok=True)
    (folder / "edges" / f"{EDGE}.yaml").write_text(text)


def configured(folder: Path, broker: Broker) -> EdgeConfig:
    """That, with only the link of the lamps, and quicker."""
    config = parse_config((folder / "edges" / f"{EDGE}.yaml").read_text(), "edge.yaml")
    link = config.mqtt[0].model_copy(
        update={
            "broker": config.mqtt[0].broker.rooted(folder / "edges").model_copy(update={"port": broker.port}),
            "ask_every": timedelta(seconds=1),
        }
    )
    uplink = config.broker.model_copy(update={"port": broker.port, "password_file": broker.password_file})
    return config.model_copy(update={"data": folder / "edge.sqlite", "broker": uplink, "buses": (link,)})


@dataclass(slots=True)
class Park:
    """The lamps from the side of the simulator."""

    folder: Path
    world: World
    faults: Switchboard
    place: Place
    clock: DomainClock
    reports: list[tuple[str, bytes]] = field(default_factory=list)
    playing: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def lamp(self, name: str) -> Luminaire:
        """The simulated luminaire, as it is now."""
        lamp = self.world.nodes[name].lamp
        lamp.advance(self.world.now())
        return lamp

    def level(self, name: str) -> float:
        return self.lamp(name).state.level

    def start(self, *accounts: str, sleeps_s: float = SLEEPS_S) -> None:
        """Play connections; all of them, unless some are named."""
        for player in self._players(sleeps_s):
            if player.kind.account in accounts or not accounts:
                self.playing[player.kind.account] = asyncio.create_task(player.run())

    async def stop(self, *accounts: str) -> None:
        """Let connections go, in good order."""
        for account in accounts or list(self.playing):
            task = self.playing.pop(account)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _players(self, sleeps_s: float) -> Iterator[Player]:
        (bus,) = city().mqtt
        times = {"report_every_s": 1.0, "sleeps_s": sleeps_s, "listens_s": LISTENS_S}
        for profile, make in MAKES.items():
            nodes = {d.id: self.world.nodes[d.id] for d in bus.devices if d.profile == profile}
            for kind in make("HL-ZB01", nodes, ZoneInfo(city().spec.timezone)):
                yield Player(kind, self.place, self.world.now, self._heard, **times)

    def _heard(self, at: float, account: str, topic: str, payload: bytes) -> None:  # noqa: ARG002 - as a read log
        self.reports.append((topic, payload))


@asynccontextmanager
async def park(folder: Path, broker: Broker, clock: DomainClock) -> AsyncIterator[Park]:
    """The lamps; they are played when a test starts them."""
    world = build(city(), lambda: clock.now().timestamp())
    place = Place("127.0.0.1", broker.port, topics.devices(SITE, EDGE), folder / "devices")
    found = Park(folder, world, Switchboard(world, folder / "faults.json"), place, clock)
    try:
        yield found
    finally:
        await found.stop()
